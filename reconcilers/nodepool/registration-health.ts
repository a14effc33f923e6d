import { conditionOf } from 'karpenter-ts/api';
import type { NodePool } from 'karpenter-ts/api';

/** Results that a pool remembers. */
const WINDOW = 4;
const UNHEALTHY_FAILURES = 2;

/**
 * How the last registrations of each pool went (karpenter-core §3.7): half of a window of four failing makes the pool
 * unhealthy. After a restart the condition on the pool stands in for what was forgotten.
 */
export class RegistrationHealth {
  private readonly results = new Map<string, boolean[]>();

  /** Records one result; true when it makes the pool healthy or unhealthy beyond doubt. */
  record(pool: NodePool, succeeded: boolean): 'healthy' | 'unhealthy' {
    const results = [...this.of(pool), succeeded].slice(-WINDOW);
    this.results.set(pool.metadata.uid, results);
    return results.filter((result) => !result).length >= UNHEALTHY_FAILURES ? 'unhealthy' : 'healthy';
  }

  /** Forgets a pool, when it or its node class changed. */
  reset(pool: NodePool): void {
    this.results.set(pool.metadata.uid, []);
  }

  private of(pool: NodePool): boolean[] {
    const known = this.results.get(pool.metadata.uid);
    if (known) return known;
    switch (conditionOf(pool, 'NodeRegistrationHealthy')?.status) {
      case 'True':
        return [true];
      case 'False':
        return [false, false];
      default:
        return [];
    }
  }
}
