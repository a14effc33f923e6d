import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { KubeClient } from '../kube/client.js';
import { isAlreadyExists, isNotFound } from '../kube/errors.js';
import type { Lease } from './lease-record.js';
import { LEASE } from './lease-record.js';
import type { Member } from './shard-assignment.js';

export interface MembersOptions {
  client: KubeClient;
  clock: Clock;
  namespace: string;
  /** Of the Lease that carries the announcements; nobody holds it. */
  name: string;
  identity: string;
  /** Milliseconds without a word after which a member counts as gone. */
  silence: number;
}

const PREFIX = 'karpenter-ts/member-';

/** Words of members that have been silent for so many times the limit are removed. */
const FORGOTTEN_AFTER = 10;

interface Heard {
  readonly text: string;
  readonly at: number;
}

/**
 * Which replicas are there: each announces itself in an annotation of its own, which it changes with every word. Others judge it by when they saw it
 * change. Nothing is decided by it but who stands for what: two who disagree stand for the same lease, and one of them gets it.
 */
export class Members {
  readonly #heard = new Map<string, Heard>();
  readonly #own: string;
  #word = 0;

  constructor(private readonly options: MembersOptions) {
    // An annotation's name has 63 characters.
    this.#own = PREFIX + createHash('sha256').update(options.identity).digest('hex').slice(0, 32);
  }

  /** Says what we hold, and resolves with everybody who is there, ourselves included. */
  async announce(holds: readonly number[], signal: AbortSignal): Promise<Member[]> {
    const { identity, clock, silence } = this.options;
    this.#word += 1;
    const now = clock.monotonic();
    const forgotten = [...this.#heard].filter(([, { at }]) => now - at > FORGOTTEN_AFTER * silence).map(([name]) => [name, null] as const);
    const annotations = await this.#write({ ...Object.fromEntries(forgotten), [this.#own]: JSON.stringify({ identity, holds, word: this.#word }) }, signal);
    this.#hear(annotations, now);
    const present = [...this.#heard].filter(([name, { at }]) => name === this.#own || now - at <= silence);
    return present.flatMap(([, { text }]) => memberOf(text) ?? []);
  }

  /** Takes our word back, so that nobody waits for its end. */
  async leave(signal: AbortSignal): Promise<void> {
    await this.#write({ [this.#own]: null }, signal);
  }

  async #write(annotations: Record<string, string | null>, signal: AbortSignal): Promise<Record<string, string>> {
    const { client, namespace, name } = this.options;
    const patch = { metadata: { annotations } };
    const lease = await client.mergePatch<Lease>(LEASE, { name, namespace, signal }, patch).catch(async (error: unknown) => {
      if (!isNotFound(error)) throw error;
      const object = { metadata: { name, namespace, annotations: Object.fromEntries(Object.entries(annotations).filter(([, text]) => text !== null)) } };
      return client.create<Lease>(LEASE, object, { signal }).catch((conflict: unknown) => {
        if (!isAlreadyExists(conflict)) throw conflict;
        return client.mergePatch<Lease>(LEASE, { name, namespace, signal }, patch);
      });
    });
    return lease.metadata.annotations ?? {};
  }

  #hear(annotations: Record<string, string>, now: number): void {
    for (const name of this.#heard.keys()) if (!(name in annotations)) this.#heard.delete(name);
    for (const [name, text] of Object.entries(annotations)) {
      if (name.startsWith(PREFIX) && this.#heard.get(name)?.text !== text) this.#heard.set(name, { text, at: now });
    }
  }
}

/** What an annotation says; undefined when somebody else wrote it. */
function memberOf(text: string): Member | undefined {
  try {
    const { identity, holds } = JSON.parse(text) as Partial<Member>;
    return typeof identity === 'string' && Array.isArray(holds) ? { identity, holds } : undefined;
  } catch {
    return undefined;
  }
}
