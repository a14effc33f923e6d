import { expect } from 'chai';
import type { NodeSelectorTerm, PersistentVolumeClaimSpec, PersistentVolumeSpec, Pod, PodSpec, Volume } from 'kubernetes-types/core/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { Decision } from './decision.js';
import type { ObjectLookup, Snapshot } from './snapshot.js';
import { solve } from './solve.js';
import { attachedVolumes, volumeAlternatives } from './volumes.js';

const ZONE = 'topology.kubernetes.io/zone';
const EBS = 'ebs.csi.aws.com';
const inZones = (...values: string[]): NodeSelectorTerm => ({ matchExpressions: [{ key: ZONE, operator: 'In', values }] });
const csi = (...nodeSelectorTerms: NodeSelectorTerm[]): PersistentVolumeSpec => ({ csi: { driver: EBS, volumeHandle: 'v' }, nodeAffinity: { required: { nodeSelectorTerms } } });

const VOLUMES: Readonly<Record<string, PersistentVolumeSpec>> = {
  b: csi(inZones('b')), 'a-or-c': csi(inZones('a'), inZones('c')), 'b-or-c': csi(inZones('b'), inZones('c')),
  'in-tree': { awsElasticBlockStore: { volumeID: 'v' } },
  local: { local: { path: '/disk' }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['gone'] }, ...inZones('c').matchExpressions ?? []] }] } } },
};
const CLASSES: Readonly<Record<string, StorageClass>> = {
  csi: { provisioner: EBS }, 'in-tree': { provisioner: 'kubernetes.io/aws-ebs' }, zonal: { provisioner: EBS, allowedTopologies: [{ matchLabelExpressions: [{ key: ZONE, values: ['c'] }] }] },
};
const claimSpec = (name: string): PersistentVolumeClaimSpec => (name in VOLUMES ? { volumeName: name } : { storageClassName: name.replace('new-', '') });
const lookup: ObjectLookup = {
  persistentVolumeClaim: (_, name) => (name.startsWith('pod-') ? undefined : { metadata: { name }, spec: claimSpec(name) }),
  persistentVolume: (name) => (name in VOLUMES ? { spec: VOLUMES[name] as PersistentVolumeSpec } : undefined),
  storageClass: (name) => CLASSES[name],
};

const claims = (...names: string[]): Volume[] => names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
const ephemeral = (storageClassName: string): Volume[] => [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { storageClassName } } } }];
const mounting = (volumes: Volume[], rest: Partial<PodSpec> = {}, name = 'pod-1'): Pod => pod({ name, labels: { app: 'web' }, spec: { volumes, ...rest } });

const in3 = ['a', 'b', 'c'].map((zone) => ({ zone, price: 0.2 }));
const cluster = (rest: Partial<Snapshot> = {}, offerings = in3): Snapshot => snapshot([{ nodePool: nodePool('default'), instanceTypes: [instanceType('medium', { cpu: 4, memoryGi: 8 }, offerings)] }], { lookup, ...rest });
const zones = ({ newNodes }: Decision): string => newNodes.map(({ requirements, pods }) => `${[...requirements.get(ZONE).values].join('|')}${pods.length}`).join(' ');

describe('volumes', () => {
  it('that can be in several places are tried one after the other', () => {
    expect(zones(solve(cluster(), [mounting(claims('a-or-c'))]))).to.equal('a1');
    expect(zones(solve(cluster({}, [{ zone: 'c', price: 0.2 }]), [mounting(claims('a-or-c'))]))).to.equal('c1');
  });

  it('of one pod must be in one place, out of all in which each can be', () => {
    expect(volumeAlternatives(mounting(claims('a-or-c', 'b-or-c')), lookup).map((terms) => terms.map(({ values }) => values?.join()))).to.deep.equal([['c', 'c']]);
    expect(zones(solve(cluster(), [mounting(claims('a-or-c', 'b-or-c'))]))).to.equal('c1');
    expect(volumeAlternatives(mounting(claims('a-or-c', 'b')), lookup)).to.have.length(2);
  });

  it('on the disk of one machine bind a pod to its zone, not to that machine', () => {
    expect(zones(solve(cluster(), [mounting(claims('local'))]))).to.equal('c1');
  });

  it('say where a pod is, not among which zones it is to be even', () => {
    const spread: Partial<PodSpec> = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } }] };
    const decision = solve(cluster(), [mounting(claims('b'), spread, 'one'), mounting(claims('b'), spread, 'two')]);
    expect(zones(decision)).to.equal('b1');
    expect(decision.unschedulable).to.have.length(1);
    const selected = { nodeSelector: { [ZONE]: 'b' }, ...spread };
    expect(zones(solve(cluster(), [mounting([], selected, 'one'), mounting([], selected, 'two')]))).to.equal('b2');
  });

  it('that live and die with their pod are made by the class of their template', () => {
    expect(zones(solve(cluster(), [mounting(ephemeral('zonal'))]))).to.equal('c1');
    expect(attachedVolumes(mounting(ephemeral('csi')), lookup)).to.deep.equal([{ driver: EBS, id: 'default/pod-1-scratch' }]);
  });

  it('are attached by their CSI driver, whichever name their class or volume has for it', () => {
    const drivers = (...volumes: Volume[]): string[] => attachedVolumes(mounting(volumes), lookup).map(({ driver }) => driver);
    expect(drivers(...claims('b', 'in-tree', 'new-in-tree', 'new-csi'), ...ephemeral('in-tree'))).to.deep.equal([EBS, EBS, EBS, EBS, EBS]);
    expect(drivers(...claims('local'))).to.deep.equal([]);
  });

  it('of every kind count against what the driver of a node can attach', () => {
    const placed = (limit: number, ...volumes: Volume[]): number => solve(cluster({ pools: [], nodes: [existingNode('node', { zone: 'b', volumeLimits: { [EBS]: limit }, pods: [mounting(claims('b'), { nodeName: 'node' }, 'there')] })] }), [mounting(volumes)]).existingNodes.length;
    for (const volumes of [claims('in-tree'), claims('new-in-tree'), claims('new-csi'), ephemeral('csi')]) {
      expect([placed(1, ...volumes), placed(2, ...volumes)], JSON.stringify(volumes)).to.deep.equal([0, 1]);
    }
    expect(placed(1, ...claims('b')), 'the one that is there already').to.equal(1);
  });
});
