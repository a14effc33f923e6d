import type { Credentials } from '../kube/transport.js';
import type { ElectionTimes } from './election.js';
import { Fence } from './fence.js';
import { HEARTBEAT_BYTES } from './heartbeat.js';

/** What the thread is born with. */
export interface LeaseThreadData {
  /** Heartbeat and fences; laid out by {@link HEARTBEAT_OFFSET} and {@link fenceOffset}. */
  readonly memory: SharedArrayBuffer;
  readonly server: string;
  readonly proxyUrl: string | undefined;
  readonly credentials: Credentials;
  readonly userAgent: string;
  readonly namespace: string;
  readonly identity: string;
  readonly times: ElectionTimes;
  /** Milliseconds without a beat after which the main loop counts as hung. */
  readonly stallLimit: number;
}

/** What the main loop tells the thread. */
export type ToThread =
  | { readonly do: 'stand'; readonly lease: string; readonly sharedAs: string | undefined; readonly slot: number }
  | { readonly do: 'resign'; readonly lease: string }
  | { readonly do: 'use'; readonly credentials: Credentials };

/** What the thread tells the main loop. */
export type FromThread =
  | { readonly did: 'elected' | 'resigned'; readonly lease: string }
  | { readonly did: 'lost'; readonly lease: string; readonly message: string }
  | { readonly did: 'failed'; readonly lease: string; readonly message: string; readonly times: number }
  | { readonly did: 'recovered'; readonly lease: string; readonly times: number }
  /** The credentials were refused, or no connection came about with them: are there others? */
  | { readonly did: 'ask' };

/** The main loop beats, and the thread looks, so many times within a stall limit: a stall is noticed at most a tenth of it late. */
export const LOOKS_A_LIMIT = 10;

/** More leases than these one thread does not keep. */
export const SLOTS = 256;

const FENCES_OFFSET = HEARTBEAT_BYTES;

export const HEARTBEAT_OFFSET = 0;
export const fenceOffset = (slot: number): number => FENCES_OFFSET + slot * Fence.BYTES;

export const sharedMemory = (): SharedArrayBuffer => new SharedArrayBuffer(fenceOffset(SLOTS));
