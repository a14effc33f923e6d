import { expect } from 'chai';
import type { PodSpec } from 'kubernetes-types/core/v1.js';
import type { CSINode, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../model/kinds.js';
import { testNode, testPod } from '../testing/objects.js';
import { feasibility } from './feasibility.js';
import { fitMessage } from './fit-message.js';
import { NodeInfo, PodInfo } from './node-info.js';
import type { VolumeView } from './volumes.js';
import { volumeObstacle } from './volumes.js';

const NO_VOLUMES: VolumeView = { claim: () => undefined, volume: () => undefined, storageClass: () => undefined, csiNode: () => undefined };

interface Situation {
  nodes: Node[];
  /** Pods that are there, by node. */
  there?: Record<string, Pod[]>;
  pod: Pod;
  volumes?: VolumeView;
}

function outcome({ nodes, there = {}, pod, volumes = NO_VOLUMES }: Situation): { fits: string[]; message: string } {
  const infos = nodes.map((node) => {
    const info = new NodeInfo(node);
    for (const other of there[node.metadata.name] ?? []) info.add(new PodInfo(other));
    return info;
  });
  const { feasible, rejections } = feasibility(new PodInfo(pod), { nodes: infos, volumes });
  return { fits: feasible.map(({ name }) => name), message: rejections.size === 0 ? '' : fitMessage(nodes.length, rejections.values()) };
}

const zoned = (name: string, zone: string): Node => testNode(name, { metadata: { labels: { 'topology.kubernetes.io/zone': zone } } });
const web = (name: string, spec: Partial<PodSpec> = {}): Pod => testPod(name, { metadata: { labels: { app: 'web' } }, spec });
const selector = { matchLabels: { app: 'web' } };
const spread = (extra: object): Partial<PodSpec> => ({ topologySpreadConstraints: [{ topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector, ...extra }] });
const affinity = (kind: 'podAffinity' | 'podAntiAffinity', topologyKey = 'topology.kubernetes.io/zone'): Partial<PodSpec> =>
  ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: selector }] } } });

const claim = (phase: string, volumeName?: string): PersistentVolumeClaim => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...testPod('data').metadata },
  spec: { storageClassName: 'gp3', ...(volumeName === undefined ? {} : { volumeName }) }, status: { phase },
});
const volumeIn = (zone: string): PersistentVolume => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: { ...testPod('pv').metadata },
  spec: { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [zone] }] }] } } },
  status: {},
});
const gp3 = (volumeBindingMode: string): StorageClass => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { ...testPod('gp3').metadata }, provisioner: 'ebs.csi.aws.com', volumeBindingMode });
const csiNode = (count: number): CSINode => ({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { ...testPod('n').metadata }, spec: { drivers: [{ name: 'ebs.csi.aws.com', nodeID: 'i-1', topologyKeys: [], allocatable: { count } }] } });
const withClaim: Partial<PodSpec> = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };

