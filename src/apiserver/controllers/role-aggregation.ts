import { RBAC_GROUP } from '../authorization/authorizer.js';
import type { PolicyRule } from '../authorization/policy-rule.js';
import type { ApiObject, JsonObject } from '../contracts.js';
import { apply } from '../patch/apply.js';
import type { RestContext } from '../rest/context.js';
import { matchesLabelSelector } from '../rest/label-selector.js';
import { deepEqual } from '../storage/deep.js';
import { WorkQueue } from './work-queue.js';

const CLUSTER_ROLES = `clusterroles.${RBAC_GROUP}`;
const MANAGER = 'clusterrole-aggregation-controller';

type ClusterRole = ApiObject & { rules?: PolicyRule[]; aggregationRule?: { clusterRoleSelectors?: JsonObject[] } };

/** Gathers the rules of roles with an `aggregationRule` from the cluster roles that it selects. At once when it starts, then as roles change. */
export function startRoleAggregation(ctx: RestContext): { close(): void } {
  const { storage, clock, registry } = ctx;
  const definition = registry.lookup(RBAC_GROUP, 'v1', 'clusterroles')!;
  const aggregate = (name: string): void => {
    const role = storage.get(CLUSTER_ROLES, '', name) as ClusterRole | undefined;
    const selectors = role?.aggregationRule?.clusterRoleSelectors ?? [];
    if (!role || selectors.length === 0) return;
    const rules: PolicyRule[] = [];
    for (const selector of selectors) {
      for (const other of storage.list(CLUSTER_ROLES) as ClusterRole[]) {
        if (other === role || !matchesLabelSelector(selector, other.metadata.labels)) continue;
        for (const rule of other.rules ?? []) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
      }
    }
    if (deepEqual(rules, role.rules ?? [])) return;
    const config = { apiVersion: role.apiVersion, kind: role.kind, metadata: { name }, ...(rules.length > 0 && { rules }) };
    const next = apply(ctx, definition, role, config, '', { fieldManager: MANAGER, force: true, named: true });
    definition.complete!(next);
    definition.settle!(next);
    storage.update(CLUSTER_ROLES, next);
  };
  const aggregating = (): string[] => (storage.list(CLUSTER_ROLES) as ClusterRole[]).flatMap(({ aggregationRule, metadata }) => (aggregationRule ? [metadata.name!] : []));
  // Roles gather from roles that gather: as often as there are any, the last one has everything.
  for (const _round of aggregating()) aggregating().forEach(aggregate);
  const queue = new WorkQueue<string>(clock, aggregate);
  const unsubscribe = storage.subscribe(({ resource }) => {
    if (resource === CLUSTER_ROLES) for (const name of aggregating()) queue.add(name);
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}
