import type { Duplex } from 'node:stream';
import { HeaderReader, HeaderWriter, type SpdyHeaders } from './spdy-headers.js';

const VERSION = 3;
const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FIN = 1;
const CANCEL = 5;
const HEADER_BYTES = 8;
/** Of one frame of data (bytes). */
const LARGEST_CHUNK = 32 * 1024;

/** One stream that the client has opened. */
export interface SpdyStream {
  readonly headers: SpdyHeaders;
  /** What the client says; ends when it has said everything. */
  onData(listener: (data: Buffer) => void): void;
  onEnd(listener: () => void): void;
  /** False: wait with more until {@link SpdyConnection.drained}. */
  write(data: Uint8Array): boolean;
  /** Says that nothing more will come. */
  end(): void;
  /** Ends both directions at once. */
  reset(): void;
}

interface OpenStream extends SpdyStream {
  readonly received: { data: ((data: Buffer) => void)[]; end: (() => void)[] };
}

/**
 * The server's end of a SPDY/3.1 connection as client-go speaks it: streams are opened by the client alone, there is no flow control, and
 * what a server does not need (settings, priorities) is skipped.
 */
export class SpdyConnection {
  readonly #streams = new Map<number, OpenStream>();
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();

  constructor(private readonly wire: Duplex) {}

  /** Serves the client until it goes; rejects when it speaks something else. */
  async serve(opened: (stream: SpdyStream) => void): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of this.wire as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= HEADER_BYTES) {
        const end = HEADER_BYTES + rest.readUIntBE(5, 3);
        if (rest.length < end) break;
        await this.#frame(rest.subarray(0, HEADER_BYTES), rest.subarray(HEADER_BYTES, end), opened);
        rest = rest.subarray(end);
      }
    }
    for (const { received } of this.#streams.values()) for (const listener of received.end) listener();
  }

  /** Calls back when the wire takes more. */
  drained(callback: () => void): void {
    this.wire.once('drain', callback);
  }

  async #frame(header: Buffer, body: Buffer, opened: (stream: SpdyStream) => void): Promise<void> {
    const flags = header[4]!;
    if ((header[0]! & 0x80) === 0) {
      this.#data(header.readUInt32BE(0), body, flags);
      return;
    }
    switch (header.readUInt16BE(2)) {
      case SYN_STREAM: {
        const id = body.readUInt32BE(0);
        const stream = this.#open(id, await this.#reader.read(body.subarray(10)));
        const reply = await this.#writer.write({});
        this.#control(SYN_REPLY, Buffer.concat([number(id), reply]));
        opened(stream);
        if (flags & FIN) this.#finish(id);
        return;
      }
      case RST_STREAM:
        this.#finish(body.readUInt32BE(0));
        return;
      case PING:
        this.#control(PING, body);
        return;
      case GOAWAY:
        this.wire.end();
        return;
      default:
    }
  }

  #data(id: number, body: Buffer, flags: number): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (body.length > 0) for (const listener of stream.received.data) listener(body);
    if (flags & FIN) this.#finish(id);
  }

  #finish(id: number): void {
    for (const listener of this.#streams.get(id)?.received.end.splice(0) ?? []) listener();
  }

  #open(id: number, headers: SpdyHeaders): OpenStream {
    const received: OpenStream['received'] = { data: [], end: [] };
    let ended = false;
    const stream: OpenStream = {
      headers,
      received,
      onData: (listener) => void received.data.push(listener),
      onEnd: (listener) => void received.end.push(listener),
      write: (data) => {
        let ready = true;
        if (ended) return ready;
        for (let from = 0; from < data.length; from += LARGEST_CHUNK) ready = this.#send(id, data.subarray(from, from + LARGEST_CHUNK), 0);
        return ready;
      },
      end: () => {
        if (!ended) this.#send(id, Buffer.alloc(0), FIN);
        ended = true;
      },
      reset: () => {
        if (this.#streams.delete(id)) this.#control(RST_STREAM, Buffer.concat([number(id), number(CANCEL)]));
        ended = true;
      },
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #send(id: number, data: Uint8Array, flags: number): boolean {
    return this.#write(number(id), flags, data);
  }

  #control(type: number, body: Uint8Array): void {
    this.#write(number((0x8000 | VERSION) * 0x10000 + type), 0, body);
  }

  #write(head: Buffer, flags: number, body: Uint8Array): boolean {
    return this.wire.destroyed || this.wire.writableEnded || this.wire.write(Buffer.concat([head, number(flags * 0x1000000 + body.length), body]));
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
