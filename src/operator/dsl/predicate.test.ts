import { expect } from 'chai';
import type { KubeObject } from '../kube/object.js';
import { allOf, anyOf, changed, generationChanged, not, onCreate, onDelete } from './predicate.js';
import type { ObjectChange } from './predicate.js';

const object = (metadata: Partial<KubeObject['metadata']> = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '', labels: {}, annotations: {}, ...metadata } });

const added: ObjectChange = { type: 'added', object: object() };
const deleted: ObjectChange = { type: 'deleted', object: object() };
const updated = (before: Partial<KubeObject['metadata']>, after: Partial<KubeObject['metadata']>): ObjectChange => ({ type: 'updated', old: object(before), object: object(after) });
const resync = updated({}, { resourceVersion: '2' });

describe('predicates', () => {
  it('changed() lets an update through that changes what is selected, by value', () => {
    const labels = changed((thing) => thing.metadata.labels, (thing) => thing.metadata.finalizers);
    expect([added, deleted, updated({}, { labels: { a: '1' } }), updated({ finalizers: ['x'] }, {})].map(labels)).to.deep.equal([true, true, true, true]);
    expect(labels(updated({ labels: { a: '1' } }, { labels: { a: '1' }, annotations: { b: '2' } }))).to.equal(false);
    expect(labels(resync)).to.equal(false);
  });

  it('generationChanged() follows spec and the start of a deletion', () => {
    expect(generationChanged()(updated({}, { generation: 2 }))).to.equal(true);
    expect(generationChanged()(updated({}, { deletionTimestamp: 'now' }))).to.equal(true);
    expect(generationChanged()(resync)).to.equal(false);
  });

  it('onCreate() and onDelete() tell beginnings and ends', () => {
    expect([added, deleted, resync].map(onCreate())).to.deep.equal([true, false, false]);
    expect([added, deleted, resync].map(onDelete())).to.deep.equal([false, true, false]);
  });

  it('combine', () => {
    const ends = anyOf(onCreate(), onDelete());
    expect([added, deleted, resync].map(ends)).to.deep.equal([true, true, false]);
    expect([added, deleted, resync].map(not(ends))).to.deep.equal([false, false, true]);
    expect([added, deleted].map(allOf(ends, onDelete()))).to.deep.equal([false, true]);
    expect(allOf()(resync)).to.equal(true);
    expect(anyOf()(resync)).to.equal(false);
  });
});
