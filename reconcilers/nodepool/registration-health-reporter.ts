import { NODEPOOL_LABEL, NodePool } from 'karpenter-ts/api';
import type { NodeClaim } from 'karpenter-ts/api';
import type { StepContext } from 'karpenter-ts/operator';
import { transition } from '../shared/transitions.js';
import { RegistrationHealth } from './registration-health.js';

/** Tells pools how the registration of their claims went, through the condition NodeRegistrationHealthy. */
export class RegistrationHealthReporter {
  private readonly health = new RegistrationHealth();

  async succeeded(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<void> {
    const pool = this.poolOf(claim, ctx);
    if (!pool || this.health.record(pool, true) !== 'healthy') return;
    await this.report(pool, ctx, { status: 'True', reason: 'NodeRegistrationHealthy', message: '' });
  }

  /** `cause` is the launch condition when the launch failed. */
  async failed(claim: NodeClaim, ctx: StepContext<NodeClaim>, cause?: { reason: string; message: string }): Promise<void> {
    const pool = this.poolOf(claim, ctx);
    if (!pool || this.health.record(pool, false) !== 'unhealthy') return;
    await this.report(pool, ctx, { status: 'False', reason: cause?.reason ?? 'RegistrationFailed', message: cause?.message ?? 'Failed to register node' });
  }

  /** Starts a pool over, when it or its node class changed. */
  reset(pool: NodePool): void {
    this.health.reset(pool);
  }

  private poolOf(claim: NodeClaim, ctx: StepContext<NodeClaim>): NodePool | undefined {
    const pool = ctx.cache.get(NodePool, claim.metadata.labels[NODEPOOL_LABEL] ?? '');
    return claim.metadata.ownerReferences?.some(({ uid }) => uid === pool?.metadata.uid) ? pool : undefined;
  }

  private async report(pool: NodePool, ctx: StepContext<NodeClaim>, verdict: { status: 'True' | 'False'; reason: string; message: string }): Promise<void> {
    await transition(pool, { type: 'NodeRegistrationHealthy', ...verdict }, ctx);
  }
}
