import { token } from '../dsl/token.js';

/**
 * A service that lives as long as the operator does. Bind it (also) under {@link Startable}:
 * `bind(Startable).toService(PriceRefresher)`.
 */
export interface Startable {
  /** For errors and logs. */
  readonly name: string;
  /** Run only while this process leads (default), or on every replica, before the election. */
  readonly leaderOnly?: boolean;
  /** Called when informers have synced; resolves when the service is up. Work that goes on must end when the signal aborts. */
  start(signal: AbortSignal): Promise<void> | void;
  /** Called after every reconciler has stopped. */
  stop?(): Promise<void> | void;
}

/** Services that the operator starts and stops. */
export const Startable = token<Startable>('karpenter-ts.Startable');
