/** One part of multipart user data. */
export interface MimePart {
  /** Lower case, without parameters. */
  contentType: string;
  body: string;
}

const HEADERS_END = /\r?\n\r?\n/;

function splitHeaders(text: string): { headers: string; body: string } {
  const end = HEADERS_END.exec(text);
  return end ? { headers: text.slice(0, end.index), body: text.slice(end.index + end[0].length) } : { headers: text, body: '' };
}

const header = (headers: string, name: string): string | undefined =>
  new RegExp(`^${name}:\\s*([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, 'im').exec(headers)?.[1];

/** Whether user data is a MIME message rather than a bare script or document. */
export const isMime = (userData: string): boolean => /^(MIME-Version|Content-Type):/i.test(userData.trimStart());

/** The parts of a multipart message in their order; a message of another type is its own only part. */
export function mimeParts(message: string): MimePart[] {
  const { headers, body } = splitHeaders(message.trimStart());
  const type = header(headers, 'Content-Type') ?? 'text/plain';
  const contentType = (type.split(';')[0] ?? '').trim().toLowerCase();
  if (!contentType.startsWith('multipart/')) {
    const encoded = header(headers, 'Content-Transfer-Encoding')?.trim().toLowerCase() === 'base64';
    return [{ contentType, body: encoded ? Buffer.from(body, 'base64').toString() : body }];
  }
  const boundary = /boundary="?([^";\r\n]+)"?/i.exec(type)?.[1] ?? '';
  const delimiter = new RegExp(`(?:^|\\r?\\n)--${boundary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(--)?[ \\t]*(?:\\r?\\n|$)`);
  const parts: MimePart[] = [];
  const [, ...rest] = splitAll(body, delimiter);
  for (const part of rest) if (part.trim() !== '') parts.push(...mimeParts(part));
  return parts;
}

/** Splits at a delimiter up to the closing one. */
function splitAll(text: string, delimiter: RegExp): string[] {
  const pieces: string[] = [];
  let rest = text;
  for (;;) {
    const found = delimiter.exec(rest);
    if (!found) return [...pieces, rest];
    pieces.push(rest.slice(0, found.index));
    if (found[1]) return pieces;
    // The line break that ends this delimiter may begin the next one.
    rest = `\n${rest.slice(found.index + found[0].length)}`;
  }
}
