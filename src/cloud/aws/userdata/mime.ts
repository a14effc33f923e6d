/** One part of a multipart document. */
export interface MimePart {
  /** The value of its `Content-Type` header. */
  contentType: string;
  body: string;
}

export const SHELL_SCRIPT = 'text/x-shellscript; charset="us-ascii"';
export const NODE_CONFIG = 'application/node.eks.aws';

const BOUNDARY = '//';

/** Whether a user's text is a multipart document already. */
export const isMime = (text: string): boolean => /^(?:MIME-Version:|Content-Type:)/i.test(text.trimStart());

/** A multipart document as cloud-init takes it; line feeds only. */
export function renderMime(parts: readonly MimePart[]): string {
  const rendered = parts.map(({ contentType, body }) => `--${BOUNDARY}\nContent-Type: ${contentType}\n\n${body}${body.endsWith('\n') ? '' : '\n'}`);
  return ['MIME-Version: 1.0', `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`, '', ...rendered.map((part) => part.slice(0, -1)), `--${BOUNDARY}--`, ''].join('\n');
}

/** What is wrong with a multipart document. */
export class MimeError extends Error {
  readonly reason = 'InvalidMime';
}

/** Header fields by lower-case name, and the rest. Folded lines are unfolded. */
function splitHead(text: string): { headers: Map<string, string>; rest: string } {
  const end = /\n[ \t]*\n|^[ \t]*\n/.exec(text);
  const head = end ? text.slice(0, end.index) : text;
  const headers = new Map<string, string>();
  for (const line of head.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) headers.set(name.toLowerCase(), value as string);
  }
  return { headers, rest: end ? text.slice(end.index + end[0].length) : '' };
}

/** The parts of a multipart document. Throws {@link MimeError}. */
export function parseMime(document: string): MimePart[] {
  const { headers, rest } = splitHead(document.trimStart().replace(/\r\n/g, '\n'));
  const contentType = headers.get('content-type') ?? '';
  const [, quoted, bare] = /boundary=(?:"([^"]*)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw new MimeError(`the header Content-Type "${contentType}" names no boundary`);
  const lines = rest.split('\n');
  const parts: string[][] = [];
  let closed = false;
  for (const line of lines) {
    const trimmed = line.trimEnd();
    if (trimmed === `--${boundary}--`) {
      closed = true;
      break;
    }
    if (trimmed === `--${boundary}`) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  if (!closed && parts.length === 0) throw new MimeError(`there is no part: no line "--${boundary}"`);
  return parts.map((part) => {
    const { headers: partHeaders, rest: body } = splitHead(part.join('\n'));
    return { contentType: partHeaders.get('content-type') ?? 'text/plain', body };
  });
}
