import { permissionsOf } from '../../operator/index.js';
import type { Permission, Plan } from '../../operator/index.js';
import { loadModules, planOf } from '../project/load-modules.js';
import type { Project } from '../project/project.js';
import { permissionsIn, rulesText } from '../project/role.js';

const READS = new Set(['get', 'list', 'watch']);

/** What a shadow needs in the place of an operator's permissions: its reads, and a look at what it would write to kinds that it does not follow. */
function readsOf(permissions: readonly Permission[]): Permission[] {
  const looks = permissions.filter(({ resource, verb, group }) => !READS.has(verb) && !resource.includes('/') && !(group === '' && resource === 'events'));
  return [...permissions.filter(({ verb }) => READS.has(verb)), ...looks.map((permission): Permission => ({ ...permission, verb: 'get', why: 'what would be written is held against what is there' }))];
}

const roleText = (name: string, permissions: readonly Permission[]): string =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: ${name}-shadow\n  labels:\n    app.kubernetes.io/name: ${name}\nrules:\n${rulesText(permissions)}`;

/** The ClusterRole with which the shadow of an operator sees everything and can change nothing; that of Karpenter without a project. */
export async function shadowRole(project: Project | undefined): Promise<string> {
  if (project) return roleText(project.name, readsOf(clusterWide(permissionsOf(await planOf(await loadModules(project))))));
  const { karpenterPlan, karpenterRoles } = await import('../roles.js');
  const plan: Plan = await karpenterPlan();
  const isElection = (file: string): boolean => /leader_election|webhook/.test(file);
  return roleText('karpenter', readsOf(clusterWide(karpenterRoles(plan).filter(({ file }) => !isElection(file)).flatMap(({ permissions }) => permissions))));
}

/** Whoever may read in one namespace needs no name for it: nothing can be changed. */
const clusterWide = (permissions: readonly Permission[]): Permission[] =>
  permissionsIn(permissions.map(({ namespace: _namespace, ...permission }) => permission));
