import type { DnsService, ServiceRecord } from './dns-service.js';
import { QuotaExceeded } from './dns-service.js';

/** A service in memory, with the habits of real ones: keys that make a call idempotent, a quota, and removals that take several calls. */
export class FakeDnsService implements DnsService {
  readonly records = new Map<string, ServiceRecord>();
  quota = Infinity;
  /** How many calls of `remove` a removal takes. */
  removalTakes = 2;
  /** How many records were ever made. */
  made = 0;
  readonly #ids = new Map<string, string>();
  readonly #removals = new Map<string, number>();

  create(record: ServiceRecord, key: string): Promise<string> {
    const known = this.#ids.get(key);
    if (known !== undefined) return Promise.resolve(known);
    if (this.records.size >= this.quota) return Promise.reject(new QuotaExceeded(`the zone has its ${this.quota} records`));
    this.made += 1;
    const id = `record-${this.made}`;
    this.#ids.set(key, id);
    this.records.set(id, record);
    return Promise.resolve(id);
  }

  get(id: string): Promise<ServiceRecord | undefined> {
    return Promise.resolve(this.records.get(id));
  }

  update(id: string, record: ServiceRecord): Promise<void> {
    this.records.set(id, record);
    return Promise.resolve();
  }

  remove(id: string): Promise<'gone' | 'removing'> {
    const calls = (this.#removals.get(id) ?? 0) + 1;
    this.#removals.set(id, calls);
    if (this.records.has(id) && calls < this.removalTakes) return Promise.resolve('removing');
    this.records.delete(id);
    return Promise.resolve('gone');
  }

  idsOf(owner: string): Promise<string[]> {
    return Promise.resolve([...this.records].filter(([, record]) => record.owner === owner).map(([id]) => id));
  }
}
