import type { Events, RunContext } from '../context.js';
import type { KubeObject } from '../kube/object.js';
import type { Random } from '../random.js';

/** A JSON Patch operation. */
export type JSONPatchOperation =
  | { op: 'test' | 'add' | 'replace'; path: string; value: unknown }
  | { op: 'remove'; path: string };

/** One write to the reconciled object. */
export type Write =
  /** A JSON merge patch; carries `metadata.resourceVersion`, so that it fails with Conflict on anything but the object it was made from. */
  | { readonly type: 'merge'; readonly patch: Readonly<Record<string, unknown>> & { readonly metadata: { readonly resourceVersion: string } }; readonly subresource?: 'status' }
  | { readonly type: 'json'; readonly patch: readonly JSONPatchOperation[] };

/**
 * What the engine asks of its shell for one run. Errors that it rejects with carry Kubernetes' reason in `reason`:
 * `Conflict`, `NotFound` and `Invalid` (a JSON Patch whose test failed) are told apart, everything else is an error of the run.
 */
export interface EngineHost<T extends KubeObject> {
  /** Sends a write, puts the response over the cache, and returns it normalised (labels, annotations and status present). */
  write(object: T, write: Write): Promise<T>;
  /**
   * Does the work of writing an object when no other writer of this process is at it. `newer` is what they have left, where the cache has newer than
   * the given object: what is written has to be put on top of it.
   */
  turn<R>(object: T, work: (newer: T | undefined) => Promise<R>): Promise<R>;
  /** The object straight from the API server, normalised; undefined when it is gone. */
  live(object: T): Promise<T | undefined>;
  /** Throws when this process no longer leads: user code, whose effects nobody else fences, must not start any more. */
  fence?(): void;
  /** What user code gets besides what the engine adds. Events are about `object` unless told otherwise. */
  readonly context: RunContext;
  readonly events: Events;
  /** Does what a step does, and watches it. */
  readonly step?: (<R>(method: string, work: () => Promise<R>) => Promise<R>) | undefined;
  readonly random: Random;
}
