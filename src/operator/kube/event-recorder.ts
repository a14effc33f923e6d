import type { Clock } from '../clock.js';
import type { EventOptions, Events } from '../context.js';
import { milliseconds } from '../duration.js';
import { TokenBucket } from '../queue/token-bucket.js';
import type { KubeClient } from './client.js';
import { isNotFound } from './errors.js';
import type { KindRef, KubeObject } from './object.js';
import { kubeTime } from './time.js';

const EVENT: KindRef = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** Bytes. */
const LONGEST_MESSAGE = 1_024;

/** An equal event is not repeated within this. */
const DEDUPE_FOR = 120_000;

/** What one object may have said about it: 25 events at once, then one every five minutes (client-go's spam filter). */
const RATE_PER_OBJECT = { qps: 1 / 300, burst: 25 };

/** Events that wait to be sent; more are dropped, since an API server that is that slow has other worries. */
const BACKLOG = 1_000;

/** Entries of each memory, oldest forgotten first. */
const MEMORY = 4_096;

/** What an EventRecorder writes with, and as whom. */
export interface EventRecorderOptions {
  client: KubeClient;
  clock: Clock;
  /** `source.component`: `karpenter`. */
  component: string;
  /** Told of events that could not be written. */
  onDropped?: (reason: string, error?: unknown) => void;
}

interface Sent {
  readonly namespace: string;
  readonly name: string;
  readonly firstTimestamp: string;
  count: number;
}

/**
 * Writes core/v1 Events as `kubectl get events` and `kubectl describe` show them. An event that repeats within its dedupe time is
 * swallowed; one that repeats later raises the count of the first. Nothing waits for it and nothing fails by it.
 */
export class EventRecorder {
  readonly #spoken = new Map<string, number>();
  readonly #sent = new Map<string, Sent>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #backlog: (() => Promise<void>)[] = [];
  #sending: Promise<void> | undefined;
  #sequence = 0;
  /** Keeps apart the names of what several components say of one object in the same millisecond. */
  readonly #salt: number;

  constructor(private readonly options: EventRecorderOptions) {
    this.#salt = [...Buffer.from(options.component)].reduce((hash, byte) => (hash * 31 + byte) % 1_000, 0);
  }

  /** Events about one object unless they say otherwise. */
  about(object: KubeObject | undefined): Events {
    const record = (type: 'Normal' | 'Warning') => (reason: string, message: string, options: EventOptions = {}): void => {
      const subject = options.about ?? object;
      if (subject) this.record(subject, type, reason, message, options);
      else this.#drop(`${reason}: no object was named that the event is about`);
    };
    return { normal: record('Normal'), warning: record('Warning') };
  }

  record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, text: string, { dedupe, dedupeFor }: EventOptions = {}): void {
    const { clock } = this.options;
    const now = clock.now();
    const message = shortened(text);
    const key = JSON.stringify([reason.toLowerCase(), ...(dedupe ?? [identityOf(about), message])]);
    if ((this.#spoken.get(key) ?? 0) > now) return;
    remember(this.#spoken, key, now + (dedupeFor === undefined ? DEDUPE_FOR : milliseconds(dedupeFor)));
    if (!this.#mayBeSaid(about)) return this.#drop(`${reason}: too many events about ${about.kind} ${about.metadata.name}`);
    if (this.#backlog.length >= BACKLOG) return this.#drop(`${reason}: ${BACKLOG} events are waiting to be sent`);
    this.#backlog.push(() => this.#send(about, type, reason, message, now));
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when everything that was recorded has been sent or dropped. */
  async flushed(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  #mayBeSaid(about: KubeObject): boolean {
    const subject = identityOf(about);
    const bucket = this.#buckets.get(subject) ?? new TokenBucket(RATE_PER_OBJECT, this.options.clock);
    remember(this.#buckets, subject, bucket);
    return bucket.tryTake();
  }

  async #sendAll(): Promise<void> {
    for (let send = this.#backlog.shift(); send; send = this.#backlog.shift()) {
      try {
        await send();
      } catch (error) {
        this.#drop(error instanceof Error ? error.message : String(error), error);
      }
    }
    this.#sending = undefined;
  }

  async #send(about: KubeObject, type: string, reason: string, message: string, at: number): Promise<void> {
    const { client, component } = this.options;
    const key = JSON.stringify([about.kind, identityOf(about), type, reason, message]);
    const lastTimestamp = kubeTime(at);
    const earlier = this.#sent.get(key);
    if (earlier) {
      try {
        const { namespace, name } = earlier;
        await client.mergePatch(EVENT, { namespace, name }, { count: earlier.count + 1, lastTimestamp });
        earlier.count += 1;
        return;
      } catch (error) {
        // Events expire after an hour on the server; then the count starts anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const { apiVersion, kind, metadata } = about;
    const namespace = metadata.namespace ?? 'default';
    this.#sequence += 1;
    const name = `${nameFrom(about)}.${(BigInt(at) * 1_000_000n + BigInt(this.#salt * 1_000 + (this.#sequence % 1_000))).toString(16)}`;
    await client.create(EVENT, {
      metadata: { name, namespace },
      involvedObject: { apiVersion, kind, name: metadata.name, namespace: metadata.namespace, uid: metadata.uid, resourceVersion: metadata.resourceVersion },
      type, reason, message, count: 1, firstTimestamp: lastTimestamp, lastTimestamp, eventTime: null,
      source: { component }, reportingComponent: component, reportingInstance: '',
    });
    remember(this.#sent, key, { namespace, name, firstTimestamp: lastTimestamp, count: 1 });
  }

  #drop(reason: string, error?: unknown): void {
    this.options.onDropped?.(reason, error);
  }
}

const identityOf = ({ kind, metadata: { uid, namespace = '', name } }: KubeObject): string => uid || `${kind}/${namespace}/${name}`;

/** Longest beginning of an event's name, which has 253 characters, so that its own end fits in. */
const LONGEST_SUBJECT = 230;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What an event's name begins with: the object's own name, unless an event may not be called so, as with roles (`system:node`). */
const nameFrom = ({ kind, metadata: { name } }: KubeObject): string => (name.length <= LONGEST_SUBJECT && SUBDOMAIN.test(name) ? name : kind.toLowerCase());

/** At most the 1 KiB of UTF-8 that the events API takes; what is cut off is replaced by dots. */
function shortened(text: string): string {
  if (Buffer.byteLength(text) <= LONGEST_MESSAGE) return text;
  const kept = new TextDecoder().decode(Buffer.from(text).subarray(0, LONGEST_MESSAGE - 3), { stream: true });
  return `${kept}...`;
}

/** Puts an entry last, and forgets the first when there are too many. */
function remember<K, V>(memory: Map<K, V>, key: K, value: V): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size > MEMORY) memory.delete(memory.keys().next().value as K);
}
