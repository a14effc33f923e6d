import { expect } from 'chai';
import fc from 'fast-check';
import type { Condition, KubeObject } from '../kube/object.js';
import { writeSetOf, mergePatchOf } from './diff.js';
import { applyMergePatch } from './fake-host.test-support.js';
import { cloneJSON, equalJSON } from './json.js';
import { rebase } from './rebase.js';

interface Thing extends KubeObject {
  spec: Record<string, unknown>;
  status: { conditions?: Condition[]; [field: string]: unknown };
}

const keys = fc.constantFrom('a', 'b', 'c', 'd');
const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y'), fc.boolean(), fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }));
/** JSON objects without null, which merge patches cannot write. */
const tree = fc.letrec<{ node: Record<string, unknown> }>((tie) => ({
  node: fc.dictionary(keys, fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('node')), { maxKeys: 4 }),
})).node;
const condition: fc.Arbitrary<Condition> = fc.record({
  type: fc.constantFrom('A', 'B', 'C', 'D'), status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const), reason: fc.constantFrom('R', 'S'),
  message: fc.constant(''), lastTransitionTime: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'),
});
const conditions = fc.uniqueArray(condition, { selector: ({ type }) => type });
const taint = fc.record({ key: fc.constantFrom('t', 'u', 'v'), effect: fc.constantFrom('NoSchedule', 'NoExecute') });
const thing: fc.Arbitrary<Thing> = fc.record({ labels: fc.dictionary(keys, fc.constantFrom('1', '2')), finalizers: fc.uniqueArray(keys), spec: tree, taints: fc.uniqueArray(taint, { selector: ({ key, effect }) => key + effect }), status: tree, conditions })
  .map(({ labels, finalizers, spec, taints, status, conditions }) => ({
    apiVersion: 'v1', kind: 'Thing',
    metadata: { name: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels, annotations: {}, finalizers },
    spec: { ...spec, taints }, status: { ...status, conditions },
  }));

const owned = (type: string): boolean => type === 'A' || type === 'B';
const byType = (list: readonly Condition[] = []): Record<string, Condition> => Object.fromEntries(list.map((item) => [item.type, item]));

describe('merge patches', () => {
  it('make the draft of the base, whatever they are', () => {
    fc.assert(fc.property(tree, tree, (base, draft) => {
      const patch = mergePatchOf(base, draft);
      expect(patch === undefined).to.equal(equalJSON(base, draft));
      expect(applyMergePatch(base, patch ?? {})).to.deep.equal(draft);
    }));
  });

  it('say nothing about server-owned metadata, and nothing when nothing changed', () => {
    fc.assert(fc.property(thing, (base) => {
      const draft = cloneJSON(base);
      draft.metadata.resourceVersion = '99';
      draft.metadata.uid = 'other';
      draft.kind = 'Other';
      expect(writeSetOf(base, draft, true)).to.deep.equal({});
    }));
  });

  it('put status where the kind has it', () => {
    const base: Thing = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels: {}, annotations: {} }, spec: {}, status: {} };
    const draft = { ...base, spec: { a: 1 }, status: { b: 2 } };
    expect(writeSetOf(base, draft, true)).to.deep.equal({ main: { spec: { a: 1 } }, status: { b: 2 } });
    expect(writeSetOf(base, draft, false)).to.deep.equal({ main: { spec: { a: 1 }, status: { b: 2 } } });
  });

  it('take null and undefined in a draft for a removal', () => {
    expect(mergePatchOf({ a: 1, b: { c: 1 } }, { a: undefined, b: { c: null } })).to.deep.equal({ a: null, b: { c: null } });
    expect(mergePatchOf({ a: null }, {})).to.equal(undefined);
  });
});

describe('putting a change on top of others', () => {
  /** Finalizers, taints and conditions are sets: their order carries no meaning. */
  const canonical = (object: Thing): unknown => ({
    ...object,
    metadata: { ...object.metadata, finalizers: [...(object.metadata.finalizers ?? [])].sort() },
    spec: { ...object.spec, taints: [...(object.spec['taints'] as object[])].map((item) => JSON.stringify(item)).sort() },
    status: { ...object.status, conditions: byType(object.status.conditions) },
  });

  it('gives the draft when nobody else wrote', () => {
    fc.assert(fc.property(thing, thing, (base, draft) => {
      const merged = rebase(base, draft, base, () => true);
      expect(canonical(merged)).to.deep.equal(canonical(draft));
    }));
  });

  it('gives the live object when we changed nothing', () => {
    fc.assert(fc.property(thing, thing, (base, live) => {
      expect(canonical(rebase(base, base, live, owned))).to.deep.equal(canonical(live));
    }));
  });

  it('never takes away or changes a condition of others', () => {
    fc.assert(fc.property(thing, thing, thing, (base, draft, live) => {
      const merged = byType(rebase(base, draft, live, owned).status.conditions);
      for (const theirs of live.status.conditions ?? []) if (!owned(theirs.type)) expect(merged[theirs.type]).to.deep.equal(theirs);
    }));
  });

  it('carries every change of ours to labels, finalizers, taints and our conditions', () => {
    fc.assert(fc.property(thing, thing, thing, (base, draft, live) => {
      const merged = rebase(base, draft, live, owned);
      for (const [name, value] of Object.entries(draft.metadata.labels)) if (base.metadata.labels[name] !== value) expect(merged.metadata.labels[name]).to.equal(value);
      for (const name of Object.keys(base.metadata.labels)) if (!(name in draft.metadata.labels)) expect(merged.metadata.labels).not.to.have.property(name);
      const [before, after, now] = [base, draft, merged].map((object) => new Set(object.metadata.finalizers)) as [Set<string>, Set<string>, Set<string>];
      for (const name of after) if (!before.has(name)) expect(now.has(name)).to.equal(true);
      for (const name of before) if (!after.has(name)) expect(now.has(name)).to.equal(false);
      for (const name of live.metadata.finalizers ?? []) if (!before.has(name)) expect(now.has(name), 'added by others').to.equal(true);
      for (const ours of draft.status.conditions ?? []) {
        if (owned(ours.type) && !equalJSON(ours, byType(base.status.conditions)[ours.type])) expect(byType(merged.status.conditions)[ours.type]).to.deep.equal(ours);
      }
    }));
  });

  it('keeps what others own of the metadata', () => {
    fc.assert(fc.property(thing, thing, thing, (base, draft, live) => {
      const merged = rebase(base, draft, { ...live, metadata: { ...live.metadata, resourceVersion: '7', deletionTimestamp: 'now' } }, owned);
      expect(merged.metadata).to.include({ resourceVersion: '7', deletionTimestamp: 'now' });
    }));
  });
});