const CASES: Record<string, Situation & { fits: string[]; message?: string }> = {
  'room for the requests': { nodes: [testNode('a')], pod: testPod('p', { requests: { cpu: '4', memory: '8Gi' } }), fits: ['a'] },
  'too little of two resources, each counted': {
    nodes: [testNode('a'), testNode('b', { allocatable: { cpu: '16' } })], pod: testPod('p', { requests: { cpu: '8', memory: '9Gi' } }),
    fits: [], message: '0/2 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.',
  },
  'room taken by pods that are there': {
    nodes: [testNode('a')], there: { a: [testPod('q', { requests: { cpu: '3500m' } })] }, pod: testPod('p', { requests: { cpu: '501m' } }), fits: [], message: '0/1 nodes are available: 1 Insufficient cpu.',
  },
  'no slot for one more pod': { nodes: [testNode('a', { allocatable: { pods: '1' } })], there: { a: [testPod('q')] }, pod: testPod('p'), fits: [], message: '0/1 nodes are available: 1 Too many pods.' },
  'an extended resource that only one node has': {
    nodes: [testNode('a'), testNode('b', { allocatable: { 'nvidia.com/gpu': '1' } })], pod: testPod('p', { requests: { 'nvidia.com/gpu': '1' } }), fits: ['b'], message: '0/2 nodes are available: 1 Insufficient nvidia.com/gpu.',
  },
  'the largest init step beside its sidecar': {
    nodes: [testNode('a')],
    pod: testPod('p', {
      spec: {
        containers: [{ name: 'main', resources: { requests: { cpu: '1' } } }],
        initContainers: [{ name: 'side', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } }, { name: 'step', resources: { requests: { cpu: '3500m' } } }],
      },
    }),
    fits: [], message: '0/1 nodes are available: 1 Insufficient cpu.',
  },
  'an untolerated taint with its key and value': {
    nodes: [testNode('a', { spec: { taints: [{ key: 'workload', value: 'frontend', effect: 'NoSchedule' }] } })], pod: testPod('p'), fits: [], message: '0/1 nodes are available: 1 node(s) had untolerated taint {workload: frontend}.',
  },
  'a taint that is tolerated, and one that only prefers': {
    nodes: [testNode('a', { spec: { taints: [{ key: 'workload', value: 'x', effect: 'NoExecute' }, { key: 'soft', effect: 'PreferNoSchedule' }] } })],
    pod: testPod('p', { spec: { tolerations: [{ key: 'workload', operator: 'Equal', value: 'x' }] } }), fits: ['a'],
  },
  'a cordoned node': { nodes: [testNode('a', { spec: { unschedulable: true } })], pod: testPod('p'), fits: [], message: '0/1 nodes are available: 1 node(s) were unschedulable.' },
  'a node selector': {
    nodes: [testNode('a', { metadata: { labels: { disk: 'ssd' } } }), testNode('b')], pod: testPod('p', { spec: { nodeSelector: { disk: 'ssd' } } }), fits: ['a'], message: "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  },
  'Gt and Lt compare whole numbers': {
    nodes: [testNode('a', { metadata: { labels: { gen: '5' } } }), testNode('b', { metadata: { labels: { gen: '7' } } }), testNode('c', { metadata: { labels: { gen: 'x' } } })],
    pod: testPod('p', { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gen', operator: 'Gt', values: ['4'] }, { key: 'gen', operator: 'Lt', values: ['6'] }] }] } } } } }),
    fits: ['a'], message: "0/3 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  },
  'a pod pinned to one node by its name': {
    nodes: [testNode('a'), testNode('b')],
    pod: testPod('p', { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] } } } } }),
    fits: ['b'], message: "0/2 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
  },
  'a host port that is taken': {
    nodes: [testNode('a'), testNode('b')], there: { a: [testPod('q', { spec: { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }] } })] },
    pod: testPod('p', { spec: { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80, hostIP: '10.0.0.1' }] }] } }), fits: ['b'], message: "0/2 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  },
  'a spread that the fuller zone would break': { nodes: [zoned('a', 'z1'), zoned('b', 'z2')], there: { a: [web('q')] }, pod: web('p', spread({})), fits: ['b'], message: "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints." },
  'a spread over more domains than there are': {
    nodes: [zoned('a', 'z1')], there: { a: [web('q')] }, pod: web('p', spread({ minDomains: 2 })), fits: [], message: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.",
  },
  'a spread over a label that a node lacks': { nodes: [testNode('a')], pod: web('p', spread({})), fits: [], message: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label)." },
  'a spread that honours taints leaves the tainted zone out of count': {
    nodes: [zoned('a', 'z1'), { ...zoned('b', 'z2'), spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }], there: { a: [web('q')] }, pod: web('p', spread({ nodeTaintsPolicy: 'Honor' })), fits: ['a'],
    message: '0/2 nodes are available: 1 node(s) had untolerated taint {k: }.',
  },
  'affinity to pods of one zone': { nodes: [zoned('a', 'z1'), zoned('b', 'z2')], there: { a: [web('q')] }, pod: web('p', affinity('podAffinity')), fits: ['a'], message: "0/2 nodes are available: 1 node(s) didn't match pod affinity rules." },
  'affinity of the first pod of its group': { nodes: [zoned('a', 'z1'), zoned('b', 'z2')], pod: web('p', affinity('podAffinity')), fits: ['a', 'b'] },
  'affinity to pods that are nowhere': { nodes: [zoned('a', 'z1')], pod: testPod('p', { spec: affinity('podAffinity') }), fits: [], message: "0/1 nodes are available: 1 node(s) didn't match pod affinity rules." },
  'anti-affinity to a pod that is there': { nodes: [zoned('a', 'z1'), zoned('b', 'z2')], there: { a: [web('q')] }, pod: web('p', affinity('podAntiAffinity')), fits: ['b'], message: "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules." },
  'anti-affinity of a pod that is there': {
    nodes: [zoned('a', 'z1'), zoned('b', 'z2')], there: { a: [testPod('q', { spec: affinity('podAntiAffinity') })] }, pod: web('p'), fits: ['b'], message: "0/2 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
  'a volume of another zone': {
    nodes: [zoned('a', 'z1'), zoned('b', 'z2')], pod: testPod('p', { spec: withClaim }), volumes: { ...NO_VOLUMES, claim: () => claim('Bound', 'pv'), volume: () => volumeIn('z1') }, fits: ['a'],
    message: '0/2 nodes are available: 1 node(s) had volume node affinity conflict.',
  },
  'more volumes than a node attaches': {
    nodes: [zoned('a', 'z1')], there: { a: [testPod('q', { spec: { volumes: [{ name: 'x', persistentVolumeClaim: { claimName: 'other' } }] } })] }, pod: testPod('p', { spec: withClaim }),
    volumes: { claim: (_, name) => ({ ...claim('Pending'), metadata: { ...claim('Pending').metadata, name } }), volume: () => undefined, storageClass: () => gp3('WaitForFirstConsumer'), csiNode: () => csiNode(1) },
    fits: [], message: '0/1 nodes are available: 1 node(s) exceed max volume count.',
  },
};

describe('The scheduler filters nodes by', () => {
  for (const [name, { fits, message = '', ...situation }] of Object.entries(CASES)) {
    it(name, () => {
      expect(outcome(situation)).to.deep.equal({ fits, message });
    });
  }
});

describe('A pod is kept from every node by', () => {
  const pod = testPod('p', { spec: withClaim });

  it('a claim that does not exist', () => {
    expect(volumeObstacle(pod, NO_VOLUMES)).to.equal('persistentvolumeclaim "data" not found');
  });

  it('a claim that waits for an immediate binding, and not by one that waits for its consumer', () => {
    const view = (mode: string): VolumeView => ({ ...NO_VOLUMES, claim: () => claim('Pending'), storageClass: () => gp3(mode) });
    expect(volumeObstacle(pod, view('Immediate'))).to.equal('pod has unbound immediate PersistentVolumeClaims');
    expect(volumeObstacle(pod, view('WaitForFirstConsumer'))).to.equal(undefined);
  });
});
