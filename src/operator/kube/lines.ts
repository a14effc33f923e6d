const NEWLINE = 10;

const bytesOf = (chunk: Uint8Array | string): Buffer =>
  typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

const textOf = (pieces: readonly Buffer[]): string => (pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)).toString();

/** The whole text of a response body. `began` is shown its first piece as soon as that is there. */
export async function readText(body: AsyncIterable<Uint8Array | string>, began?: (piece: string) => void): Promise<string> {
  const chunks: (Uint8Array | string)[] = [];
  for await (const chunk of body) {
    if (chunks.length === 0) began?.(typeof chunk === 'string' ? chunk : bytesOf(chunk).toString());
    chunks.push(chunk);
  }
  // Decoding once, at the end, is faster than by the piece, and gives the parser a flat string.
  return chunks.every((chunk) => typeof chunk === 'string') ? chunks.join('') : textOf(chunks.map(bytesOf));
}

/** The lines of a response body as they come; empty ones are left out, an unfinished last one is yielded as it is. */
export async function* readLines(body: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, void, undefined> {
  // Pieces of a line are joined once it is complete: appending to one string would copy a large object for every chunk of it.
  let pending: Buffer[] = [];
  for await (const chunk of body) {
    const bytes = bytesOf(chunk);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = pending.length === 0 ? bytes.toString('utf8', start, end) : textOf([...pending, bytes.subarray(start, end)]);
      if (pending.length > 0) pending = [];
      start = end + 1;
      if (line.trim()) yield line;
    }
    if (start < bytes.length) pending.push(bytes.subarray(start));
  }
  const rest = textOf(pending);
  if (rest.trim()) yield rest;
}
