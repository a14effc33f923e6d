// One operator, from its start until it has nothing left to do, in a process of its own: `operator-run KUBECONFIG pods|gadgets COUNT`. Prints what it took as JSON, as peers/operator does.
import { readFileSync } from 'node:fs';
import { Field, Pod, Reconciler, Resource, ResourceKind, Step, done, s } from '../../src/operator/index.js';
import type { Outcome, ReconcilerClass } from '../../src/operator/index.js';
import { benchOperator } from './bench-client.js';

const [, , file = '', mode = 'pods', count = '0'] = process.argv;
let [runs, left] = [0, Number(count)];
let finish: () => void = () => undefined;
const finished = new Promise<void>((resolve) => (finish = resolve));
const oneDone = (): void => {
  if ((left -= 1) === 0) finish();
};

class GadgetSpec {
  @Field(s.int()) declare size: number;
}

class GadgetStatus {
  @Field(s.int().optional()) declare size?: number;
}

@ResourceKind({ group: 'bench.example.com', version: 'v1', kind: 'Gadget', scope: 'Namespaced', spec: () => GadgetSpec, status: () => GadgetStatus })
class Gadget extends Resource<GadgetSpec, GadgetStatus> {}

/** Has nothing to do. */
@Reconciler({ for: Pod, name: 'pods', root: false, concurrency: 10 })
class Pods {
  @Step() look(): Outcome {
    runs += 1;
    oneDone();
    return done();
  }
}

/** Writes the size of each gadget into its status. */
@Reconciler({ for: Gadget, name: 'gadgets', root: false, concurrency: 32 })
class Gadgets {
  @Step() size({ spec, status }: Gadget): Outcome {
    runs += 1;
    if (status.size !== spec.size) oneDone();
    status.size = spec.size;
    return done();
  }
}

const reconciler: ReconcilerClass = mode === 'gadgets' ? Gadgets : Pods;
const operator = benchOperator({ url: '', kubeconfig: readFileSync(file, 'utf8') }, { reconcilers: [reconciler] });
const resident = (): number => process.memoryUsage().rss / 2 ** 20;
const [rss, cpu, begun] = [resident(), process.cpuUsage(), performance.now()];
const stop = new AbortController();
const running = operator.run({ signal: stop.signal });
await Promise.race([operator.ready(), running]);
const syncedMs = Math.round(performance.now() - begun);
await finished;
const finishedMs = Math.round(performance.now() - begun);
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ objects: Number(count), syncedMs, finishedMs, cpuMs: Math.round((user + system) / 1_000), rssGrowthMiB: Math.round(resident() - rss), runs }));
stop.abort(new Error('over'));
await running;
