import { expect } from 'chai';
import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import { nodePool } from '../../test/support/workloads.js';
import { ClusterState } from './cluster-state.js';
import type { ClusterLookups } from './lookups.js';

const MANAGED = { 'karpenter.k8s.aws/ec2nodeclass': 'default', 'karpenter.sh/nodepool': 'default', 'node.kubernetes.io/instance-type': 'm5.large' };
const REGISTERED = { ...MANAGED, 'karpenter.sh/registered': 'true' };
const INITIALIZED = { ...REGISTERED, 'karpenter.sh/initialized': 'true' };
const Gi = 2 ** 30;

const node = (name: string, { labels = INITIALIZED, providerID = `aws:///${name}`, taints = [], ...rest }: { labels?: Record<string, string>; providerID?: string; taints?: object[]; metadata?: object; status?: object } = {}): Node => ({
  metadata: { name, labels, annotations: { on: 'node' }, ...rest.metadata },
  spec: { providerID, taints },
  status: { capacity: { cpu: '2', memory: '8Gi', pods: '10' }, allocatable: { cpu: '1900m', memory: '7Gi', pods: '10' }, ...rest.status },
} as Node);

const claim = (name: string, { providerID = `aws:///${name}`, spec = {}, metadata = {}, conditions = [] }: { providerID?: string; spec?: object; metadata?: object; conditions?: object[] } = {}): NodeClaim => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim',
  metadata: { name: `claim-${name}`, labels: { ...MANAGED, from: 'claim' }, annotations: { on: 'claim' }, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  spec: { requirements: [], nodeClassRef: { group: 'g', kind: 'K', name: 'n' }, ...spec },
  status: { providerID, capacity: { cpu: '2', memory: '8Gi', pods: '10', 'nvidia.com/gpu': '1' }, allocatable: { cpu: '1800m', memory: '6Gi', pods: '10', 'nvidia.com/gpu': '1' }, conditions },
} as NodeClaim);

const pod = (name: string, nodeName: string | undefined, rest: { metadata?: object; status?: object; requests?: Record<string, string> } = {}): Pod => ({
  metadata: { name, namespace: 'default', ...rest.metadata },
  spec: { containers: [{ name: 'c', resources: { requests: rest.requests ?? { cpu: '500m' } } }], ...(nodeName ? { nodeName } : {}) },
  status: { phase: 'Running', ...rest.status },
} as Pod);

function makeState(lookups: Partial<ClusterLookups> = {}) {
  const clock = { time: 1_000_000, now: () => clock.time };
  const state = new ClusterState({
    clock,
    lookups: {
      namespaces: () => [], podDisruptionBudgets: () => [], persistentVolumeClaim: () => undefined, persistentVolume: () => undefined,
      storageClass: () => undefined, csiNode: () => undefined, ...lookups,
    },
  });
  const only = () => {
    const { nodes } = state.snapshot([]);
    if (nodes.length !== 1 || nodes[0] === undefined) throw new Error(`${nodes.length} nodes`);
    return nodes[0];
  };
  return { clock, state, only };
}

