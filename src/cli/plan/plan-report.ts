import type { Pod } from 'kubernetes-types/core/v1.js';
import { CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, ZONE_LABEL } from '../../api/labels.js';
import { addResources } from '../../api/resources.js';
import type { Resources } from '../../api/resources.js';
import type { Decision, ExistingPlacement, NewNode } from '../../scheduling/decision.js';
import { podRequests } from '../../scheduling/pod-requests.js';
import { cheapestOffering } from './bought-machine.js';
import { podName, unplaced } from './plan-result.js';
import type { PosedQuestion } from './posed-question.js';
import { textTable } from './text-table.js';

const HEADERS = ['NODE', 'POOL', 'TYPE', 'ZONE', 'CAPACITY', 'USD/HOUR', 'CPU', 'MEMORY', 'PODS', 'WHICH'];
const RIGHT_ALIGNED = new Set(['USD/HOUR', 'CPU', 'MEMORY', 'PODS']);
/** Names that are written out. */
const NAMED = 3;

/** `100 pods`, `1 pod`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Names, the first few of them written out. */
export function named(pods: readonly Pod[], most = NAMED): string {
  const names = pods.slice(0, most).map(podName).join(', ');
  return pods.length > most ? `${names} and ${pods.length - most} more` : names;
}

const share = (used: Resources, all: Resources, resource: string): string => {
  const [part, whole] = [used[resource] ?? 0, all[resource] ?? 0];
  return whole > 0 ? `${Math.round((part / whole) * 100)} %` : '-';
};

export const dollars = (price: number): string => price.toFixed(4);

function newRow(node: NewNode, index: number): string[] {
  const type = node.instanceTypes[0];
  const bought = type && cheapestOffering(type, node);
  const { requests, pool, pods, instanceTypes, price } = node;
  const others = instanceTypes.length - 1;
  return [
    `new ${index + 1}`, pool.nodePool.metadata.name, `${type?.name ?? '-'}${others > 0 ? ` (or ${others} more)` : ''}`, bought?.zone ?? '-', bought?.capacityType ?? '-',
    dollars(price), share(requests, bought?.allocatable ?? {}, 'cpu'), share(requests, bought?.allocatable ?? {}, 'memory'), String(pods.length), named(pods),
  ];
}

function existingRow({ node, pods }: ExistingPlacement): string[] {
  const { name, nodePool, labels, allocatable, available } = node;
  const requested = addResources(...pods.map(podRequests));
  const used = Object.fromEntries(Object.entries(allocatable).map(([resource, amount]) => [resource, amount - (available[resource] ?? 0) + (requested[resource] ?? 0)]));
  return [
    name, nodePool ?? '-', labels[INSTANCE_TYPE_LABEL] ?? '-', labels[ZONE_LABEL] ?? '-', labels[CAPACITY_TYPE_LABEL] ?? '-', '-',
    share(used, allocatable, 'cpu'), share(used, allocatable, 'memory'), `+${pods.length}`, named(pods),
  ];
}

/** Pods without a node, together with those that have the same reason. */
function homeless(decision: Decision, posed: PosedQuestion): string[] {
  const byReason = new Map<string, Pod[]>();
  for (const { pod, reason } of unplaced(decision, posed)) {
    const pods = byReason.get(reason);
    if (pods) pods.push(pod);
    else byReason.set(reason, [pod]);
  }
  return [...byReason].flatMap(([reason, pods]) => ['', `${counted(pods.length, 'pod')} with no place to run: ${named(pods)}`, ...reason.split('; ').map((line) => `  ${line}`)]);
}

/** What `plan` prints for people: the nodes with what is on them, then what has no place and why. */
export function* planReport(name: string, decision: Decision, posed: PosedQuestion, timings: { parseMs: number; solveMs: number }): Generator<string> {
  const { newNodes, existingNodes, totalPrice, lowerBound, emptyPools } = decision;
  const placed = [...newNodes, ...existingNodes].reduce((sum, { pods }) => sum + pods.length, 0);
  yield `${name}: ${counted(placed, 'pod')} of ${placed + unplaced(decision, posed).length} placed, on ${counted(newNodes.length, 'new node')} for ${dollars(totalPrice)} USD/hour and ${counted(existingNodes.length, 'existing node')}\n`;
  if (lowerBound > 0) yield `no packing costs less than ${dollars(lowerBound)} USD/hour: this one is at most ${((totalPrice / lowerBound - 1) * 100).toFixed(1)} % above the cheapest\n`;
  const rows = [...newNodes.map(newRow), ...existingNodes.map(existingRow)];
  if (rows.length > 0) for (const line of ['', ...textTable(HEADERS, rows, RIGHT_ALIGNED)]) yield `${line}\n`;
  for (const line of homeless(decision, posed)) yield `${line}\n`;
  for (const { pool, reason } of emptyPools) yield `\nNodePool ${pool.nodePool.metadata.name} can launch nothing: ${reason}\n`;
  yield `\nread in ${Math.round(timings.parseMs)} ms, solved in ${Math.round(timings.solveMs)} ms\n`;
}
