import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../dsl/compile.js';
import { Condition, Finalizer, Reconciler, Step } from '../dsl/decorators.js';
import { ResourceKind } from '../dsl/kind-decorators.js';
import { done, met, released, waiting } from '../dsl/outcome.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { StepContext } from '../context.js';
import { FakeHost } from './fake-host.test-support.js';
import { KeyMemory } from './memory.js';
import type { RunResult } from './run.js';
import { runKey } from './run.js';

interface Spec { wanted: number }
interface Status { instance?: string; seen?: number }
@ResourceKind({
  group: 'test.example.com', version: 'v1', kind: 'Machine', scope: 'Cluster',
  spec: () => s.object({ wanted: s.int() }), status: () => s.object({ instance: s.string().optional(), seen: s.int().optional() }),
})
class Machine extends Resource<Spec, Status, 'Launched' | 'Seen' | 'Drifted'> {}

/** What there is outside Kubernetes: instances by client token. */
let cloud: Map<string, string>;

@Reconciler({ for: Machine, name: 'launcher', jitter: 0 })
class Launcher {
  @Condition('Launched', { latch: true })
  async launch(machine: Machine, ctx: StepContext<Machine>): Promise<Outcome> {
    machine.status.instance = await ctx.once('instance', () => {
      const known = cloud.get(ctx.idempotencyKey) ?? `i-${cloud.size}`;
      cloud.set(ctx.idempotencyKey, known);
      return known;
    });
    machine.metadata.labels['launched-by'] = 'launcher';
    return met();
  }
  @Finalizer('launcher.example.com/instance')
  terminate(machine: Machine): Release {
    for (const [clientToken, instance] of cloud) if (instance === machine.status.instance) cloud.delete(clientToken);
    return released();
  }
}
@Reconciler({ for: Machine, name: 'observer', jitter: 0 })
class Observer {
  @Condition('Seen')
  see(machine: Machine): Outcome {
    if (machine.status.instance === undefined) return waiting('NoInstance');
    machine.status.seen = machine.spec.wanted;
    return met();
  }
  @Step({ after: ['Seen'] })
  mark(machine: Machine, ctx: StepContext<Machine>): Outcome {
    if (machine.spec.wanted % 2 === 1) ctx.mark('Drifted', met());
    else ctx.clear('Drifted');
    machine.metadata.annotations['observed'] = String(machine.spec.wanted);
    return done();
  }
  @Finalizer('observer.example.com/records')
  forget(): Release { return released(); }
}

type Fault = 'none' | 'refused' | 'answer lost' | 'raced by the user' | 'raced by the other' | 'restarted';
const moves = fc.array(fc.record({
  who: fc.constantFrom('launcher', 'observer', 'user'),
  fault: fc.constantFrom<Fault>('none', 'refused', 'answer lost', 'raced by the user', 'raced by the other', 'restarted'),
  stale: fc.boolean(),
}), { maxLength: 25 });

const isLaunched = ({ status }: Machine): boolean => status.conditions?.some(({ type, status: value }) => type === 'Launched' && value === 'True') ?? false;

/** Two reconcilers and a user at one object, with everything that can go wrong between them and the API server. */
class World {
  readonly host: FakeHost<Machine>;
  readonly #plans = compile([Launcher, Observer]).reconcilers;
  readonly #instances = { launcher: new Launcher(), observer: new Observer() };
  #memories = { launcher: new KeyMemory(), observer: new KeyMemory() };
  /** What a cache that lags behind still shows. */
  #stale: Machine | undefined;