describe('cluster state', () => {
  describe('of a machine', () => {
    it('is its claim until the node registered: name, labels, taints, resources', () => {
      const { state, only } = makeState();
      state.updateNodeClaim(claim('a', { spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } }));
      expect(only()).to.deep.include({ name: 'claim-a', registered: false, initialized: false, managed: true, nodePool: 'default', annotations: { on: 'claim' }, taints: [{ key: 'x', effect: 'NoSchedule' }] });
      expect(only().available).to.deep.equal({ cpu: 1800, memory: 6 * Gi, pods: 10, 'nvidia.com/gpu': 1 });
      state.updateNode(node('a', { labels: MANAGED, taints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }] }));
      expect(only().name).to.equal('claim-a');
    });

    it('is its node after that, without the taints that it will shed, and with resources that it lacks from the claim', () => {
      const { state, only } = makeState();
      state.updateNodeClaim(claim('a', { spec: { startupTaints: [{ key: 'starting', effect: 'NoSchedule' }] } }));
      const taints = [{ key: 'starting', effect: 'NoSchedule' }, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }, { key: 'stays', effect: 'NoSchedule' }];
      state.updateNode(node('a', { labels: REGISTERED, taints }));
      expect(only()).to.deep.include({ name: 'a', registered: true, initialized: false, annotations: { on: 'node' }, taints: [{ key: 'stays', effect: 'NoSchedule' }] });
      expect(only().allocatable).to.deep.equal({ cpu: 1900, memory: 7 * Gi, pods: 10, 'nvidia.com/gpu': 1 });
      expect(only().labels['from']).to.equal(undefined);
    });

    it('is what the node says once it is initialised', () => {
      const { state, only } = makeState();
      state.updateNodeClaim(claim('a'));
      state.updateNode(node('a', { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] }));
      expect(only().taints).to.have.length(1);
      expect(only().allocatable).to.deep.equal({ cpu: 1900, memory: 7 * Gi, pods: 10 });
      expect(only().capacity['nodes']).to.equal(1);
    });

    it('that nobody claims counts as ready, and is known by its name when it has no provider id', () => {
      const { state, only } = makeState();
      state.updateNode(node('bare', { labels: {}, providerID: '' }));
      expect(only()).to.deep.include({ name: 'bare', providerID: 'bare', managed: false, registered: true, initialized: true });
    });

    it('is not looked at before it says who it is', () => {
      const { state } = makeState();
      state.updateNode(node('pool', { labels: { 'karpenter.sh/nodepool': 'default' }, providerID: '' }));
      const { 'node.kubernetes.io/instance-type': _type, ...unnamed } = MANAGED;
      state.updateNode(node('typeless', { labels: unnamed }));
      expect(state.snapshot([]).nodes).to.deep.equal([]);
    });

    it('moves with its provider id, and ends with its node and claim', () => {
      const { state, only } = makeState();
      state.updateNode(node('a', { providerID: 'one' }));
      state.updateNode(node('a', { providerID: 'two' }));
      expect(only().providerID).to.equal('two');
      state.updateNodeClaim(claim('a', { providerID: 'two' }));
      state.deleteNode('a');
      expect(only().name).to.equal('claim-a');
      state.deleteNodeClaim('claim-a');
      expect(state.snapshot([]).nodes).to.deep.equal([]);
    });

    it('is going when somebody says so, or its claim, or its node if it has no claim', () => {
      const { state, only } = makeState();
      const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
      state.updateNode(node('a', { metadata: deleted }));
      expect(only().markedForDeletion).to.be.true;
      state.updateNodeClaim(claim('a'));
      expect(only().markedForDeletion).to.be.false;
      state.updateNodeClaim(claim('a', { conditions: [{ type: 'InstanceTerminating', status: 'True' }] }));
      expect(only().markedForDeletion).to.be.true;
      state.updateNodeClaim(claim('a', { metadata: deleted }));
      expect(only().markedForDeletion).to.be.true;
      state.updateNodeClaim(claim('a'));
      state.markForDeletion('aws:///a', 'aws:///unknown');
      expect(only().markedForDeletion).to.be.true;
      state.unmarkForDeletion('aws:///a');
      expect(only().markedForDeletion).to.be.false;
    });

    it('attaches as many volumes as its CSINode says', () => {
      const { only, state } = makeState({ csiNode: (name) => ({ metadata: { name }, spec: { drivers: [{ name: 'ebs.csi.aws.com', nodeID: 'x', allocatable: { count: 25 } }, { name: 'efs', nodeID: 'x' }] } }) });
      state.updateNode(node('a'));
      expect(only().volumeLimits).to.deep.equal({ 'ebs.csi.aws.com': 25 });
    });
  });

  describe('of pods', () => {
    it('takes what they request, whichever comes first, until they end', () => {
      const { state, only } = makeState();
      state.updatePod(pod('early', 'a'));
      state.updateNode(node('a'));
      expect(only().available).to.deep.equal({ cpu: 1400, memory: 7 * Gi, pods: 9 });
      state.updatePod(pod('late', 'a'));
      expect(only().available['cpu']).to.equal(900);
      state.updatePod(pod('late', 'a', { status: { phase: 'Succeeded' } }));
      expect(only().available['cpu']).to.equal(1400);
      state.deletePod('default', 'early');
      expect(only()).to.deep.include({ pods: [], available: only().allocatable });
    });

    it('follows a name that is used again elsewhere', () => {
      const { state } = makeState();
      state.updateNode(node('a'));
      state.updateNode(node('b'));
      state.updatePod(pod('p', 'a'));
      state.updatePod(pod('p', 'b'));
      expect(state.snapshot([]).nodes.map(({ name, pods }) => [name, pods.length])).to.deep.equal([['a', 0], ['b', 1]]);
    });

    it('tells those of DaemonSets apart', () => {
      const { state, only } = makeState();
      state.updateNode(node('a'));
      state.updatePod(pod('d', 'a', { metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'ds' }] } }));
      expect(only().daemonRequests).to.deep.equal({ cpu: 500, pods: 1 });
    });
  });

  describe('of DaemonSets', () => {
    const daemonSet = (affinity?: object): DaemonSet => ({
      metadata: { name: 'd', namespace: 'system', uid: 'ds' },
      spec: { selector: {}, template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1' }, requests: { memory: '1Gi' } } }], ...(affinity ? { affinity } : {}) } } },
    } as DaemonSet);

    it('is a pod from the template, with limits where requests are missing', () => {
      const { state } = makeState();
      state.updateDaemonSet(daemonSet());
      const [made] = state.snapshot([]).daemonSetPods;
      expect(made?.metadata).to.deep.include({ namespace: 'system', labels: { app: 'd' } });
      expect(made?.spec?.containers[0]?.resources?.requests).to.deep.equal({ cpu: '1', memory: '1Gi' });
      state.deleteDaemonSet('system', 'd');
      expect(state.snapshot([]).daemonSetPods).to.deep.equal([]);
    });

    it('is its newest pod, without the pin to one node', () => {
      const { state } = makeState();
      const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'arch', operator: 'Exists' }] }] } };
      state.updateDaemonSet(daemonSet({ nodeAffinity: required }));
      const owned = (name: string, created: string) => ({
        ...pod(name, 'a', { metadata: { creationTimestamp: created, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'ds' }] } }),
        spec: { containers: [{ name }], affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }] } } } },
      }) as Pod;
      state.updatePod(owned('new', '2026-01-02T00:00:00Z'));
      state.updatePod(owned('old', '2026-01-01T00:00:00Z'));
      const [made] = state.snapshot([]).daemonSetPods;
      expect(made?.metadata?.name).to.equal('new');
      expect(made?.spec?.affinity?.nodeAffinity).to.deep.equal(required);
      expect(state.snapshot([]).daemonSetPods[0]).to.equal(made);
      state.deletePod('default', 'new');
      expect(state.snapshot([]).daemonSetPods[0]?.metadata?.name).to.equal('old');
    });
  });

  it('nominates for a while', () => {
    const { state, only, clock } = makeState();
    state.updateNode(node('a'));
    state.nominate('a');
    state.nominate('unknown');
    expect(only().nominatedUntil).to.equal(clock.time + 20_000);
  });

  it('is synced once all that is listed has arrived and is launched; then only a claim that is not launched counts', () => {
    const { state } = makeState();
    const listed = { nodes: ['a'], nodeClaims: ['claim-a'] };
    expect([state.synced(listed), state.complete(listed)]).to.deep.equal([false, false]);
    state.updateNode(node('a'));
    state.updateNodeClaim(claim('a', { providerID: '' }));
    expect([state.synced(listed), state.complete(listed)]).to.deep.equal([false, true]);
    state.updateNodeClaim(claim('a'));
    expect(state.synced(listed)).to.be.true;
    expect(state.synced({ nodes: ['b'], nodeClaims: [] })).to.be.true;
    state.updateNodeClaim(claim('b', { providerID: '' }));
    expect(state.synced(listed)).to.be.false;
    state.deleteNodeClaim('claim-b');
    expect(state.synced(listed)).to.be.true;
  });

  it('forgets claims that went before they were launched, unless they are still listed', () => {
    const { state, clock } = makeState();
    for (const name of ['a', 'b']) state.updateNodeClaim(claim(name, { providerID: '' }));
    const listed = { nodes: [], nodeClaims: ['claim-b'] };
    for (const wait of [0, 14_999]) {
      clock.time += wait;
      expect([state.synced(listed), state.unlaunched()]).to.deep.equal([false, ['claim-a', 'claim-b']]);
    }
    clock.time += 1;
    state.synced(listed);
    expect(state.unlaunched()).to.deep.equal(['claim-b']);
    clock.time += 60_000;
    expect(state.synced({ ...listed, nodeClaims: [] })).to.equal(false);
    clock.time += 15_000;
    state.synced({ ...listed, nodeClaims: [] });
    expect(state.synced({ ...listed, nodeClaims: [] })).to.equal(true);
  });

  it('remembers when consolidation may have become possible, for five minutes at most', () => {
    const { state, clock } = makeState();
    let last = state.consolidationVersion();
    const changes = (what: string, change: () => void, expected = true) => {
      change();
      expect(state.consolidationVersion() !== last, what).to.equal(expected);
      last = state.consolidationVersion();
    };
    changes('a new node', () => state.updateNode(node('a', { labels: REGISTERED })));
    changes('the same node again', () => state.updateNode(node('a', { labels: REGISTERED })), false);
    changes('a claim', () => state.updateNodeClaim(claim('a')));
    changes('the claim has been quiet for long enough', () => state.updateNodeClaim(claim('a', { conditions: [{ type: 'Consolidatable', status: 'True' }] })));
    changes('the same claim', () => state.updateNodeClaim(claim('a', { conditions: [{ type: 'Consolidatable', status: 'True' }] })), false);
    changes('now initialised', () => state.updateNode(node('a')));
    changes('marked', () => state.markForDeletion('aws:///a'));
    changes('a pod is bound', () => state.updatePod(pod('p', 'a')));
    changes('the pod changes', () => state.updatePod(pod('p', 'a')), false);
    changes('the pod goes', () => state.deletePod('default', 'p'));
    changes('a pool', () => state.updateNodePool(nodePool('default')));
    changes('the same pool', () => state.updateNodePool(nodePool('default')), false);
    changes('the claim goes', () => state.deleteNodeClaim('claim-a'));
    clock.time += 5 * 60_000 - 1;
    changes('less than five minutes', () => undefined, false);
    clock.time += 1;
    changes('five minutes', () => undefined);
  });

  it('knows on which machines buffers have their room, whatever these are called by now', () => {
    const { state } = makeState();
    state.updateNodeClaim(claim('a'));
    state.updateNodeClaim(claim('b'));
    state.holdBufferPods(new Map([['aws:///a', 2], ['aws:///gone', 1]]));
    expect([...state.bufferedNodes()]).to.deep.equal(['claim-a']);
    state.updateNode(node('a'));
    expect([...state.bufferedNodes()]).to.deep.equal(['a']);
    const version = state.consolidationVersion();
    state.holdBufferPods(new Map([['aws:///gone', 1], ['aws:///a', 2]]));
    expect(state.consolidationVersion(), 'nothing changed').to.equal(version);
    state.holdBufferPods(new Map([['aws:///a', 1], ['aws:///gone', 1]]));
    expect(state.consolidationVersion(), 'less room is needed').to.be.above(version);
  });

  it('adds up what a pool has, without what is going', () => {
    const { state } = makeState();
    for (const name of ['a', 'b', 'c']) {
      state.updateNode(node(name));
      state.updateNodeClaim(claim(name));
    }
    state.markForDeletion('aws:///c');
    expect(state.poolResources('default')).to.deep.equal({ cpu: 4000, memory: 16 * Gi, pods: 20, nodes: 2 });
    expect(state.poolResources('other')).to.deep.equal({});
  });

  it('hands out snapshots that later changes leave alone, and shares what did not change', () => {
    const { state } = makeState();
    state.updateNode(node('a'));
    state.updateNode(node('b'));
    const before = state.snapshot([]);
    state.updatePod(pod('p', 'a'));
    const after = state.snapshot([]);
    expect(before.nodes[0]?.pods).to.deep.equal([]);
    expect(after.nodes[0]?.pods).to.have.length(1);
    expect(after.nodes[1]).to.equal(before.nodes[1]);
  });
});
