import { missingPermissions } from '../manifests/rbac.js';
import type { Permission } from '../manifests/rbac.js';
import type { Findings } from './incompatibility.js';
import type { RoleSurface } from './surface.js';

const idOf = ({ kind, metadata: { name, namespace } }: RoleSurface): string => [kind, namespace, name].filter(Boolean).join('/');

/** The permissions of a role, one by one. */
const permissionsIn = ({ rules }: RoleSurface): Permission[] => (rules ?? []).flatMap(({ apiGroups = [], resources = [], verbs = [], resourceNames = [] }) =>
  apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.flatMap((verb) =>
    (resourceNames.length === 0 ? [undefined] : resourceNames).map((name): Permission => ({ group, resource, verb, why: '', ...(name === undefined ? {} : { resourceNames: [name] }) }))))));

/**
 * What roles grant that they did not; a role under a new name is held against those that are gone. In a namespace, nothing is new that the
 * ClusterRole of the name, or a ClusterRole that is gone, had granted everywhere.
 */
export function compareRoles(before: readonly RoleSurface[], after: readonly RoleSurface[], findings: Findings): void {
  // Nothing to hold the new ones against: that roles are written from now on widens nothing.
  if (before.length === 0) return;
  const gone = before.filter((role) => !after.some((other) => idOf(other) === idOf(role)));
  for (const role of after) {
    const former = before.filter((other) => idOf(other) === idOf(role) || (other.kind === 'ClusterRole' && other.metadata.name === role.metadata.name));
    const known = former.length > 0 ? former : gone.filter(({ kind, metadata: { namespace } }) => kind === 'ClusterRole' || (kind === role.kind && namespace === role.metadata.namespace));
    const granted = known.flatMap(({ rules }) => rules ?? []);
    for (const { group, resource, verb, resourceNames } of missingPermissions(permissionsIn(role), granted)) {
      const name = resourceNames?.[0];
      findings.report('permission-added', [idOf(role), group || 'core', resource, ...(name === undefined ? [] : [name]), verb].join('/'), {
        after: `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`, accepted: 'what it was granted already; or --allow with the reason, which belongs into the release notes',
      });
    }
  }
}
