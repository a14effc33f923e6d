import { expect } from 'chai';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { existingNode, pod } from '../../test/support/workloads.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import { lifetimeRemaining } from './cost.js';
import { scaleDown } from './scale-down.js';

const NOW = Date.parse('2026-01-01T12:00:00Z');

interface ClaimInput { launched?: boolean; created?: string; expireAfter?: string }

const claim = (name: string, { launched = true, created = '2026-01-01T00:00:00Z', expireAfter }: ClaimInput = {}): NodeClaim => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim',
  metadata: { name, labels: {}, annotations: {}, uid: name, resourceVersion: '1', creationTimestamp: created },
  spec: { requirements: [], nodeClassRef: { group: 'g', kind: 'K', name: 'n' }, ...(expireAfter ? { expireAfter } : {}) },
  status: launched ? { providerID: `aws:///${name}` } : {},
} as NodeClaim);

function ownedPod(apiVersion: string, kind: string, annotations: Record<string, string> = {}): Pod {
  const made = pod({ annotations });
  return { ...made, metadata: { ...made.metadata, ownerReferences: [{ apiVersion, kind, name: 'x', uid: 'x' }] } };
}
const PROTECTED = { 'karpenter.sh/do-not-disrupt': 'true' };

/** The names of those that go, in order. */
function chosen(count: number, ...machines: readonly { claim: NodeClaim; pods?: Pod[]; starting?: boolean }[]): string[] {
  const nodes = new Map(machines.map((machine) => [machine.claim, existingNode(machine.claim.metadata.name, { pods: machine.pods ?? [], initialized: !machine.starting })]));
  return scaleDown(machines.map((machine) => machine.claim), (each) => nodes.get(each), count, NOW).map(({ metadata }) => metadata.name);
}

describe('scaling a static pool down', () => {
  it('takes what was not launched first, then empty nodes, then those without protected pods, then any', () => {
    expect(chosen(6,
      { claim: claim('a-protected'), pods: [pod({ annotations: PROTECTED })] },
      { claim: claim('b-busy'), pods: [pod(), pod()] },
      { claim: claim('c-protecting-daemon'), pods: [ownedPod('apps/v1', 'DaemonSet', PROTECTED)] },
      { claim: claim('d-daemons-only'), pods: [ownedPod('apps/v1', 'DaemonSet'), ownedPod('v1', 'Node')] },
      { claim: claim('e-empty') },
      { claim: claim('f-launching', { launched: false }) },
    )).to.deep.equal(['f-launching', 'd-daemons-only', 'e-empty', 'b-busy', 'a-protected', 'c-protecting-daemon']);
  });

  it('takes no more than are too many', () => {
    expect(chosen(1, { claim: claim('b') }, { claim: claim('a') })).to.deep.equal(['a']);
    expect(chosen(0, { claim: claim('a') })).to.deep.equal([]);
  });

  it('among busy nodes takes those whose pods cost least to move', () => {
    expect(chosen(2,
      { claim: claim('a-important'), pods: [pod({ spec: { priority: 2 ** 27 } })] },
      { claim: claim('b-two'), pods: [pod(), pod()] },
      { claim: claim('c-one'), pods: [pod()] },
    )).to.deep.equal(['c-one', 'b-two']);
  });

  it('weighs moving pods less the sooner their node expires', () => {
    expect(chosen(1,
      { claim: claim('a-one', { expireAfter: '720h' }), pods: [pod()] },
      { claim: claim('b-three-expiring', { expireAfter: '13h' }), pods: [pod(), pod(), pod()] },
    )).to.deep.equal(['b-three-expiring']);
  });

  it('of equal nodes takes the one that is not usable yet, then the one that expires first', () => {
    expect(chosen(1, { claim: claim('a', { expireAfter: '24h' }) }, { claim: claim('b', { expireAfter: '720h' }), starting: true })).to.deep.equal(['b']);
    expect(chosen(1, { claim: claim('a', { created: '2026-01-01T06:00:00Z', expireAfter: '24h' }) }, { claim: claim('b', { expireAfter: '24h' }) })).to.deep.equal(['b']);
  });
});

describe('the part of its life that a claim has left', () => {
  it('falls from 1 to 0 until it expires, and stays 1 where it never does', () => {
    expect(lifetimeRemaining(claim('a', { expireAfter: '24h' }), NOW)).to.equal(0.5);
    expect(lifetimeRemaining(claim('a', { expireAfter: '6h' }), NOW)).to.equal(0);
    expect(lifetimeRemaining(claim('a', { expireAfter: '24h', created: '2026-01-02T00:00:00Z' }), NOW)).to.equal(1);
    expect(lifetimeRemaining(claim('a', { expireAfter: 'Never' }), NOW)).to.equal(1);
    expect(lifetimeRemaining(claim('a'), NOW)).to.equal(1);
  });
});
