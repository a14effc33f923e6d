import { constants, createDeflate, createInflate } from 'node:zlib';

/** What both ends of a SPDY/3 connection compress headers against (draft-mbelshe-httpbis-spdy-00, 2.6.10.1): words with their length, then text. */
const WORDS = (
  'options,head,post,put,delete,trace,accept,accept-charset,accept-encoding,accept-language,accept-ranges,age,allow,authorization,cache-control,connection,content-base,'
  + 'content-encoding,content-language,content-length,content-location,content-md5,content-range,content-type,date,etag,expect,expires,from,host,if-match,if-modified-since,'
  + 'if-none-match,if-range,if-unmodified-since,last-modified,location,max-forwards,pragma,proxy-authenticate,proxy-authorization,range,referer,retry-after,server,te,trailer,'
  + 'transfer-encoding,upgrade,user-agent,vary,via,warning,www-authenticate,method,get,status,200 OK,version,HTTP/1.1,url,public,set-cookie,keep-alive,origin'
).split(',');
const TEXT =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently'
  + '400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec '
  + '00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public'
  + 'privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';
const dictionary = Buffer.concat([...WORDS.map(sized), Buffer.from(TEXT)]);

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export type SpdyHeaders = Readonly<Record<string, string>>;

/** Reads the header blocks of one connection, which are one compressed stream: in their order, each once. */
export class HeaderReader {
  readonly #inflate = createInflate({ dictionary });

  read(block: Uint8Array): Promise<SpdyHeaders> {
    return new Promise((resolve, reject) => {
      this.#inflate.once('error', reject);
      this.#inflate.write(block, (error) => {
        this.#inflate.off('error', reject);
        if (error) return;
        try {
          resolve(parse((this.#inflate.read() as Buffer | null) ?? Buffer.alloc(0)));
        } catch {
          reject(new RangeError('a header block is cut off'));
        }
      });
    });
  }
}

/** Writes the header blocks of one connection. */
export class HeaderWriter {
  readonly #deflate = createDeflate({ dictionary });

  write(headers: SpdyHeaders): Promise<Buffer> {
    const entries = Object.entries(headers);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(entries.length);
    return new Promise((resolve) => {
      this.#deflate.write(Buffer.concat([count, ...entries.flatMap(([name, value]) => [sized(name), sized(value)])]));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(this.#deflate.read() as Buffer));
    });
  }
}

function parse(block: Buffer): SpdyHeaders {
  let at = 4;
  const text = (): string => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    return block.toString('utf8', at - length, at);
  };
  return Object.fromEntries(Array.from({ length: block.readUInt32BE(0) }, () => [text().toLowerCase(), text()]));
}
