import { MERGE, type Body, type Session } from './session.js';

/**
 * What is wrong with what, a line each and once: the real server looks at much of an update twice. They are in no particular
 * order, since it goes through Go maps; and what it shows of the difference of two specs, in Go's own words, is left out.
 */
const linesOf = ({ message, details }: Body): string[] => {
  const causes = (details?.causes ?? []) as { field?: string; message: string }[];
  return causes.length > 0 ? [...new Set(causes.map(({ field = '', message: problem }) => `${field}: ${problem.split('\n@@')[0]}`))].sort() : [message];
};

/** Has an object created, or merged into the one at `path`, without that being done, and writes down in a few lines what is said of it. `shown` stands for what was sent. */
export async function judge(s: Session, method: 'POST' | 'PATCH', path: string, object: unknown, shown: unknown = object): Promise<void> {
  const { status, body, headers } = await s.quiet(method, `${path}?dryRun=All`, object, method === 'PATCH' ? { headers: { 'content-type': MERGE } } : {});
  s.note(`> ${method} ${path.replace(/^.*\/namespaces\/[^/]*\//, '')} ${JSON.stringify(shown)}`);
  s.note(`< ${status}`);
  const warnings = [headers['warning'] ?? []].flat().join(', ');
  if (warnings !== '') s.note(`  warning: ${warnings}`);
  if (body.kind === 'Status') linesOf(body).forEach((line) => s.note(`  ${line}`));
}
