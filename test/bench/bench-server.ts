// An API server for benchmarks in a process of its own, so that what is measured is the client's side alone. Told by messages what to hold and to do.
import { KubeConfig } from '@kubernetes/client-node';
import { createApiServer } from '../../src/apiserver/index.js';
import { KubeClient, httpTransport, isAlreadyExists, seededRandom, systemClock } from '../../src/operator/index.js';
import type { KindRef, KubeObject } from '../../src/operator/index.js';
import { startControlPlane } from '../support/control-plane.js';
import { CONFIG_MAP, GADGET, GADGET_CRD, POD, STAMP, benchPod, configMap, gadget } from './bench-objects.js';

/** What a benchmark asks of its server. `events` changes so many ConfigMaps a second for so many seconds; a rate of 0 is as many as possible. */
export type ServerRequest =
  | { do: 'fill'; pods?: number; configMaps?: number; gadgets?: number }
  /** Changes the spec of every gadget, so that its status is no longer right. */
  | { do: 'change'; gadgets: number }
  | { do: 'events'; rate: number; count: number; objects: number };

/** How the server is reached. */
export interface ServerAddress {
  url: string;
  /** A kubeconfig as text. */
  kubeconfig: string;
}

interface BenchServer extends ServerAddress {
  create(kind: KindRef, object: object): Promise<void> | void;
  /** Stamps objects with the present, all at once. */
  touch(indices: readonly number[]): Promise<void> | void;
  resize(gadget: number): Promise<void> | void;
  /** Writes under way at a time. */
  concurrency: number;
}

/** Of all objects that are changed behind the API server's back. */
const UID = '00000000-0000-4000-8000-000000000000';
const stamp = (): string => (Number(process.hrtime.bigint() / 1_000n) / 1_000).toFixed(3);
const text = (server: string): string => JSON.stringify({
  apiVersion: 'v1', kind: 'Config', 'current-context': 'bench', clusters: [{ name: 'bench', cluster: { server } }], users: [{ name: 'bench', user: {} }], contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
});

async function embedded(): Promise<BenchServer> {
  const server = createApiServer({ garbageCollection: false });
  const { url } = await server.listen();
  const { storage } = server;
  const crd = await server.handle({ method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', headers: { 'content-type': 'application/json' }, body: JSON.stringify(GADGET_CRD) });
  if (crd.status !== 201) throw new Error(`the CRD was refused: ${crd.status}`);
  let made = 0;
  return {
    url, kubeconfig: text(url), concurrency: 1,
    create({ group, plural }, object) {
      const { metadata } = object as { metadata: object };
      storage.create(group ? `${plural}.${group}` : plural, { ...object, metadata: { ...metadata, uid: `uid-${(made += 1)}`, creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 } } as never);
    },
    touch(indices) {
      for (const index of indices) {
        const object = storage.get('configmaps', 'default', `object-${index}`);
        if (object) storage.update('configmaps', { ...object, metadata: { ...object.metadata, annotations: { [STAMP]: stamp() } } });
      }
    },
    resize(index) {
      const object = storage.get('gadgets.bench.example.com', 'default', `gadget-${index}`) as (KubeObject & { spec: { size: number } }) | undefined;
      if (object) storage.update('gadgets.bench.example.com', { ...object, spec: { size: object.spec.size + 1 } } as never);
    },
  };
}

const base64 = (value: string): string => Buffer.from(value).toString('base64');

/**
 * Writes objects where the API server keeps them, in one transaction: thousands of requests a second through the API would leave the cores to
 * nobody else, while an API server's watchers see what is in etcd no matter who has put it there.
 */
async function putInEtcd(url: string, objects: readonly (readonly [key: string, object: object])[]): Promise<void> {
  const success = objects.map(([key, object]) => ({ requestPut: { key: base64(key), value: base64(JSON.stringify(object)) } }));
  const answer = await fetch(`${url}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ success }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${text}`);
}

async function real(): Promise<BenchServer> {
  const plane = await startControlPlane({ flags: { 'kube-apiserver': ['--disable-admission-plugins=ServiceAccount', '--max-requests-inflight=2000', '--max-mutating-requests-inflight=1000', '--storage-media-type=application/json'] } });
  process.once('exit', () => void plane.stop());
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(plane.kubeconfig(plane.adminToken));
  const client = new KubeClient(httpTransport(kubeconfig), { clock: systemClock(), random: seededRandom(1), userAgent: 'bench' });
  await client.create({ group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false }, GADGET_CRD);
  for (;;) if ((await client.raw<{ resources?: object[] }>('/apis/bench.example.com/v1').catch(() => ({ resources: [] }))).resources?.length) break;
  return {
    url: plane.url, kubeconfig: plane.kubeconfig(plane.adminToken), concurrency: 64,
    create: async (kind, object) => void (await client.create(kind, object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    })),
    touch: (indices) => putInEtcd(plane.etcdUrl, indices.map((index) => {
      const object = configMap(index);
      return [`/registry/configmaps/default/object-${index}`, { ...object, metadata: { ...object.metadata, uid: UID, creationTimestamp: '2026-01-01T00:00:00Z', annotations: { [STAMP]: stamp() } } }];
    })),
    resize: async (index) => void (await client.jsonPatch(GADGET, { name: `gadget-${index}`, namespace: 'default' }, [{ op: 'replace', path: '/spec/size', value: 7 + Math.floor(Math.random() * 1e6) }])),
  };
}

/** Runs so many of them at a time. */
async function each(count: number, concurrency: number, run: (index: number) => Promise<void> | void): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const done = run(next++);
      if (done) await done;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}

async function fill(server: BenchServer, { pods = 0, configMaps = 0, gadgets = 0 }: Extract<ServerRequest, { do: 'fill' }>): Promise<void> {
  await each(pods, server.concurrency, (index) => server.create(POD, benchPod(index)));
  await each(configMaps, server.concurrency, (index) => server.create(CONFIG_MAP, configMap(index)));
  await each(gadgets, server.concurrency, (index) => server.create(GADGET, gadget(index)));
}

/** Objects changed at once, at most: etcd takes 128 writes a transaction. */
const BATCH = 100;

/** Returns how many events a second there were. */
async function events(server: BenchServer, { rate, count, objects }: Extract<ServerRequest, { do: 'events' }>): Promise<number> {
  const begun = performance.now();
  let made = 0;
  while (made < count) {
    const due = rate === 0 ? count : Math.min(count, Math.ceil(((performance.now() - begun) / 1_000) * rate));
    const batch = Array.from({ length: Math.min(due - made, BATCH) }, (_, index) => (made + index) % objects);
    made += batch.length;
    if (batch.length > 0) await server.touch(batch);
    await new Promise((resolve) => (rate === 0 ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
  return Math.round(count / ((performance.now() - begun) / 1_000));
}

const server = await (process.argv[2] === 'real' ? real() : embedded());
process.on('message', (request: ServerRequest) => {
  const working = request.do === 'fill' ? fill(server, request) : request.do === 'events' ? events(server, request) : each(request.gadgets, server.concurrency, (index) => server.resize(index));
  working.then((result) => process.send?.({ result }), (error: unknown) => process.send?.({ error: String(error) }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ result: { url: server.url, kubeconfig: server.kubeconfig } satisfies ServerAddress });
