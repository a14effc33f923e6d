import type { NodeClaim } from 'karpenter-ts/api';
import type { Duration } from 'karpenter-ts/operator';

/** Holds a node back from registration until something outside is in place. Bind as many as needed under the token. */
export interface RegistrationHook {
  /** Shows in the Registered condition while it holds. */
  readonly name: string;
  /** True once the node may register; otherwise when to ask again. */
  registered(claim: NodeClaim, signal: AbortSignal): Promise<true | { recheck: Duration }>;
}

export const RegistrationHook = Symbol.for('karpenter.RegistrationHook');
