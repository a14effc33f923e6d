import { Subject } from 'rxjs';
import { InsufficientCapacity } from './cloud.js';
import type { Cloud, Instance, Interruption, Interruptions } from './cloud.js';

/** A cloud in memory. */
export class FakeCloud implements Cloud {
  readonly running = new Map<string, Instance>();
  full = false;
  failure: Error | undefined;
  /** Whether instances take their time to end. */
  slow = false;
  deniedAction: string | undefined;
  zones = ['a', 'b'];
  readonly #launched = new Map<string, Instance>();

  async launch(_className: string, { token }: { token: string }): Promise<Instance> {
    if (this.failure) throw this.failure;
    if (this.full) throw new InsufficientCapacity('no capacity in any zone');
    const instance = this.#launched.get(token) ?? { providerID: `fake:///${this.#launched.size}`, labels: { 'topology.kubernetes.io/zone': 'a' }, capacity: { cpu: '2' } };
    if (!this.#launched.has(token)) this.running.set(instance.providerID, instance);
    this.#launched.set(token, instance);
    return instance;
  }

  async terminate(providerID: string): Promise<'gone' | 'terminating'> {
    if (this.slow && this.running.has(providerID)) return 'terminating';
    this.running.delete(providerID);
    return 'gone';
  }

  async instances(): Promise<ReadonlySet<string>> {
    return new Set(this.running.keys());
  }

  async subnets(): Promise<{ id: string; zone: string }[]> {
    return this.zones.map((zone) => ({ id: `subnet-${zone}`, zone })).reverse();
  }

  async ensureProfile(role: string): Promise<string> {
    return `profile-of-${role}`;
  }

  async denied(): Promise<string | undefined> {
    return this.deniedAction;
  }
}

/** Messages in memory. */
export class FakeInterruptions implements Interruptions {
  readonly events = new Subject<Interruption>();
  readonly #pending = new Map<string, Interruption>();

  send(message: Interruption): void {
    this.#pending.set(message.providerID, message);
    this.events.next(message);
  }

  pending(providerID: string | undefined): Interruption | undefined {
    return providerID === undefined ? undefined : this.#pending.get(providerID);
  }

  async acknowledge({ providerID }: Interruption): Promise<void> {
    this.#pending.delete(providerID);
  }
}
