import { token } from 'karpenter-ts/operator';
import type { EventSource } from 'karpenter-ts/operator';

/** A machine as the cloud has it. */
export interface Instance {
  providerID: string;
  labels: Record<string, string>;
  capacity: Record<string, string>;
}

/** Nothing of the kind is to be had at the moment. */
export class InsufficientCapacity extends Error {
  override readonly name = 'InsufficientCapacity';
  readonly reason = 'InsufficientCapacityError';
}

export interface Cloud {
  /** The same token again gives the same instance. Throws {@link InsufficientCapacity}. */
  launch(className: string, options: { token: string; signal: AbortSignal }): Promise<Instance>;
  terminate(providerID: string, signal: AbortSignal): Promise<'gone' | 'terminating'>;
  /** Provider IDs of all instances that are ours. */
  instances(signal: AbortSignal): Promise<ReadonlySet<string>>;
  subnets(signal: AbortSignal): Promise<{ id: string; zone: string }[]>;
  ensureProfile(role: string, signal: AbortSignal): Promise<string>;
  /** What we would not be allowed to do. */
  denied(signal: AbortSignal): Promise<string | undefined>;
}
export const Cloud = token<Cloud>('machines.Cloud');

/** The cloud wants an instance back. */
export interface Interruption {
  providerID: string;
  kind: 'spot' | 'maintenance';
}

/** Messages of the cloud: each stays until it is acknowledged, since wake-ups are merged and processes end. */
export interface Interruptions extends EventSource<Interruption> {
  pending(providerID: string | undefined): Interruption | undefined;
  acknowledge(message: Interruption): Promise<void>;
}
export const Interruptions = token<Interruptions>('machines.Interruptions');

/** Whether a machine whose node has joined may be used; modules of others bind more of them. */
export interface RegistrationHook {
  /** True, or what it waits for. */
  ready(providerID: string, signal: AbortSignal): Promise<true | string>;
}
export const RegistrationHook = token<RegistrationHook>('machines.RegistrationHook');
