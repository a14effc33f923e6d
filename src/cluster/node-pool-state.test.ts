import { expect } from 'chai';
import fc from 'fast-check';
import { nodePool } from '../../test/support/workloads.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import { missingNodes, surplusNodes } from '../scheduling/node-counts.js';
import { NodePoolState } from './node-pool-state.js';

const claim = (name: string, { pool = 'fixed', deletionTimestamp }: { pool?: string; deletionTimestamp?: string } = {}): NodeClaim => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim',
  metadata: { name, labels: { 'karpenter.sh/nodepool': pool }, annotations: {}, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...(deletionTimestamp ? { deletionTimestamp } : {}) },
  spec: { requirements: [], nodeClassRef: { group: 'g', kind: 'K', name: 'n' } },
  status: {},
} as NodeClaim);
const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z' };

function stateOf(...names: string[]): NodePoolState {
  const state = new NodePoolState();
  for (const name of names) state.update(claim(name));
  return state;
}

describe('the nodes of a pool', () => {
  it('are counted from the moment that their claims exist until they are gone', () => {
    const state = stateOf('a', 'b');
    state.update(claim('other', { pool: 'another' }));
    expect(state.counts('fixed')).to.deep.equal({ active: 2, pendingDisruption: 0, deleting: 0, reserved: 0 });
    state.update(claim('b', deleting));
    expect(state.counts('fixed')).to.deep.equal({ active: 1, pendingDisruption: 0, deleting: 1, reserved: 0 });
    expect(state.active('fixed')).to.deep.equal(['a']);
    state.forget('b');
    state.forget('unknown');
    expect(state.counts('fixed')).to.deep.equal({ active: 1, pendingDisruption: 0, deleting: 0, reserved: 0 });
  });

  it('wait for their replacements until they are deleted, or stay after all', () => {
    const state = stateOf('a', 'b', 'c');
    state.setPendingDisruption(true, 'a', 'b', 'unknown');
    state.update(claim('a'));
    expect(state.counts('fixed')).to.include({ active: 1, pendingDisruption: 2 });
    state.setPendingDisruption(false, 'a');
    state.update(claim('b', deleting));
    state.setPendingDisruption(false, 'b');
    expect(state.counts('fixed')).to.include({ active: 2, pendingDisruption: 0, deleting: 1 });
  });

  it('may be reserved up to a limit, for which every node counts until it is gone', () => {
    const state = stateOf('stays', 'replaced', 'goes');
    state.setPendingDisruption(true, 'replaced');
    state.update(claim('goes', deleting));
    expect(state.reserve('fixed', 4, 5)).to.equal(2);
    expect(state.reserve('fixed', 1, 5)).to.equal(0);
    expect(state.reserve('fixed', 1, Number.POSITIVE_INFINITY)).to.equal(1);
    expect(state.counts('fixed').reserved).to.equal(3);
    for (let left = 3; left > 0; left -= 1) state.release('fixed');
    state.release('fixed');
    expect(state.counts('fixed').reserved).to.equal(0);
  });

  it('never exceed the limit, whoever reserves, and in whichever order launches end', () => {
    const step = fc.oneof(
      fc.record({ reserve: fc.integer({ min: 0, max: 5 }) }), fc.constant({ launch: true }), fc.constant({ fail: true }), fc.constant({ replace: true }), fc.constant({ remove: true }),
    );
    fc.assert(fc.property(fc.integer({ min: 0, max: 8 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
      const state = new NodePoolState();
      let launched = 0;
      for (const each of steps) {
        const { reserved } = state.counts('fixed');
        const [first] = state.active('fixed');
        if ('reserve' in each) state.reserve('fixed', each.reserve, limit);
        else if ('launch' in each && reserved > 0) {
          state.update(claim(`claim-${(launched += 1)}`));
          state.release('fixed');
        } else if ('fail' in each) state.release('fixed');
        else if ('replace' in each && first !== undefined) state.setPendingDisruption(true, first);
        else if ('remove' in each && first !== undefined) state.forget(first);
        const counts = state.counts('fixed');
        expect(counts.active + counts.pendingDisruption + counts.deleting + counts.reserved).to.be.at.most(limit);
      }
    }));
  });
});

describe('a pool with a number of nodes', () => {
  const pool = nodePool('fixed', { replicas: 3 });
  const counts = (rest: Partial<ReturnType<NodePoolState['counts']>>) => ({ active: 0, pendingDisruption: 0, deleting: 0, reserved: 0, ...rest });

  it('is short of what is neither there nor on its way', () => {
    expect(missingNodes(pool, counts({}))).to.equal(3);
    expect(missingNodes(pool, counts({ active: 1, deleting: 2 }))).to.equal(2);
    expect(missingNodes(pool, counts({ active: 1, reserved: 1 }))).to.equal(1);
    expect(missingNodes(pool, counts({ active: 3, deleting: 1 }))).to.equal(0);
    expect(missingNodes(pool, counts({ active: 5 }))).to.equal(0);
  });

  it('is not short of a node that is being replaced, before and after the replacement exists', () => {
    expect(missingNodes(pool, counts({ active: 2, pendingDisruption: 1, reserved: 1 }))).to.equal(0);
    expect(missingNodes(pool, counts({ active: 3, pendingDisruption: 1 }))).to.equal(0);
    expect(missingNodes(pool, counts({ active: 1, pendingDisruption: 1, reserved: 1 }))).to.equal(1);
  });

  it('has too many when more than that number stay', () => {
    expect(surplusNodes(pool, counts({ active: 5, deleting: 2 }))).to.equal(2);
    expect(surplusNodes(pool, counts({ active: 3, pendingDisruption: 2 }))).to.equal(0);
    expect(surplusNodes(nodePool('none', { replicas: 0 }), counts({ active: 1 }))).to.equal(1);
  });
});
