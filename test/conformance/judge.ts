import type { Body, Session } from './session.js';

/** What is wrong with what, a line each; in no particular order, since the real server goes through Go maps. */
const linesOf = ({ message, details }: Body): string[] => {
  const causes = (details?.causes ?? []) as { field?: string; message: string }[];
  return causes.length > 0 ? causes.map(({ field = '', message: problem }) => `${field}: ${problem}`).sort() : [message];
};

/** Has an object created or changed without that being done, and writes down in a few lines what is said of it. `shown` stands for what was sent. */
export async function judge(s: Session, method: 'POST' | 'PUT', path: string, object: unknown, shown: unknown = object): Promise<void> {
  const { status, body, headers } = await s.quiet(method, `${path}?dryRun=All`, object);
  s.note(`> ${method} ${path.replace(/^.*\/namespaces\/[^/]*\//, '')} ${JSON.stringify(shown)}`);
  s.note(`< ${status}`);
  const warnings = [headers['warning'] ?? []].flat().join(', ');
  if (warnings !== '') s.note(`  warning: ${warnings}`);
  if (body.kind === 'Status') linesOf(body).forEach((line) => s.note(`  ${line}`));
}