  constructor() {
    cloud = new Map();
    this.host = new FakeHost<Machine>({
      apiVersion: 'test.example.com/v1', kind: 'Machine', spec: { wanted: 1 }, status: {},
      metadata: { name: 'm', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} },
    });
  }

  edit(): void {
    this.host.change((machine) => {
      machine.spec.wanted += 1;
      machine.metadata.generation = (machine.metadata.generation ?? 0) + 1;
      machine.metadata.labels[`user-${machine.spec.wanted}`] = '';
    });
  }

  async run(who: 'launcher' | 'observer', fault: Fault = 'none', stale = false): Promise<RunResult> {
    const object = stale && this.#stale ? this.#stale : this.host.object;
    this.#stale = this.host.object;
    if (fault === 'restarted') this.#memories = { launcher: new KeyMemory(), observer: new KeyMemory() };
    if (fault === 'raced by the user') this.host.beforeWrite = () => { this.host.beforeWrite = undefined; this.edit(); };
    if (fault === 'raced by the other') {
      this.host.beforeWrite = async () => {
        this.host.beforeWrite = undefined;
        await this.run(who === 'launcher' ? 'observer' : 'launcher');
      };
    }
    if (fault === 'refused') this.host.beforeWrite = () => { throw new Error('connection refused'); };
    this.host.loseAnswers = fault === 'answer lost';
    const plan = this.#plans.find(({ name }) => name === who)!;
    const result = await runKey({ plan, instance: this.#instances[who], object, host: this.host, memory: this.#memories[who], triggers: [], attempt: 0 });
    this.host.beforeWrite = undefined;
    this.host.loseAnswers = false;
    // A removed object: the API server does it with the last finalizer.
    if (this.host.object?.metadata.deletionTimestamp !== undefined && (this.host.object.metadata.finalizers ?? []).length === 0) this.host.object = undefined;
    return result;
  }

  /** What no write of anybody may ever undo. */
  check(before: Machine): void {
    const after = this.host.object;
    if (!after || before.metadata.deletionTimestamp !== undefined) return;
    expect(Object.keys(after.metadata.labels)).to.include.members(Object.keys(before.metadata.labels));
    expect(after.metadata.finalizers ?? []).to.include.members(before.metadata.finalizers ?? []);
    if (isLaunched(before)) expect(isLaunched(after)).to.equal(true);
    if (before.status.instance !== undefined) expect(after.status.instance).to.equal(before.status.instance);
    const seen = (machine: Machine): number => machine.status.conditions?.find(({ type }) => type === 'Seen')?.observedGeneration ?? 0;
    expect(seen(after), 'a condition never goes back in time').to.be.at.least(seen(before));
  }

  /** Runs both until neither has anything to write. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const results = [await this.run('launcher'), await this.run('observer')];
      if (results.every(({ outcome, writes }) => outcome === 'gone' || (outcome === 'success' && writes === 0))) return;
    }
    throw new Error('two reconcilers of one kind never come to rest');
  }
}

describe('reconcilers of one kind, whatever goes wrong between them', () => {
  it('come to rest at the same state: every condition met, no label lost, one instance', async () => {
    await fc.assert(fc.asyncProperty(moves, async (history) => {
      const world = new World();
      for (const { who, fault, stale } of history) {
        const earlier = world.host.object as Machine;
        if (who === 'user') world.edit();
        else await world.run(who, fault, stale);
        world.check(earlier);
      }
      await world.settle();
      const machine = world.host.object as Machine;
      const { wanted } = machine.spec;
      expect(Object.fromEntries((machine.status.conditions ?? []).map(({ type, status, observedGeneration }) => [type, `${status}@${observedGeneration}`]))).to.include({
        Launched: `True@${machine.metadata.generation}`, Seen: `True@${machine.metadata.generation}`, Ready: `True@${machine.metadata.generation}`,
      });
      expect((machine.status.conditions ?? []).some(({ type }) => type === 'Drifted')).to.equal(wanted % 2 === 1);
      expect(machine.status.seen).to.equal(wanted);
      expect(machine.metadata.annotations).to.deep.equal({ observed: String(wanted) });
      const users = Array.from({ length: wanted - 1 }, (_, at) => `user-${at + 2}`);
      expect(Object.keys(machine.metadata.labels)).to.have.members(['launched-by', ...users]);
      expect(machine.metadata.finalizers).to.have.members(['launcher.example.com/instance', 'observer.example.com/records']);
      expect([...cloud.values()]).to.deep.equal([machine.status.instance]);
    }), {
      numRuns: 200,
      examples: [[[
        { who: 'launcher', fault: 'raced by the other', stale: false },
        { who: 'observer', fault: 'raced by the user', stale: true },
        { who: 'observer', fault: 'none', stale: true },
      ]]],
    });
  });

  it('let a deleted object go, and nothing of it is left', async () => {
    await fc.assert(fc.asyncProperty(moves, moves, async (before, after) => {
      const world = new World();
      for (const { who, fault, stale } of before) if (who !== 'user') await world.run(who, fault, stale);
      await world.settle();
      world.host.change((machine) => { machine.metadata.deletionTimestamp = '2026-01-01T01:00:00Z'; machine.metadata.generation = (machine.metadata.generation ?? 0) + 1; });
      for (const { who, fault } of after) if (who !== 'user') await world.run(who, fault);
      await world.settle();
      expect(world.host.object).to.equal(undefined);
      expect([...cloud.values()]).to.deep.equal([]);
    }), { numRuns: 100 });
  });
});
