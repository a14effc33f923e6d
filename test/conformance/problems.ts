import type { Body } from './session.js';

const byField = (left: Body, right: Body): number => (`${left.field}${left.message}` < `${right.field}${right.message}` ? -1 : 1);

/** What a custom resource is refused for. Several things that are wrong come in no particular order, for the real server goes through Go maps. */
export function problems({ kind, message, details, code, reason }: Body): unknown {
  if (kind !== 'Status') return 'accepted';
  const causes = [...(details?.causes ?? [])].sort(byField);
  return { message: causes.length > 1 ? 'several' : message, details: details && { ...details, causes }, code, reason };
}
