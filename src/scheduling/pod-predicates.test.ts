import { expect } from 'chai';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { EvictionBudgets } from './eviction-budgets.js';
import { hasInvalidProtection, isDrainable, isEvictable, isProtected, isProvisionable, isReschedulable } from './pod-predicates.js';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const owner = (apiVersion: string, kind: string) => ({ ownerReferences: [{ apiVersion, kind, name: 'o', uid: 'o' }] });
const pod = ({ metadata = {}, spec = {}, status = {} }: { metadata?: object; spec?: object; status?: object } = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', labels: { app: 'a' }, ...metadata },
  spec: { containers: [], ...spec },
  status: { phase: 'Running', ...status },
} as Pod);
const unschedulable = { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] };

describe('pods', () => {
  it('are provisionable once no node was found, unless something else will take care of them', () => {
    expect(isProvisionable(pod({ status: unschedulable }))).to.be.true;
    expect(isProvisionable(pod())).to.be.false;
    expect(isProvisionable(pod({ status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } }))).to.be.false;
    expect(isProvisionable(pod({ status: unschedulable, spec: { nodeName: 'n' } }))).to.be.false;
    expect(isProvisionable(pod({ status: { ...unschedulable, nominatedNodeName: 'n' } }))).to.be.false;
    expect(isProvisionable(pod({ status: unschedulable, metadata: owner('apps/v1', 'DaemonSet') }))).to.be.false;
    expect(isProvisionable(pod({ status: unschedulable, metadata: owner('v1', 'Node') }))).to.be.false;
  });

  it('are reschedulable while they are active, and a StatefulSet\'s until they are gone', () => {
    const terminating = { deletionTimestamp: '2026-01-01T11:59:30Z' };
    expect(isReschedulable(pod())).to.be.true;
    expect(isReschedulable(pod({ status: { phase: 'Succeeded' } }))).to.be.false;
    expect(isReschedulable(pod({ metadata: terminating }))).to.be.false;
    expect(isReschedulable(pod({ metadata: { ...terminating, ...owner('apps/v1', 'StatefulSet') } }))).to.be.true;
    expect(isReschedulable(pod({ metadata: owner('apps/v1', 'DaemonSet') }))).to.be.false;
  });

  it('are protected for good, or for a duration since they started', () => {
    const annotated = (value: string, status: object = {}): Pod => pod({ metadata: { annotations: { 'karpenter.sh/do-not-disrupt': value } }, status });
    expect(isProtected(annotated('true'), NOW)).to.be.true;
    expect(isProtected(annotated('false'), NOW)).to.be.false;
    expect(isProtected(annotated('1h'), NOW)).to.be.true;
    expect(isProtected(annotated('1h', { startTime: '2026-01-01T11:30:00Z' }), NOW)).to.be.true;
    expect(isProtected(annotated('1h', { startTime: '2026-01-01T11:00:00Z' }), NOW)).to.be.false;
    expect(isProtected(annotated('-1h'), NOW)).to.be.false;
    expect(hasInvalidProtection(annotated('yes'))).to.be.true;
    expect(['2h30m', 'true', 'false'].map((value) => hasInvalidProtection(annotated(value)))).to.deep.equal([false, false, false]);
  });

  it('with the guide\'s older annotation are protected too', () => {
    expect(isProtected(pod({ metadata: { annotations: { 'karpenter.sh/do-not-evict': 'true' } } }), NOW)).to.be.true;
  });

  it('are drained unless they tolerate the disruption, are static, or are stuck', () => {
    expect(isDrainable(pod(), NOW)).to.be.true;
    expect(isDrainable(pod({ spec: { tolerations: [{ operator: 'Exists' }] } }), NOW)).to.be.false;
    expect(isDrainable(pod({ spec: { tolerations: [{ key: 'karpenter.sh/disrupted', operator: 'Exists' }] } }), NOW)).to.be.false;
    expect(isDrainable(pod({ metadata: owner('v1', 'Node') }), NOW)).to.be.false;
    expect(isDrainable(pod({ metadata: { deletionTimestamp: '2026-01-01T11:58:59Z' } }), NOW)).to.be.false;
    expect(isEvictable(pod({ metadata: owner('apps/v1', 'DaemonSet') }), NOW)).to.be.true;
  });
});

describe('eviction budgets', () => {
  const budget = (spec: object, disruptionsAllowed = 0) =>
    ({ metadata: { name: 'b', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'a' } }, ...spec }, status: { disruptionsAllowed } }) as never;

  it('block pods that they select while they allow nothing', () => {
    expect(new EvictionBudgets([budget({})]).blocking(pod(), NOW)?.reason).to.equal('pdb prevents pod evictions');
    expect(new EvictionBudgets([budget({}, 1)]).blocking(pod(), NOW)).to.equal(undefined);
    expect(new EvictionBudgets([budget({ selector: { matchLabels: { app: 'b' } } })]).blocking(pod(), NOW)).to.equal(undefined);
    expect(new EvictionBudgets([budget({ selector: {} })]).blocking(pod(), NOW)).to.not.equal(undefined);
    expect(new EvictionBudgets([budget({ selector: undefined })]).blocking(pod(), NOW)).to.equal(undefined);
  });

  it('block pods that two of them select, whatever they allow', () => {
    expect(new EvictionBudgets([budget({}, 1), budget({}, 1)]).blocking(pod(), NOW)?.reason).to.equal('eviction does not support multiple PDBs');
  });

  it('let unhealthy pods go that they exempt', () => {
    const exempting = new EvictionBudgets([budget({ unhealthyPodEvictionPolicy: 'AlwaysAllow' })]);
    expect(exempting.blocking(pod({ status: { conditions: [{ type: 'Ready', status: 'False' }] } }), NOW)).to.equal(undefined);
    expect(exempting.blocking(pod({ status: { conditions: [{ type: 'Ready', status: 'True' }] } }), NOW)).to.not.equal(undefined);
  });

  it('forbid moving pods for good at maxUnavailable 0 and minAvailable 100%', () => {
    for (const spec of [{ maxUnavailable: 0 }, { maxUnavailable: '0%' }, { minAvailable: '100%' }]) {
      expect(new EvictionBudgets([budget(spec, 1)]).isCurrentlyReschedulable(pod(), NOW), JSON.stringify(spec)).to.be.false;
    }
    expect(new EvictionBudgets([budget({ maxUnavailable: 1 })]).isCurrentlyReschedulable(pod(), NOW)).to.be.true;
  });
});
