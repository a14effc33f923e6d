import { expect } from 'chai';
import { NodeClaim, TERMINATION_FINALIZER } from 'karpenter-ts/api';
import { Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, VolumeAttachment } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeHydration } from '../nodeclaim/hydration.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { EvictionQueue } from './eviction-queue.js';
import { NodeTermination } from './termination.js';

const NODE = 'node-of-claim';

describe('the termination of Nodes', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeHydration, NodeTermination, EvictionQueue]);
  });

  afterEach(() => karpenter.bed.close());

  const node = (): Promise<Node | undefined> => karpenter.api.find(Node, NODE);
  /** Names of pods that nobody asked to leave yet. */
  const staying = async (): Promise<string[]> => (await karpenter.api.list(Pod)).filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name).sort();
  const condition = async (type: string): Promise<string | undefined> => (await karpenter.conditions(NodeClaim, 'claim')).find((text) => text.startsWith(`${type}=`));
  /** What a kubelet does with pods that terminate. */
  const endPods = async (...names: string[]): Promise<void> => {
    for (const name of names) await karpenter.api.delete(Pod, name, { gracePeriodSeconds: 0 });
  };

  it('taints the node and takes it from load balancers in one write, and deletes the claim with it', async () => {
    await karpenter.initialized();
    await karpenter.pod('busy', { node: NODE });
    await karpenter.api.delete(Node, NODE);
    await karpenter.bed.settle();
    const { metadata, spec } = (await node()) as Node;
    expect(spec.taints).to.deep.equal([{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }]);
    expect(metadata.labels['node.kubernetes.io/exclude-from-external-load-balancers']).to.equal('karpenter');
    expect((await karpenter.api.get(NodeClaim, 'claim')).metadata.deletionTimestamp).to.not.equal(undefined);
    expect(karpenter.bed.logs.filter(({ message }) => message === 'tainted node')).to.have.length(1);
  });

  it('asks pods to leave in four groups: workloads, daemons, critical workloads, critical daemons', async () => {
    await karpenter.initialized();
    const daemon = await karpenter.daemonSet();
    await karpenter.pod('a-workload', { node: NODE });
    await karpenter.pod('b-daemon', { node: NODE, ...daemon });
    await karpenter.pod('c-critical', { node: NODE, spec: { priorityClassName: 'system-cluster-critical', priority: 2_000_000_000 } });
    await karpenter.pod('d-critical-daemon', { node: NODE, ...daemon, spec: { priorityClassName: 'system-node-critical', priority: 2_000_001_000 } });
    await karpenter.api.delete(NodeClaim, 'claim');
    const pods = ['a-workload', 'b-daemon', 'c-critical', 'd-critical-daemon'];
    for (const [at, name] of pods.entries()) {
      await karpenter.bed.advance('3s');
      expect(await staying(), `while ${name} leaves`).to.deep.equal(pods.slice(at + 1));
      await endPods(name);
    }
    await karpenter.bed.advance('10s');
    expect(await node()).to.equal(undefined);
    expect(await karpenter.metric('karpenter_pods_drained_total')).to.deep.equal(['karpenter_pods_drained_total{reason="Forceful Termination"} 4']);
  });

  it('drains for at least 5 seconds, says so on the claim, and then ends the instance', async () => {
    karpenter.cloud.terminatingAnswers = 3;
    const { claim } = await karpenter.initialized();
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('4s');
    expect(await condition('Drained')).to.equal('Drained=Unknown Draining: Draining');
    expect(karpenter.cloud.terminations).to.deep.equal([]);
    await karpenter.bed.advance('2s');
    expect(await condition('Drained')).to.equal('Drained=True Drained');
    expect(await condition('VolumesDetached')).to.equal('VolumesDetached=True VolumesDetached');
    expect(await condition('InstanceTerminating')).to.equal('InstanceTerminating=True InstanceTerminating');
    expect(await karpenter.bed.events(claim)).to.include('Normal Drained: Status condition transitioned, Type: Drained, Status: Unknown -> True, Reason: Drained');
    expect((await node())?.metadata.finalizers).to.deep.equal([TERMINATION_FINALIZER]);
    await karpenter.bed.advance('15s');
    expect(await node()).to.equal(undefined);
    expect(await karpenter.api.find(NodeClaim, 'claim')).to.equal(undefined);
    expect(await karpenter.metric('karpenter_nodes_drained_total')).to.deep.equal(['karpenter_nodes_drained_total{nodepool="default"} 1']);
    expect(await karpenter.metric('karpenter_nodes_terminated_total')).to.deep.equal(['karpenter_nodes_terminated_total{nodepool="default",zone="zone-a"} 1']);
  });

  it('goes on in the moment in which the last pod is gone', async () => {
    await karpenter.initialized();
    await karpenter.pod('busy', { node: NODE });
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('10s');
    expect(karpenter.cloud.terminations).to.deep.equal([]);
    await endPods('busy');
    await karpenter.bed.settle();
    expect(karpenter.cloud.terminations).to.have.length.above(0);
  });

  it('does not wait for a pod that was to be gone a minute ago', async () => {
    await karpenter.initialized();
    const finalizers = ['example.com/never'];
    await karpenter.pod('stuck', { node: NODE });
    await karpenter.api.patch(Pod, 'stuck', { metadata: { finalizers } });
    await karpenter.api.delete(Pod, 'stuck', { gracePeriodSeconds: 10 });
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('69s');
    expect(await condition('Drained')).to.equal('Drained=Unknown Draining: Draining');
    await karpenter.bed.advance('3s');
    expect(await node()).to.equal(undefined);
  });

  it('measures how long everything took, and how old the node became', async () => {
    karpenter.cloud.terminatingAnswers = 2;
    await karpenter.initialized();
    await karpenter.bed.advance('1h');
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('30s');
    expect(await node()).to.equal(undefined);
    const seconds = async (series: string): Promise<number> => {
      const [line = ''] = await karpenter.metric(`karpenter_${series}_duration_seconds_sum`);
      expect(line).to.contain('{nodepool="default"}');
      return Number(line.split(' ')[1]);
    };
    const [terminated, lived] = [await seconds('nodes_termination'), await seconds('nodes_lifetime')];
    expect(terminated).to.be.within(10, 12);
    expect(lived - terminated).to.be.within(3_601, 3_603);
    expect(await seconds('nodeclaims_instance_termination')).to.be.within(5, 7);
    expect(await seconds('nodeclaims_termination')).to.be.within(terminated, terminated + 1);
  });

  it('respects a PodDisruptionBudget, says so, and goes on once it allows', async () => {
    const { node: registered } = await karpenter.initialized();
    await karpenter.pod('guarded', { node: NODE, labels: { app: 'guarded' } });
    await karpenter.api.create(PodDisruptionBudget, { metadata: { name: 'guard' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } });
    const allow = (disruptionsAllowed: number) => karpenter.api.patch(PodDisruptionBudget, 'guard', { status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 } as never });
    await allow(0);
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('30s');
    expect(await staying()).to.deep.equal(['guarded']);
    expect(await karpenter.events(registered)).to.include('Warning FailedDraining: Failed to drain node, 1 pods are waiting to be evicted');
    expect((await karpenter.metric('karpenter_pods_eviction_requests_total')).join()).to.include('code="429"');
    await allow(1);
    await karpenter.bed.advance('12s');
    expect(await staying()).to.deep.equal([]);
  });

  it('waits for a pod that must not be disrupted, for ever without a grace period', async () => {
    await karpenter.initialized();
    await karpenter.pod('protected', { node: NODE, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('1h');
    expect(await staying()).to.deep.equal(['protected']);
    await karpenter.api.patch(Pod, 'protected', { metadata: { annotations: { 'karpenter.sh/do-not-disrupt': null } } });
    await karpenter.bed.advance('15s');
    expect(await staying()).to.deep.equal([]);
  });

  it('deletes pods by force so that they are gone at the deadline of the grace period', async () => {
    await karpenter.initialized({ terminationGracePeriod: '5m' });
    const pod = await karpenter.pod('protected', { node: NODE, annotations: { 'karpenter.sh/do-not-disrupt': 'true' }, spec: { terminationGracePeriodSeconds: 60 } });
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('4m');
    expect(await staying()).to.deep.equal(['protected']);
    await karpenter.bed.advance('15s');
    expect(await staying()).to.deep.equal([]);
    const { metadata: { deletionTimestamp } } = await karpenter.api.get(Pod, 'protected');
    const deadline = (await karpenter.api.get(NodeClaim, 'claim')).metadata.annotations['karpenter.sh/nodeclaim-termination-timestamp'];
    expect(Date.parse(deletionTimestamp as string)).to.be.within(Date.parse(deadline as string) - 2_000, Date.parse(deadline as string));
    expect((await karpenter.events(pod)).find((event) => event.startsWith('Normal Disrupted'))).to.match(/bypassing PodDisruptionBudgets/);
  });

  it('shortens the grace period of a pod that terminates too slowly for the deadline', async () => {
    await karpenter.initialized({ terminationGracePeriod: '1m' });
    await karpenter.pod('slow', { node: NODE, spec: { terminationGracePeriodSeconds: 600 } });
    await karpenter.api.delete(Pod, 'slow');
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('2s');
    const { metadata: { deletionTimestamp } } = await karpenter.api.get(Pod, 'slow');
    const deadline = (await karpenter.api.get(NodeClaim, 'claim')).metadata.annotations['karpenter.sh/nodeclaim-termination-timestamp'];
    expect(Date.parse(deletionTimestamp as string)).to.be.at.most(Date.parse(deadline as string));
  });

  it('waits for volumes to be detached, except those of pods that stay', async () => {
    const { node: registered } = await karpenter.initialized();
    for (const name of ['going', 'staying']) {
      await karpenter.api.create(PersistentVolume, { metadata: { name: `pv-${name}` }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'ebs.csi.aws.com', volumeHandle: name } } });
      await karpenter.api.create(PersistentVolumeClaim, { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: `pv-${name}`, storageClassName: '' } });
      await karpenter.api.create(VolumeAttachment, { metadata: { name: `attachment-${name}` }, spec: { attacher: 'ebs.csi.aws.com', nodeName: NODE, source: { persistentVolumeName: `pv-${name}` } } });
    }
    await karpenter.pod('tolerant', { node: NODE, spec: { tolerations: [{ operator: 'Exists' }], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'staying' } }] } });
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('10s');
    expect(await condition('VolumesDetached')).to.equal('VolumesDetached=Unknown AwaitingVolumeDetachment: AwaitingVolumeDetachment');
    expect(await karpenter.events(registered)).to.include('Normal AwaitingVolumeDetachment: Awaiting deletion of bound volumeattachments (attachment-going)');
    expect(karpenter.cloud.terminations).to.deep.equal([]);
    await karpenter.api.delete(VolumeAttachment, 'attachment-going');
    await karpenter.bed.settle();
    expect(karpenter.cloud.terminations).to.not.deep.equal([]);
    expect(await node()).to.equal(undefined);
  });

  it('gives volumes up when the grace period is over', async () => {
    karpenter.cloud.terminatingAnswers = Infinity;
    await karpenter.initialized({ terminationGracePeriod: '1m' });
    await karpenter.api.create(VolumeAttachment, { metadata: { name: 'stuck' }, spec: { attacher: 'ebs.csi.aws.com', nodeName: NODE, source: { persistentVolumeName: 'pv' } } });
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('59s');
    expect(karpenter.cloud.terminations).to.deep.equal([]);
    await karpenter.bed.advance('3s');
    expect(await condition('VolumesDetached')).to.equal('VolumesDetached=False TerminationGracePeriodElapsed: TerminationGracePeriodElapsed');
    expect(karpenter.cloud.terminations).to.not.deep.equal([]);
  });

  it('lets a node go without draining when its kubelet is silent and its instance does not exist', async () => {
    await karpenter.initialized();
    await karpenter.pod('lost', { node: NODE });
    await karpenter.ready(NODE, 'Unknown');
    karpenter.cloud.instances.clear();
    await karpenter.api.delete(Node, NODE);
    await karpenter.bed.settle();
    expect(await node()).to.equal(undefined);
  });

  it('drains a node whose kubelet is ready although its instance is not found', async () => {
    await karpenter.initialized();
    await karpenter.pod('alive', { node: NODE });
    karpenter.cloud.instances.clear();
    await karpenter.api.delete(Node, NODE);
    await karpenter.bed.advance('2s');
    expect(await node()).to.not.equal(undefined);
    expect(await staying()).to.deep.equal([]);
  });

  it('ignores nodes that are not Karpenter\'s', async () => {
    await karpenter.api.create(Node, { metadata: { name: 'foreign', finalizers: [TERMINATION_FINALIZER] } });
    await karpenter.bed.settle();
    await karpenter.api.delete(Node, 'foreign');
    await karpenter.bed.advance('1m');
    const { metadata, spec } = await karpenter.api.get(Node, 'foreign');
    expect([metadata.finalizers, (spec as Node['spec'] | undefined)?.taints]).to.deep.equal([[TERMINATION_FINALIZER], undefined]);
  });
});
