import { expect } from 'chai';
import fc from 'fast-check';
import type { Condition, KubeObject } from '../kube/object.js';
import { clearCondition, computeRoot, conditionOf, conditionsOf, initializeConditions, isMet, setCondition, sortConditions, timestamp } from './conditions.js';

const TYPES = ['Launched', 'Registered', 'Initialized'] as const;
const ROOT = { type: 'Ready', dependents: TYPES, tentative: [] };
const CREATED = Date.parse('2026-01-01T00:00:00Z');

const fresh = (): KubeObject => ({
  apiVersion: 'v1', kind: 'Thing',
  metadata: { name: 'a', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: timestamp(CREATED), labels: {}, annotations: {} },
});

type Operation =
  | { do: 'set'; type: (typeof TYPES)[number]; status: Condition['status']; reason: string }
  | { do: 'spec' }
  | { do: 'wait'; seconds: number };

const operations = fc.array(fc.oneof(
  fc.record({ do: fc.constant('set' as const), type: fc.constantFrom(...TYPES), status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const), reason: fc.constantFrom('One', 'Two') }),
  fc.record({ do: fc.constant('spec' as const) }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 90 }) }),
), { maxLength: 40 });

/** The rules of karpenter-core §1.8 once more, over a table of facts instead of over conditions. */
class Model {
  generation = 1;
  now = CREATED;
  readonly facts = new Map<string, { status: Condition['status']; reason: string; since: number; generation: number }>();
  constructor() {
    for (const type of TYPES) this.facts.set(type, { status: 'Unknown', reason: 'AwaitingReconciliation', since: CREATED, generation: 1 });
  }

  set(type: string, status: Condition['status'], reason: string): void {
    const before = this.facts.get(type);
    this.facts.set(type, { status, reason, since: before?.status === status ? before.since : this.now, generation: this.generation });
  }

  get ready(): { status: Condition['status']; reason: string; unhealthy: Set<string> } {
    const healthy = ([, fact]: readonly [string, { status: string; generation: number }]): boolean => fact.status === 'True' && fact.generation === this.generation;
    const unhealthy = [...this.facts].filter((entry) => !healthy(entry));
    const names = new Set(unhealthy.map(([type, fact]) => `${type}=${fact.status}`));
    if (names.size === 0) return { status: 'True', reason: 'Ready', unhealthy: names };
    const broken = unhealthy.some(([, fact]) => fact.status === 'False' && fact.generation === this.generation);
    return broken ? { status: 'False', reason: 'UnhealthyDependents', unhealthy: names } : { status: 'Unknown', reason: 'ReconcilingDependents', unhealthy: names };
  }
}

describe('conditions, whatever happens to an object', () => {
  const play = (history: readonly Operation[], check: (object: KubeObject, model: Model) => void): void => {
    const object = fresh();
    const model = new Model();
    initializeConditions(object, TYPES);
    for (const operation of history) {
      if (operation.do === 'wait') model.now += operation.seconds * 1_000;
      else if (operation.do === 'spec') object.metadata.generation = ++model.generation;
      else {
        model.set(operation.type, operation.status, operation.reason);
        setCondition(object, { ...operation, message: '' }, timestamp(model.now));
      }
      computeRoot(object, ROOT, model.now);
      check(object, model);
    }
  };

  it('each says what was set last, for which generation, and since when the status has not changed', () => {
    fc.assert(fc.property(operations, (history) => play(history, (object, { facts }) => {
      for (const [type, { status, reason, since, generation }] of facts) {
        expect(conditionOf(object, type)).to.include({ type, status, reason, lastTransitionTime: timestamp(since), observedGeneration: generation });
      }
    })));
  });

  it('the root is True exactly when all are True at the current generation, and False exactly when one is False at it', () => {
    fc.assert(fc.property(operations, (history) => play(history, (object, model) => {
      const root = conditionOf(object, 'Ready');
      expect({ status: root?.status, reason: root?.reason }).to.deep.equal({ status: model.ready.status, reason: model.ready.reason });
      expect(root?.observedGeneration).to.equal(model.generation);
      expect(isMet(object, 'Ready')).to.equal(model.ready.status === 'True');
    })));
  });

  it('the root names exactly those that are not met, the latest transition first', () => {
    fc.assert(fc.property(operations, (history) => play(history, (object, { facts, ready }) => {
      const named = (conditionOf(object, 'Ready')?.message ?? '').split(', ').filter((name) => name !== '');
      expect(new Set(named)).to.deep.equal(ready.unhealthy);
      const times = named.map((name) => facts.get(name.split('=')[0] as string)?.since as number);
      expect(times).to.deep.equal([...times].sort((a, b) => b - a));
    })));
  });

  it('the stored order is by transition time with the root last', () => {
    fc.assert(fc.property(operations, (history) => play(history, (object) => {
      sortConditions(object, 'Ready');
      const sorted = conditionsOf(object);
      expect(sorted.at(-1)?.type).to.equal('Ready');
      const times = sorted.slice(0, -1).map(({ lastTransitionTime }) => Date.parse(lastTransitionTime));
      expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    })));
  });
});

describe('a condition', () => {
  it('that somebody left without a transition time gets one', () => {
    const object = fresh();
    (object as { status?: unknown }).status = { conditions: [{ type: 'A', status: 'True' }] };
    setCondition(object, { type: 'A', status: 'True', reason: 'A', message: '' }, timestamp(CREATED));
    expect(conditionOf(object, 'A')).to.include({ lastTransitionTime: timestamp(CREATED) });
  });

  it('that is set to what it is leaves the object as it was', () => {
    const object = fresh();
    setCondition(object, { type: 'A', status: 'True', reason: 'A', message: '' }, timestamp(CREATED));
    const before = conditionsOf(object);
    setCondition(object, { type: 'A', status: 'True', reason: 'A', message: '' }, timestamp(CREATED + 9_000));
    expect(conditionsOf(object)).to.equal(before);
  });

  it('of an object without generation has none either, and counts as current', () => {
    const object = fresh();
    delete object.metadata.generation;
    setCondition(object, { type: 'A', status: 'True', reason: 'A', message: '' }, timestamp(CREATED));
    expect(conditionOf(object, 'A')).not.to.have.property('observedGeneration');
    expect(isMet(object, 'A')).to.equal(true);
  });

  it('that is cleared is gone, and clearing what is not there changes nothing', () => {
    const object = fresh();
    clearCondition(object, 'A');
    expect(object).not.to.have.property('status');
    setCondition(object, { type: 'A', status: 'True', reason: 'A', message: '' }, timestamp(CREATED));
    clearCondition(object, 'A');
    expect(conditionsOf(object)).to.deep.equal([]);
  });

  it('that another reconciler may have switched off counts only while it is there', () => {
    const object = fresh();
    const root = { type: 'Ready', dependents: ['A', 'B'], tentative: ['B'] };
    setCondition(object, { type: 'A', status: 'True', reason: 'A', message: '' }, timestamp(CREATED));
    computeRoot(object, root, CREATED);
    expect(conditionOf(object, 'Ready')?.status).to.equal('True');
    setCondition(object, { type: 'B', status: 'Unknown', reason: 'B', message: '' }, timestamp(CREATED));
    computeRoot(object, root, CREATED);
    expect(conditionOf(object, 'Ready')?.status).to.equal('Unknown');
  });
});
