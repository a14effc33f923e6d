import { expect } from 'chai';
import type { ActiveRun, WriteRecord } from '../causality/active-run.js';
import type { Cache, Trigger } from '../context.js';
import type { ReconcilerPlan } from '../dsl/plan.js';
import type { RunResult } from '../engine/run.js';
import { ConfigMap } from '../kinds/core.js';
import type { KubeObject } from '../kube/object.js';
import type { Rest } from './echo-filter.js';
import { EchoFilter } from './echo-filter.js';
import { TrackedCache } from './tracked-cache.js';

const object = (kind: string, name: string, resourceVersion: string, uid = `uid of ${name}`): KubeObject =>
  ({ apiVersion: 'v1', kind, metadata: { name, uid, resourceVersion, creationTimestamp: '2024-01-01T00:00:00Z', labels: {}, annotations: {} } });

const OWN: Trigger = { cause: 'object', source: 'Node n', at: 0, seen: { uid: 'u', resourceVersion: '2', deleted: false }, by: { controller: 'c', key: 'n', at: 0 } };

const patch = (name: string, from: string | undefined, resourceVersion: string): WriteRecord => ({ verb: 'patch', object: name, fields: [], at: 0, duration: 0, resourceVersion, ...(from ? { from } : {}) });

interface Run { settles?: boolean; outcome?: RunResult['outcome']; requeueAfter?: number; writes?: readonly WriteRecord[] }

/** A filter that has seen one run, which found the node at version 1, read the map `m`, and wrote `writes`: without any, the node is left at version 2. */
function rested({ settles = true, outcome = 'success', requeueAfter, writes = [patch('Node n', '1', '2')] }: Run = {}) {
  const maps = new Map([['m', object('ConfigMap', 'm', '1')]]);
  const cache = { get: (_type: unknown, name: string) => maps.get(name), list: () => [...maps.values()] } as unknown as Cache;
  const filter = new EchoFilter({ name: 'c', settles } as ReconcilerPlan, cache);
  const run = (resourceVersion: string, triggers: readonly Trigger[] = [OWN]): ActiveRun => ({ item: { key: 'n' }, object: object('Node', 'n', resourceVersion), triggers, writes }) as unknown as ActiveRun;
  const tracked = new TrackedCache(cache);
  tracked.get(ConfigMap, 'm');
  tracked.list(ConfigMap);
  filter.ended(run('1'), tracked, { outcome, steps: [], ...(requeueAfter === undefined ? {} : { requeueAfter }) } as unknown as RunResult, 0);
  const news = (write: WriteRecord, steps: string[] = []): string[] =>
    filter.news({ writes: [write] } as unknown as ActiveRun, filter.skips(run('2'), 0) as Rest, { steps: steps.map((result) => ({ name: 'end', result })) } as unknown as RunResult);
  return { maps, news, skips: (resourceVersion = '2', triggers?: readonly Trigger[], now = 0): boolean => filter.skips(run(resourceVersion, triggers), now) !== undefined };
}

describe('the filter of echoes', () => {
  it('skips a run on what the last one left', () => {
    expect(rested().skips()).to.equal(true);
  });

  it('follows what the last run made of what it saw, write by write, and nothing that came in with a write', () => {
    const left = (...writes: WriteRecord[]): boolean => rested({ writes }).skips('5');
    expect(left(patch('Node n', '1', '3'), patch('Node n', '3', '5')), 'two patches, each of what it knew').to.equal(true);
    expect(left(patch('Node n', '1', '3'), patch('Node n', '4', '5')), 'the second one on top of what somebody else wrote').to.equal(false);
    expect(left({ ...patch('Node n', undefined, '5'), verb: 'delete' }), 'its own deletion: the finalizers have not run').to.equal(false);
    expect(left({ ...patch('Node n', undefined, '5'), verb: 'apply' }), 'an apply, which nothing locks').to.equal(false);
    expect(left(patch('Node n', '1', '1'), patch('Node n', '1', '5')), 'a write without effect before it').to.equal(true);
  });

  it('skips nothing when the object is another state, or something else woke the key as well', () => {
    const { skips } = rested();
    expect(skips('3')).to.equal(false);
    const others: Trigger[] = [
      { ...OWN, by: { controller: 'c', key: 'another', at: 0 } }, { ...OWN, by: { controller: 'another', key: 'n', at: 0 } },
      { cause: 'requeue', source: 'it was asked for', at: 0 }, { ...OWN, seen: { uid: 'u', resourceVersion: '2', deleted: true } },
    ];
    for (const other of others) expect(skips('2', [OWN, other])).to.equal(false);
    expect(skips('2', []), 'without a reason').to.equal(false);
    expect(skips('2', Array.from({ length: 10 }, () => OWN)), 'more reasons than are kept').to.equal(false);
  });

  it('skips nothing when something that was read has changed, gone, come, or been made anew', () => {
    const changes: ((maps: Map<string, KubeObject>) => void)[] = [
      (maps) => maps.set('m', object('ConfigMap', 'm', '2')), (maps) => maps.clear(), (maps) => maps.set('other', object('ConfigMap', 'other', '1')),
      (maps) => maps.set('m', object('ConfigMap', 'm', '1', 'another')),
    ];
    for (const change of changes) {
      const { maps, skips } = rested();
      change(maps);
      expect(skips()).to.equal(false);
    }
  });

  it('knows what the run itself wrote to others', () => {
    const { maps, skips } = rested({ writes: [patch('Node n', '1', '2'), patch('ConfigMap m', '1', '5')] });
    maps.set('m', object('ConfigMap', 'm', '5'));
    expect(skips()).to.equal(true);
    maps.set('m', object('ConfigMap', 'm', '6'));
    expect(skips()).to.equal(false);
  });

  it('skips nothing after a failure, nor when the look is due that was asked for', () => {
    expect(rested({ outcome: 'error' }).skips()).to.equal(false);
    const { skips } = rested({ requeueAfter: 1_000 });
    expect([skips('2', [OWN], 999), skips('2', [OWN], 1_000)]).to.deep.equal([true, false]);
  });

  it('tells the test bed what a run would have been missed for', () => {
    const { news } = rested();
    expect(news(patch('Node n', '2', '3'))).to.deep.equal(['patch Node n']);
    expect(news(patch('Node n', '2', '2')), 'without effect').to.deep.equal([]);
    expect(news({ ...patch('Node n', undefined, '2'), fields: ['metadata.finalizers'] }), 'its answer has the last state of an object that is gone').to.deep.equal(['patch Node n metadata.finalizers']);
    expect(news({ ...patch('Node n', undefined, '2'), verb: 'apply' }), 'an apply without effect').to.deep.equal([]);
    const applied: WriteRecord = { ...patch('Node n', undefined, '4'), verb: 'apply' };
    expect(news({ ...applied, since: '4' }, ['met']), 'an apply that changed nothing, and was answered with what somebody else had written before it: a watch will tell').to.deep.equal([]);
    expect(news({ ...applied, since: '3' }), 'one that did change something').to.deep.equal(['apply Node n']);
    expect(news({ ...patch('Node n', '2', ''), error: 'no' }, ['held']), 'a finalizer that only touches the world').to.deep.equal(['call end']);
    expect(news(patch('Node n', '2', '2'), ['blocked', 'latched']), 'steps that were not called').to.deep.equal([]);
  });

  it('looks once at what a run wrote that does not promise to settle', () => {
    const { skips } = rested({ settles: false });
    expect([skips('1'), skips('2')]).to.deep.equal([true, false]);
  });
});
