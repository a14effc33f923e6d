import { createApiServer } from '../../src/apiserver/index.js';
import type { ApiServer } from '../../src/apiserver/index.js';
import { KubeClient, handlerTransport, systemClock, systemRandom } from '../../src/operator/index.js';
import type { KindRef, KubeObject } from '../../src/operator/index.js';

const CONFIG_MAP: KindRef = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const LEASE: KindRef = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

interface LedgerMap extends KubeObject { data?: { writer?: string } }
interface HeldLease extends KubeObject { spec: { holderIdentity: string; leaseTransitions?: number } }

/** What happened, in the order in which the API server stored it: who was given the lease (nobody: ''), and who wrote. */
export type Entry = { readonly version: number; readonly holder: string } | { readonly version: number; readonly writer: string };

/** An API server over HTTP, and all that replicas do to a lease and to the object that they write. */
export class Ledger {
  url = '';
  private readonly entries: Entry[] = [];
  private readonly server: ApiServer = createApiServer();
  private readonly stop = new AbortController();
  private readonly waiting = new Set<() => void>();
  private readonly client = new KubeClient(handlerTransport(this.server), { clock: systemClock(), random: systemRandom });

  async open(): Promise<this> {
    ({ url: this.url } = await this.server.listen({ port: 0 }));
    const { metadata } = await this.client.create<KubeObject>(CONFIG_MAP, { metadata: { name: 'ledger', namespace: 'default' } });
    void this.follow(CONFIG_MAP, metadata.resourceVersion, (object) => ({ writer: (object as LedgerMap).data?.writer ?? '' }));
    void this.follow(LEASE, metadata.resourceVersion, (object) => ({ holder: (object as HeldLease).spec.holderIdentity }));
    return this;
  }

  /** Stores objects beside the ledger, for caches to hold. */
  async fill(objects: number): Promise<void> {
    for (let index = 0; index < objects; index += 1) {
      await this.client.create(CONFIG_MAP, { metadata: { name: `filler-${index}`, namespace: 'kube-system' }, data: { text: 'x'.repeat(200) } });
    }
  }

  async close(): Promise<void> {
    this.stop.abort(new Error('over'));
    await this.server.close();
  }

  /** Everything so far, in order. */
  get log(): readonly Entry[] {
    return [...this.entries].sort((left, right) => left.version - right.version);
  }

  /** The first write of somebody from now on. */
  async writtenBy(identity: string): Promise<void> {
    const from = Math.max(0, ...this.entries.map(({ version }) => version));
    while (!this.entries.some((entry) => 'writer' in entry && entry.writer === identity && entry.version > from)) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  /** Who held the lease, one after the other. */
  get holders(): string[] {
    return this.log.flatMap((entry) => ('holder' in entry ? [entry.holder] : [])).filter((holder, index, all) => holder !== all[index - 1]);
  }

  /** Writes of somebody who did not hold the lease at that moment. */
  get trespasses(): Entry[] {
    let holder = '';
    return this.log.filter((entry) => {
      if ('holder' in entry) ({ holder } = entry);
      return 'writer' in entry && entry.writer !== holder;
    });
  }

  private async follow(kind: KindRef, resourceVersion: string, read: (object: KubeObject) => { writer: string } | { holder: string }): Promise<void> {
    try {
      for await (const { type, object } of this.client.watch(kind, { namespace: 'default', resourceVersion, signal: this.stop.signal })) {
        if (type !== 'ADDED' && type !== 'MODIFIED') continue;
        this.entries.push({ version: Number(object.metadata.resourceVersion), ...read(object) });
        for (const resolve of this.waiting) resolve();
        this.waiting.clear();
      }
    } catch {
      // The test is over.
    }
  }
}
