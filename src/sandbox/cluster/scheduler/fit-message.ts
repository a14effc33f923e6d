import type { Rejection } from './filter.js';

/** What kube-scheduler says when there is not a single node. */
export const NO_NODES = 'no nodes available to schedule pods';

/** `1 reason, 2 other reason`: how many nodes gave each reason, sorted as text. */
const histogram = (rejections: Iterable<Rejection>): string => {
  const times = new Map<string, number>();
  for (const { reasons } of rejections) for (const reason of reasons) times.set(reason, (times.get(reason) ?? 0) + 1);
  return [...times].map(([reason, count]) => `${count} ${reason}`).sort().join(', ');
};

/** `0/3 nodes are available: 1 Insufficient cpu, 2 …`: kube-scheduler's summary of the refusals. */
export function fitMessage(total: number, rejections: Iterable<Rejection>): string {
  const reasons = histogram(rejections);
  return `0/${total} nodes are available:${reasons ? ` ${reasons}.` : ''}`;
}

/** The same for an obstacle that made looking at nodes pointless. */
export const obstacleMessage = (total: number, obstacle: string): string => `0/${total} nodes are available: ${obstacle}.`;
