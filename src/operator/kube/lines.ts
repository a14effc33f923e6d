/** The whole text of a response body. */
export async function readText(body: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** The lines of a response body as they come; empty ones are left out, an unfinished last one is yielded as it is. */
export async function* readLines(body: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const pending: string[] = [];
  for await (const chunk of body) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      // Pieces are joined once a line is complete: appending to one string would copy a large object for every chunk of it.
      pending.push(text.slice(start, end));
      const line = pending.length === 1 ? (pending[0] as string) : pending.join('');
      pending.length = 0;
      start = end + 1;
      if (line.trim()) yield line;
    }
    if (start < text.length) pending.push(text.slice(start));
  }
  const rest = pending.join('') + decoder.decode();
  if (rest.trim()) yield rest;
}
