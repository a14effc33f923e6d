import { expect } from 'chai';
import type { RunResult } from '../engine/run.js';
import type { KubeObject } from '../kube/object.js';
import { WorkQueue } from '../queue/work-queue.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { ActiveRun } from './active-run.js';
import type { RecordLimits } from './recorder.js';
import { Recorder } from './recorder.js';
import { WriteOrigins } from './write-origins.js';

const result = (change: Partial<RunResult> = {}): RunResult => ({ outcome: 'success', terminal: false, writes: 0, steps: [], transitions: [], ...change });
const waitingFor = (message: string): RunResult => result({ steps: [{ name: 'launch', result: 'waiting', startedAt: 0, duration: 0, message }] });
const answer = (uid: string, resourceVersion: string): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: uid, uid, resourceVersion } }) as KubeObject;
const NODE = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

describe('The recorder of a controller', () => {
  const world = (limits: Partial<RecordLimits> = {}) => {
    const clock = new VirtualClock();
    const origins = new WriteOrigins();
    const recorder = new Recorder({ controller: 'demo', clock, origins, tracing: undefined }, limits);
    const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: { base: 1_000, max: 60_000, jitter: 0 } });
    const begin = (key: string): ActiveRun => recorder.begin({ key, priority: 0, attempt: 0, waited: 0 }, undefined);
    const run = (key: string, end: RunResult = result()): void => recorder.ended(begin(key), end);
    return { clock, origins, recorder, begin, run, report: (key: string) => recorder.report(key, queue) };
  };

  it('keeps runs that repeat the one before as one, until something differs', async () => {
    const { clock, run, report } = world();
    for (let time = 0; time < 4; time += 1) {
      run('a', waitingFor('no capacity'));
      await clock.advance('1m');
    }
    run('a', waitingFor('no subnet'));
    const runs = report('a').runs;
    expect(runs.map(({ repeated, since, startedAt, result: { steps } }) => [steps[0]?.message, repeated, (startedAt - since) / 60_000])).to.deep.equal([['no capacity', 3, 3], ['no subnet', 0, 0]]);
  });

  it('never counts a run that wrote something among repetitions', async () => {
    const { begin, run, recorder, report } = world();
    run('a');
    const writing = begin('a');
    await writing.observe({ verb: 'patch', kind: NODE, name: 'n', namespace: undefined, fields: ['spec.taints'] }, async () => answer('n', '7'));
    recorder.ended(writing, result());
    run('a');
    expect(report('a').runs.map(({ writes }) => writes.map(({ object, fields, resourceVersion }) => `${object} ${fields.join()} ${resourceVersion}`))).to.deep.equal([[], ['Node n spec.taints 7'], []]);
  });

  it('keeps so many runs of a key, and so many of all keys beyond the last ones', () => {
    const { run, recorder, report } = world({ runs: 3, earlierRuns: 4 });
    for (let time = 0; time < 5; time += 1) run('a', waitingFor(`a${time}`));
    expect(report('a').runs.map(({ result: { steps } }) => steps[0]?.message)).to.deep.equal(['a2', 'a3', 'a4']);
    for (let time = 0; time < 3; time += 1) run('b', waitingFor(`b${time}`));
    expect(recorder.size).to.equal(6);
    run('c', waitingFor('c0'));
    run('c', waitingFor('c1'));
    expect(report('a').runs.map(({ result: { steps } }) => steps[0]?.message), 'the key whose news are the oldest').to.deep.equal(['a4']);
    expect([report('b').runs.length, report('c').runs.length, recorder.size]).to.deep.equal([3, 2, 6]);
  });

  it('keeps what went on with the objects that went last', () => {
    const { run, recorder, report } = world({ goneKeys: 2 });
    for (const key of ['a', 'b', 'c']) {
      run(key);
      run(key, result({ outcome: 'gone' }));
    }
    expect(['a', 'b', 'c'].map((key) => report(key).runs.length)).to.deep.equal([0, 2, 2]);
    expect(recorder.size).to.equal(4);
  });

  it('begins a run for what is due, and drops looks that were due later', async () => {
    const { clock, begin, recorder, report } = world();
    recorder.note('a', { cause: 'requeue', source: 'recheck of Ready', at: clock.now() + 60_000 });
    recorder.note('a', { cause: 'event', source: 'a message', at: clock.now() });
    expect(report('a').pending).to.have.length(2);
    expect(begin('a').triggers.map(({ source }) => source)).to.deep.equal(['a message']);
    await clock.advance('2m');
    expect(begin('a').triggers).to.deep.equal([]);
  });

  it('traces what a watch shows to the run that wrote it, even if the answer comes after the watch', async () => {
    const { origins, begin, recorder, report, clock } = world();
    const at = clock.now();
    const writer = begin('writer');
    let arrive: (object: KubeObject) => void = () => undefined;
    const sent = writer.observe({ verb: 'patch', kind: NODE, name: 'n', namespace: undefined }, () => new Promise<KubeObject>((resolve) => (arrive = resolve)));
    recorder.note('woken', { cause: 'watch', source: 'Node n', at, seen: { uid: 'n', resourceVersion: '7', deleted: false } });
    recorder.note('woken', { cause: 'watch', source: 'Node m', at, seen: { uid: 'm', resourceVersion: '8', deleted: false } });
    const woken = begin('woken');
    arrive(answer('n', '7'));
    await sent;
    recorder.ended(woken, result());
    expect(report('woken').runs[0]?.triggers.map(({ source, by }) => [source, by?.controller, by?.key])).to.deep.equal([['Node n', 'demo', 'writer'], ['Node m', undefined, undefined]]);
    await writer.observe({ verb: 'delete', kind: NODE, name: 'm', namespace: undefined, uid: 'm' }, async () => ({ kind: 'Status' }));
    expect(origins.of({ uid: 'm', resourceVersion: '9', deleted: true })?.key).to.equal('writer');
    expect(origins.of({ uid: 'm', resourceVersion: '9', deleted: false }), 'what still lives').to.equal(undefined);
    expect(origins.of({ uid: 'other', resourceVersion: '7', deleted: false }), 'the same version of another object').to.equal(undefined);
  });

  it('remembers the latest ten thousand writes', () => {
    const { origins } = world();
    for (let version = 0; version < 10_050; version += 1) origins.wrote(answer('n', String(version)), { controller: 'demo', key: 'n', at: version });
    expect(origins.size).to.equal(10_000);
    expect([origins.of({ uid: 'n', resourceVersion: '49', deleted: false }), origins.of({ uid: 'n', resourceVersion: '50', deleted: false })?.at]).to.deep.equal([undefined, 50]);
  });
});
