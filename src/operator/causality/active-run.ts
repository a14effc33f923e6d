import type { Clock } from '../clock.js';
import type { Trigger } from '../context.js';
import type { StepReport } from '../engine/run.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import type { Item } from '../queue/work-queue.js';
import type { KeyRecord } from './key-record.js';
import type { RunTrace, Tracing } from './tracing.js';
import type { SpanReference, WriteOrigin, WriteOrigins } from './write-origins.js';

/** A write that is about to be sent. */
export interface WriteAttempt {
  readonly verb: 'create' | 'apply' | 'patch' | 'delete';
  readonly kind: KindRef;
  /** Absent for a create that lets the server choose the name. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly subresource?: 'status' | undefined;
  /** The resourceVersion that locks it: without which it fails, so that nothing but this write is between the two states. */
  readonly from?: string | undefined;
  /** Of an object that is deleted: its watch shows the end with a resourceVersion that no answer has. */
  readonly uid?: string;
  /** What it changes, for patches: `status.conditions`, `metadata.finalizers`. */
  readonly fields?: readonly string[];
}

/** A write of a run, as it went. */
export interface WriteRecord {
  readonly verb: WriteAttempt['verb'];
  /** `Kind namespace/name` */
  readonly object: string;
  readonly subresource?: 'status';
  readonly fields: readonly string[];
  /** The state that it was made from, for writes that fail on any other. */
  readonly from?: string;
  /** The server's newest state when the write left, where a test bed knows: an answer that is no newer tells of a write without effect. */
  readonly since?: string;
  /** What the server answered; absent for deletions that took effect at once, and failures. */
  readonly resourceVersion?: string;
  /** Milliseconds of the clock's time. */
  readonly at: number;
  readonly duration: number;
  readonly error?: string;
}

/** What a controller's runs have in common. */
export interface RunEnvironment {
  readonly controller: string;
  readonly clock: Clock;
  readonly origins: WriteOrigins;
  /** Undefined when nobody records spans. */
  readonly tracing: Tracing | undefined;
  /** What the server's newest state is, where a test bed knows. */
  readonly revision?: (() => string) | undefined;
}

const NONE: readonly WriteRecord[] = [];

const nameOf = (kind: string, name: string | undefined, namespace: string | undefined): string => `${kind} ${namespace ? `${namespace}/` : ''}${name ?? ''}`;

/** A run that has begun: why, on what, and what it has written so far. */
export class ActiveRun {
  readonly startedAt: number;
  /** Why it runs. */
  triggers: readonly Trigger[] = [];
  /** Its steps so far. */
  readonly steps: StepReport[] = [];
  trace: RunTrace | undefined;
  /** It asked for a call that a shadow does not make: what it does from then on rests on an answer that nobody has. */
  withheld = false;
  #writes: WriteRecord[] | undefined;

  constructor(private readonly environment: RunEnvironment, readonly item: Item, readonly object: KubeObject | undefined, readonly record: KeyRecord) {
    this.startedAt = environment.clock.now();
  }

  /** In the order in which they were answered. */
  get writes(): readonly WriteRecord[] {
    return this.#writes ?? NONE;
  }

  /** Sends a write, and remembers it: for explanations, and for the watches that will show it. Resolves and rejects as `send` does. */
  observe<A>(attempt: WriteAttempt, send: () => Promise<A>): Promise<A> {
    return this.trace ? this.trace.write(attempt, (span) => this.#record(attempt, send, span)) : this.#record(attempt, send, undefined);
  }

  async #record<A>({ verb, kind, name, namespace, subresource, from, uid: deleted, fields = [] }: WriteAttempt, send: () => Promise<A>, span: SpanReference | undefined): Promise<A> {
    const { clock, origins, revision } = this.environment;
    const writes = (this.#writes ??= []);
    const at = clock.now();
    const base = { verb, fields, at, ...(subresource ? { subresource } : {}), ...(from ? { from } : {}), ...(revision ? { since: revision() } : {}) };
    const answered = span && origins.sending(nameOf(kind.kind, name, namespace), span);
    try {
      const answer = await send();
      const { metadata } = answer as Partial<KubeObject>;
      const { resourceVersion, uid } = metadata ?? {};
      if (uid && resourceVersion) origins.wrote(answer as unknown as KubeObject, this.#origin(at, span));
      if (deleted) origins.deleted(deleted, this.#origin(at, span));
      writes.push({ ...base, object: nameOf(kind.kind, metadata?.name ?? name, namespace ?? metadata?.namespace), duration: clock.now() - at, ...(resourceVersion ? { resourceVersion } : {}) });
      return answer;
    } catch (error) {
      writes.push({ ...base, object: nameOf(kind.kind, name, namespace), duration: clock.now() - at, error: (error as Error).message });
      throw error;
    } finally {
      answered?.();
    }
  }

  #origin(at: number, span: SpanReference | undefined): WriteOrigin {
    return { controller: this.environment.controller, key: this.item.key, at, ...(span ? { span } : {}) };
  }
}
