import { compareSurfaces } from '../../operator/index.js';
import type { Incompatibility, Surface } from '../../operator/index.js';
import { allows } from './allowance.js';
import type { Allowance } from './allowance.js';

const described = ({ rule, path, before = 'nothing', after = 'nothing', breaks, accepted }: Incompatibility): string => [
  `${path}: ${rule}`,
  `  before    ${before}`,
  `  after     ${after}`,
  `  breaks    ${breaks}`,
  `  accepted  ${accepted}`,
].join('\n');

/** Says what of a version breaks those who use another one, and what of it is meant. Returns the exit code: 1 when something is not meant. */
export function gate(before: Surface, after: Surface, source: string, allowances: readonly Allowance[], log: (line: string) => void): number {
  const found = compareSurfaces(before, after);
  const broken = found.filter((one) => !allowances.some((allowance) => allows(allowance, one)));
  for (const one of broken) log(described(one));
  for (const allowance of allowances) {
    const matching = found.filter((one) => allows(allowance, one)).length;
    log(`allowed: ${allowance.rule} ${allowance.path}, ${matching === 0 ? 'which breaks nothing any more: the --allow can go' : `because ${allowance.reason}`}`);
  }
  if (before.interfaces.length === 0) log(`${source} has no OperatorInterface: names of conditions, reasons and metrics are not compared`);
  if (broken.length > 0) {
    log(`\n${broken.length} ${broken.length === 1 ? 'change breaks' : 'changes break'} those who use ${source}; what is meant is let through by --allow "RULE:PATH=REASON"`);
    return 1;
  }
  const { crds, roles, interfaces } = before;
  log(`compatible with ${source}: ${crds.length} CRDs, ${roles.length} roles, ${interfaces.flatMap(({ conditions }) => conditions).length} conditions, ${interfaces.flatMap(({ metrics }) => metrics).length} metrics`);
  return 0;
}
