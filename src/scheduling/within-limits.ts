import type { PlannedNode } from './finish.js';
import type { Pool } from './pool.js';
import type { PackedNode } from './repack.js';

/** How much of a resource the nodes may come to have, if each becomes the largest that it can be. */
const usedBy = (pool: Pool, nodes: readonly PlannedNode[], resource: string): number =>
  nodes.reduce((used, { rows }) => used + (resource === 'nodes' ? 1 : pool.largestCapacity(rows, resource)), 0);

/** The least that a node may be allowed to have of a resource: enough for its cheapest type, and for as many as it must be able to be. */
function leastOf(pool: Pool, { rows, requirements, alternatives }: PackedNode, resource: string): number {
  const amounts = pool.typesByPrice(rows, requirements).map(({ type: { capacity } }) => capacity[resource] ?? 0);
  const [cheapest = 0] = amounts;
  return Math.max(cheapest, amounts.sort((a, b) => a - b)[alternatives - 1] ?? 0);
}

/**
 * The nodes of a pool, such that it may have all of them whichever types they become. For that, packed nodes give up their largest types;
 * undefined when it is not enough, or would leave one of them too few.
 */
export function withinLimits(pool: Pool, untouched: readonly PlannedNode[], packed: readonly PackedNode[], remaining: Readonly<Record<string, number>>): PlannedNode[] | undefined {
  let nodes = packed;
  for (const resource in remaining) {
    const left = (remaining[resource] as number) - usedBy(pool, untouched, resource);
    if (usedBy(pool, nodes, resource) <= left) continue;
    if (resource === 'nodes') return undefined;
    const least = nodes.map((node) => leastOf(pool, node, resource));
    const growth = left / least.reduce((sum, amount) => sum + amount, 0);
    nodes = nodes.map((node, index) => ({ ...node, rows: pool.rowsWithin(node.rows, { [resource]: (least[index] as number) * Math.max(1, growth) }) }));
    if (usedBy(pool, nodes, resource) > left) return undefined;
  }
  return [...untouched, ...nodes];
}
