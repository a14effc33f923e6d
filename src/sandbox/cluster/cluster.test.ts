import { expect } from 'chai';
import { kubeTime } from '../../operator/kube/time.js';
import type { KubeObject } from '../../operator/kube/object.js';
import type { KubeClient } from '../../operator/kube/client.js';
import type { VirtualClock } from '../../operator/testing/virtual-clock.js';
import { CRON_JOB, DAEMON_SET, DEPLOYMENT, ENDPOINT_SLICE, ENDPOINTS, EVENT, JOB, NODE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD, POD_DISRUPTION_BUDGET, SECRET, SERVICE, STATEFUL_SET, VOLUME_ATTACHMENT } from './model/kinds.js';
import type { CronJob, DaemonSet, Deployment, Endpoints, EndpointSlice, Job, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Service, VolumeAttachment } from './model/kinds.js';
import type { SandboxCluster } from './sandbox-cluster.js';
import { GUIDE_SEED } from './seed.js';
import { ClusterBed, deployment } from './testing/cluster-bed.js';
import type { FakeMachines } from './testing/cluster-bed.js';

describe('The sandbox cluster', () => {
  let bed: ClusterBed;
  let clock: VirtualClock;
  let machines: FakeMachines;
  let client: KubeClient;
  let cluster: SandboxCluster;
  let reports: readonly string[];
  beforeEach(async () => {
    bed = await ClusterBed.start();
    ({ clock, machines, client, cluster, reports } = bed);
  });
  afterEach(() => bed.stop());

  const pods = (): Promise<Pod[]> => bed.pods();
  const running = (count: number): Promise<void> => bed.running(count);

  /** `Reason: message` of the events about an object, in their order. */
  const eventsAbout = async (name: string | undefined): Promise<string[]> =>
    (await client.list<KubeObject & { reason: string; message: string; involvedObject: { name: string } }>(EVENT, { namespace: 'default' })).items
      .filter(({ involvedObject }) => involvedObject.name === name).sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion)).map(({ reason, message }) => `${reason}: ${message}`);

  it('keeps the endpoints of services: who is behind them, who is ready, and nobody where there is nobody', async () => {
    const service = { metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } }, spec: { selector: { app: 'web' }, ports: [{ port: 8080, targetPort: 80 }] } };
    const created = await client.create<Service>(SERVICE, service);
    const slices = async (): Promise<EndpointSlice[]> => (await client.list<EndpointSlice>(ENDPOINT_SLICE, { namespace: 'default', labelSelector: 'kubernetes.io/service-name=web' })).items;
    const endpoints = (): Promise<Endpoints | undefined> => client.find<Endpoints>(ENDPOINTS, { name: 'web', namespace: 'default' });
    await clock.advance('1s');
    const [empty, ...others] = await slices();
    expect([others, empty?.endpoints ?? [], (await endpoints())?.subsets ?? []]).to.deep.equal([[], [], []]);
    expect(empty?.metadata.ownerReferences?.[0]).to.include({ kind: 'Service', uid: created.metadata.uid, controller: true });
    await client.create(DEPLOYMENT, deployment(2));
    machines.set({ instanceId: 'i-1' });
    await running(2);
    await clock.advance('1s');
    const [slice] = await slices();
    const ips = (await pods()).map(({ status }) => status.podIP!).sort();
    expect(slice?.ports).to.deep.equal([{ name: '', port: 80, protocol: 'TCP' }]);
    expect(slice?.endpoints?.map(({ addresses, conditions, zone }) => [...addresses, conditions?.ready, zone])).to.deep.equal(ips.map((ip) => [ip, true, 'us-west-2b']));
    expect((await endpoints())?.subsets?.map(({ addresses, ports }) => [addresses?.map(({ ip }) => ip), ports])).to.deep.equal([[ips, [{ port: 80, protocol: 'TCP' }]]]);
    await client.delete(ENDPOINT_SLICE, { name: slice!.metadata.name, namespace: 'default' });
    await client.mergePatch(DEPLOYMENT, { name: 'web', namespace: 'default' }, { spec: { replicas: 1 } });
    await clock.advanceUntil(async () => (await slices())[0]?.endpoints?.length === 1, { limit: '5m' });
    await client.delete(SERVICE, { name: 'web', namespace: 'default' });
    await clock.advanceUntil(async () => (await slices()).length === 0 && (await endpoints()) === undefined, { limit: '1m' });
  });

  it('takes a deployment of five from Pending to Running when a machine joins', async () => {
    await client.create(DEPLOYMENT, deployment(5));
    await clock.advance('10s');
    const waiting = await pods();
    expect(waiting).to.have.length(5);
    expect(waiting[0]?.status.conditions?.find(({ type }) => type === 'PodScheduled')).to.include({
      status: 'False', reason: 'Unschedulable',
      message: '0/1 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: true}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    });
    machines.set({ instanceId: 'i-1' });
    await running(5);
    const [node] = (await client.list<Node>(NODE)).items.filter(({ metadata }) => metadata.labels['pool'] === 'a');
    expect(node?.metadata.labels).to.include({ 'node.kubernetes.io/instance-type': 'm5.large', 'topology.kubernetes.io/zone': 'us-west-2b', 'topology.k8s.aws/zone-id': 'usw2-az2' });
    expect(node?.spec.taints?.map(({ key }) => key)).to.deep.equal(['dedicated']);
    expect(node?.status.capacity).to.include({ cpu: '2', pods: '29' });
    expect(await eventsAbout(node?.metadata.name)).to.include.members([
      'Starting: Starting kubelet.', 'NodeAllocatableEnforced: Updated Node Allocatable limit across pods', `NodeReady: Node ${node?.metadata.name} status is now: NodeReady`,
      `RegisteredNode: Node ${node?.metadata.name} event: Registered Node ${node?.metadata.name} in Controller`,
    ]);
    const [first, second] = await pods();
    expect((await eventsAbout(first?.metadata.name)).join('\n')).to.match(/^FailedScheduling: .*\nScheduled: .*\nPulling: .*\nPulled: (Successfully pulled image "\S+" in [\d.]+m?s \([\d.]+m?s including waiting\)\. Image size: \d+ bytes\.|Container image .*)\nCreated: .*\nStarted: /);
    expect(first?.status.containerStatuses?.[0]?.imageID).to.be.a('string').and.equal(second?.status.containerStatuses?.[0]?.imageID);
    expect(reports).to.deep.equal([]);
  });

  it('lets a voluntary eviction through only as far as the disruption budget allows', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(3));
    await client.create(POD_DISRUPTION_BUDGET, { metadata: { name: 'web', namespace: 'default' }, spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } } });
    await running(3);
    const budget = await client.get<PodDisruptionBudget>(POD_DISRUPTION_BUDGET, { name: 'web', namespace: 'default' });
    expect(budget.status).to.include({ expectedPods: 3, currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1 });
    const [first, second] = await pods();
    await client.evict({ name: first?.metadata.name as string, namespace: 'default' });
    await clock.settle();
    const refused = await client.evict({ name: second?.metadata.name as string, namespace: 'default' }).then(() => undefined, (error: unknown) => error);
    expect(refused).to.have.property('reason', 'TooManyRequests');
    await clock.advanceUntil(async () => !(await pods()).some(({ metadata }) => metadata.name === first?.metadata.name), { limit: '1m' });
    await running(3);
    await client.evict({ name: second?.metadata.name as string, namespace: 'default' });
  });

  it('binds the claim of a StatefulSet in the zone of its node, attaches it, and detaches it when the pod is gone', async () => {
    machines.set({ instanceId: 'i-1' });
    const { template } = deployment(1).spec;
    await client.create(STATEFUL_SET, {
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        serviceName: 'db', replicas: 1, selector: { matchLabels: { app: 'web' } }, template,
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'gp3', resources: { requests: { storage: '10Gi' } } } }],
      },
    });
    await running(1);
    const claim = await client.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIM, { name: 'data-db-0', namespace: 'default' });
    expect(claim.status.phase).to.equal('Bound');
    expect((await eventsAbout('data-db-0')).map((event) => event.split(':')[0])).to.include.members(['WaitForPodScheduled', 'ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded']);
    const volume = await client.get<PersistentVolume>(PERSISTENT_VOLUME, { name: claim.spec.volumeName as string });
    expect(volume.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]).to.deep.include({ values: ['us-west-2b'] });
    const [attachment] = (await client.list<VolumeAttachment>(VOLUME_ATTACHMENT)).items;
    expect(attachment?.status?.attached).to.equal(true);
    await client.scale(STATEFUL_SET, { name: 'db', namespace: 'default' }, 0);
    await clock.advanceUntil(async () => (await client.list(VOLUME_ATTACHMENT)).items.length === 0, { limit: '1m' });
    expect((await pods())).to.deep.equal([]);
    expect((await client.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIM, { name: 'data-db-0', namespace: 'default' })).status.phase).to.equal('Bound');
  });

  it('takes the node and its pods away when the machine is terminated', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(2));
    await running(2);
    const before = (await pods()).map(({ metadata }) => metadata.name);
    machines.set({ instanceId: 'i-1', state: 'shutting-down' });
    await clock.advance('10s');
    const [node] = (await client.list<Node>(NODE, { labelSelector: 'pool=a' })).items;
    expect(node?.status.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('False');
    expect((await pods()).some(({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'))).to.equal(false);
    machines.set({ instanceId: 'i-1', state: 'terminated' });
    await clock.advance('30s');
    expect((await client.list<Node>(NODE, { labelSelector: 'pool=a' })).items).to.deep.equal([]);
    await clock.advance('1m');
    const after = await pods();
    expect(after.map(({ metadata }) => metadata.name)).to.have.length(2).and.not.include.members(before);
    expect(after.every(({ status }) => status.phase === 'Pending')).to.equal(true);
  });

  it('never lets a machine join whose user data names another cluster, and says why on its console', async () => {
    machines.set({ instanceId: 'i-2', userData: '#!/bin/bash\n/etc/eks/bootstrap.sh another-cluster' });
    await clock.advance('5m');
    expect((await client.list<Node>(NODE)).items.map(({ metadata }) => metadata.name)).to.deep.equal(['ip-10-0-255-10.us-west-2.compute.internal']);
    expect(cluster.consoleLog('i-2').at(-1)).to.contain('No cluster found for name: another-cluster');
  });

  it('waits with a container whose secret is missing, and starts it when the secret comes', async () => {
    machines.set({ instanceId: 'i-1' });
    const env = [{ name: 'URL', valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'url' } } }];
    await client.create(DEPLOYMENT, deployment(1, { containers: [{ name: 'web', image: 'web:1', env }] }));
    await clock.advance('2m');
    const [pod] = await pods();
    expect(pod?.status.containerStatuses?.[0]?.state?.waiting).to.deep.equal({ reason: 'CreateContainerConfigError', message: 'secret "db-credentials" not found' });
    expect(pod?.status.phase).to.equal('Pending');
    for (const manifest of GUIDE_SEED) await client.create(SECRET, manifest);
    await running(1);
  });

  it('replaces pods under a rolling update without ever having too few or too many', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(4));
    await running(4);
    await client.mergePatch(DEPLOYMENT, { name: 'web', namespace: 'default' }, { spec: { template: { metadata: { annotations: { version: '2' } } } } });
    let fewest = 4;
    let most = 4;
    await clock.advanceUntil(async () => {
      const all = (await pods()).filter(({ metadata }) => !metadata.deletionTimestamp);
      most = Math.max(most, all.length);
      fewest = Math.min(fewest, all.filter(({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')).length);
      return all.length === 4 && all.every(({ metadata, status }) => metadata.annotations?.['version'] === '2' && status.phase === 'Running');
    }, { step: '200ms', limit: '3m' });
    expect({ fewest, most }).to.deep.equal({ fewest: 3, most: 5 });
    await clock.advance('10s');
    const { status } = await client.get<Deployment>(DEPLOYMENT, { name: 'web', namespace: 'default' });
    expect(status).to.include({ replicas: 4, updatedReplicas: 4, availableReplicas: 4, readyReplicas: 4 });
    expect(status.conditions?.map(({ type, reason }) => `${type} ${reason}`)).to.have.members(['Available MinimumReplicasAvailable', 'Progressing NewReplicaSetAvailable']);
  });

  it('runs a Job to its completions and counts them', async () => {
    machines.set({ instanceId: 'i-1' });
    const { nodeSelector, tolerations } = deployment(1).spec.template.spec;
    await client.create(JOB, {
      metadata: { name: 'batch', namespace: 'default' },
      spec: { completions: 3, parallelism: 2, template: { spec: { restartPolicy: 'Never', nodeSelector, tolerations, containers: [{ name: 'work', image: 'busybox:1', command: ['sleep', '5'] }] } } },
    });
    await clock.advanceUntil(async () => (await client.get<Job>(JOB, { name: 'batch', namespace: 'default' })).status.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') === true, { limit: '5m' });
    expect((await client.get<Job>(JOB, { name: 'batch', namespace: 'default' })).status).to.include({ succeeded: 3 });
    expect((await pods()).map(({ status }) => status.phase)).to.deep.equal(['Succeeded', 'Succeeded', 'Succeeded']);
  });

  it('shows a process outside as a running pod with its own log', async () => {
    const lines = [{ time: clock.now(), text: 'hello' }];
    const remove = await cluster.addForeignPod({
      namespace: 'karpenter', name: 'karpenter-0', labels: { 'app.kubernetes.io/name': 'karpenter' }, container: 'controller', image: 'karpenter-ts',
      log: { lines: () => lines, subscribe: () => () => undefined },
    });
    const operator = async (): Promise<Pod | undefined> => (await client.list<Pod>(POD, { namespace: 'karpenter' })).items[0];
    await clock.advanceUntil(async () => (await operator())?.status.phase === 'Running', { limit: '1m' });
    const shown: string[] = [];
    for await (const chunk of cluster.podLogs('karpenter', 'karpenter-0', 'controller', { follow: false, previous: false, timestamps: false }, undefined)) shown.push(chunk);
    expect(shown).to.deep.equal(['hello\n']);
    await remove();
    await clock.advance('5s');
    expect(await operator()).to.equal(undefined);
  });

  it('makes room for a pod of higher priority', async () => {
    machines.set({ instanceId: 'i-1' });
    const hungry = { containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '900m' } } }] };
    await client.create(DEPLOYMENT, deployment(2, hungry));
    await running(2);
    const { nodeSelector, tolerations } = deployment(1).spec.template.spec;
    await client.create(POD, { metadata: { name: 'urgent', namespace: 'default' }, spec: { priorityClassName: 'system-cluster-critical', nodeSelector, tolerations, ...hungry } });
    await clock.advanceUntil(async () => (await client.get<Pod>(POD, { name: 'urgent', namespace: 'default' })).status.phase === 'Running', { limit: '2m' });
    const all = await pods();
    expect(all.filter(({ status }) => status.phase === 'Pending')).to.have.length(1);
    const { items } = await client.list<KubeObject & { reason: string; message: string }>(EVENT, { namespace: 'default' });
    expect(items.filter(({ reason }) => reason === 'Preempted')).to.have.length(1);
  });

  it('drives pods off a node by a NoExecute taint when their toleration ends', async () => {
    machines.set({ instanceId: 'i-1' });
    const tolerations = [{ key: 'dedicated', operator: 'Exists' }, { key: 'outage', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }];
    await client.create(DEPLOYMENT, deployment(1, { tolerations }));
    await running(1);
    const [pod] = await pods();
    const node = await client.get<Node>(NODE, { name: pod?.spec.nodeName as string });
    await client.mergePatch(NODE, { name: node.metadata.name }, { spec: { taints: [...(node.spec.taints ?? []), { key: 'outage', effect: 'NoExecute' }] } });
    await clock.advance('50s');
    expect((await pods())[0]?.metadata).to.have.property('name', pod?.metadata.name);
    await clock.advance('15s');
    expect((await pods()).map(({ metadata }) => metadata.name)).not.to.include(pod?.metadata.name);
  });

  it('cuts a slow stop short when it is deleted again with less grace', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(1, { terminationGracePeriodSeconds: 600, containers: [{ name: 'web', image: 'web:1', lifecycle: { preStop: { exec: { command: ['sleep', '500'] } } } }] }));
    await running(1);
    const [pod] = await pods();
    const slow = { name: pod?.metadata.name as string, namespace: 'default' };
    await client.delete(POD, slow);
    await clock.advance('30s');
    expect(await client.find(POD, slow)).not.to.equal(undefined);
    await client.delete(POD, { ...slow, gracePeriodSeconds: 5 });
    await clock.advance('10s');
    expect(await client.find(POD, slow)).to.equal(undefined);
  });

  it('turns a node that has gone silent to Unknown, and taints it', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(1));
    await running(1);
    // A node without a machine behind it: nobody renews its lease.
    await client.create(NODE, { metadata: { name: 'silent', labels: { pool: 'b' } }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: kubeTime(clock.now()), lastTransitionTime: kubeTime(clock.now()) }] } });
    await clock.advance('1m');
    const silent = await client.get<Node>(NODE, { name: 'silent' });
    expect(silent.status.conditions?.find(({ type }) => type === 'Ready')).to.include({ status: 'Unknown', reason: 'NodeStatusUnknown' });
    expect(silent.spec.taints?.map(({ key, effect }) => `${key}:${effect}`)).to.deep.equal(['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']);
  });

  it('brings a node and its pods back to ready that others took for lost', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(1));
    await running(1);
    const [pod] = await pods();
    const target = { name: pod?.spec.nodeName as string };
    const node = await client.get<Node>(NODE, target);
    const conditions = node.status.conditions?.map((condition) => ({ ...condition, status: condition.type === 'Ready' ? 'False' : condition.status }));
    await client.mergePatch(NODE, target, { status: { conditions } }, { subresource: 'status' });
    await clock.advance('15s');
    expect((await client.get<Node>(NODE, target)).status.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('True');
    expect((await client.get<Node>(NODE, target)).spec.taints?.map(({ key }) => key)).to.deep.equal(['dedicated']);
    await running(1);
    expect((await pods()).map(({ metadata }) => metadata.name)).to.deep.equal([pod?.metadata.name]);
  });

  it('registers a machine under a reused name only when the node of the former one is gone', async () => {
    machines.set({ instanceId: 'i-1' });
    const here = async (): Promise<Node | undefined> => (await client.list<Node>(NODE, { labelSelector: 'pool=a' })).items[0];
    await clock.advanceUntil(async () => (await here()) !== undefined, { limit: '2m' });
    const former = (await here()) as Node;
    await client.mergePatch(NODE, { name: former.metadata.name }, { metadata: { finalizers: ['example.com/slow'] } });
    machines.set({ instanceId: 'i-1', state: 'terminated' });
    machines.set({ instanceId: 'i-2', privateDnsName: former.metadata.name, launchTime: clock.now() });
    await clock.advance('2m');
    expect((await here())?.spec.providerID).to.match(/i-1$/);
    expect(cluster.consoleLog('i-2').at(-1)).to.contain('already exists');
    await client.mergePatch(NODE, { name: former.metadata.name }, { metadata: { finalizers: null } });
    await clock.advance('20s');
    expect((await here())?.spec.providerID).to.match(/i-2$/);
  });

  it('keeps one daemon on every node that it is for, and replaces them one by one', async () => {
    machines.set({ instanceId: 'i-1' });
    machines.set({ instanceId: 'i-2' });
    const { template } = deployment(1).spec;
    await client.create(DAEMON_SET, { metadata: { name: 'agent', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' } }, template } });
    await running(2);
    expect(new Set((await pods()).map(({ spec }) => spec.nodeName)).size).to.equal(2);
    await client.mergePatch(DAEMON_SET, { name: 'agent', namespace: 'default' }, { spec: { template: { metadata: { annotations: { version: '2' } } } } });
    let fewest = 2;
    await clock.advanceUntil(async () => {
      const all = await pods();
      fewest = Math.min(fewest, all.filter(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === 'Running').length);
      return all.length === 2 && all.every(({ metadata, status }) => metadata.annotations?.['version'] === '2' && status.phase === 'Running');
    }, { step: '500ms', limit: '3m' });
    expect(fewest).to.equal(1);
    await clock.advance('5s');
    expect((await client.get<DaemonSet>(DAEMON_SET, { name: 'agent', namespace: 'default' })).status).to.include({ desiredNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2, numberMisscheduled: 0 });
  });

  it('starts the Jobs of a CronJob at their minute, and forgets the old ones', async () => {
    machines.set({ instanceId: 'i-1' });
    const { nodeSelector, tolerations } = deployment(1).spec.template.spec;
    const template = { spec: { restartPolicy: 'Never', nodeSelector, tolerations, containers: [{ name: 'work', image: 'busybox:1', command: ['true'] }] } };
    await client.create(CRON_JOB, { metadata: { name: 'tick', namespace: 'default' }, spec: { schedule: '*/2 * * * *', successfulJobsHistoryLimit: 2, jobTemplate: { spec: { template } } } });
    await clock.advance('9m30s');
    const jobs = (await client.list<Job>(JOB, { namespace: 'default' })).items;
    expect(jobs.map(({ status }) => status.succeeded)).to.deep.equal([1, 1]);
    const tick = await client.get<CronJob>(CRON_JOB, { name: 'tick', namespace: 'default' });
    expect(tick.status.lastScheduleTime).to.equal('2024-01-01T00:08:00Z');
    expect(tick.status.active ?? []).to.deep.equal([]);
  });

  it('runs init steps in order beside their sidecar, and ends the sidecar with the last container', async () => {
    machines.set({ instanceId: 'i-1' });
    const { nodeSelector, tolerations } = deployment(1).spec.template.spec;
    const sleeping = (name: string, seconds: number) => ({ name, image: 'busybox:1', command: ['sleep', String(seconds)] });
    await client.create(POD, {
      metadata: { name: 'steps', namespace: 'default' },
      spec: { restartPolicy: 'Never', nodeSelector, tolerations, initContainers: [{ name: 'side', image: 'side:1', restartPolicy: 'Always' }, sleeping('first', 5), sleeping('second', 5)], containers: [sleeping('main', 30)] },
    });
    const pod = (): Promise<Pod> => client.get<Pod>(POD, { name: 'steps', namespace: 'default' });
    await clock.advanceUntil(async () => (await pod()).status.phase === 'Running', { limit: '3m', step: '500ms' });
    const { status } = await pod();
    const [side, first, second] = status.initContainerStatuses ?? [];
    expect(side?.state?.running).not.to.equal(undefined);
    expect(Date.parse(second?.state?.terminated?.startedAt ?? '')).to.be.at.least(Date.parse(first?.state?.terminated?.finishedAt ?? ''));
    await clock.advance('1m');
    const done = await pod();
    expect(done.status.phase).to.equal('Succeeded');
    expect(done.status.initContainerStatuses?.[0]?.state?.terminated?.exitCode).to.equal(0);
  });

  it('backs off a container that keeps failing', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(1, { containers: [{ name: 'web', image: 'web:1', command: ['sh', '-c', 'sleep 1; exit 3'] }] }));
    await clock.advance('3m');
    const [container] = (await pods())[0]?.status.containerStatuses ?? [];
    expect(container?.restartCount).to.be.within(3, 5);
    expect(container?.state?.waiting?.reason).to.equal('CrashLoopBackOff');
    expect(container?.lastState?.terminated).to.include({ exitCode: 3, reason: 'Error' });
    expect((await pods())[0]?.status.phase).to.equal('Running');
  });

  it('gives a claim without a class the default one, keeps it while a pod uses it, and deletes its volume with it', async () => {
    machines.set({ instanceId: 'i-1' });
    const target = { name: 'data', namespace: 'default' };
    await client.create(PERSISTENT_VOLUME_CLAIM, { metadata: target, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } } });
    await clock.advance('5s');
    const waiting = await client.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIM, target);
    expect(waiting.spec.storageClassName).to.equal('gp3');
    expect(waiting.status.phase).to.equal('Pending');
    await client.create(DEPLOYMENT, deployment(1, { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }));
    await running(1);
    await client.delete(PERSISTENT_VOLUME_CLAIM, target);
    await clock.advance('10s');
    expect((await client.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIM, target)).metadata.deletionTimestamp).not.to.equal(undefined);
    await client.delete(DEPLOYMENT, { name: 'web', namespace: 'default', propagationPolicy: 'Background' });
    await clock.advanceUntil(async () => (await client.list(PERSISTENT_VOLUME)).items.length === 0, { limit: '2m' });
    expect(await client.find(PERSISTENT_VOLUME_CLAIM, target)).to.equal(undefined);
  });

  it('answers kubectl logs and kubectl top', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(1));
    await running(1);
    await clock.advance('5m');
    const name = (await pods())[0]?.metadata.name as string;
    const read = async (options: object): Promise<string[]> => {
      const chunks: string[] = [];
      for await (const chunk of cluster.podLogs('default', name, 'web', { follow: false, previous: false, timestamps: false, ...options }, undefined)) chunks.push(chunk);
      return chunks;
    };
    const all = await read({});
    expect(all[0]).to.equal('starting web:1\n');
    expect(await read({ tailLines: 2 })).to.deep.equal(all.slice(-2));
    expect((await read({ timestamps: true, tailLines: 1 }))[0]).to.match(/^2024-01-01T00:0\d:\d\d\.\d{9}Z /);
    const follow = new AbortController();
    const followed: string[] = [];
    const following = (async () => {
      for await (const chunk of cluster.podLogs('default', name, 'web', { follow: true, previous: false, timestamps: false, tailLines: 0 }, follow.signal)) followed.push(chunk);
    })();
    await clock.advance('1m');
    follow.abort();
    await following;
    expect(followed.length).to.be.within(3, 7);
    expect(cluster.metrics.pods().map(({ metadata }) => (metadata as { name: string }).name)).to.deep.equal([name]);
    expect(cluster.metrics.nodes()).to.have.length(2);
  });

  it('leaves nothing behind when it stops', async () => {
    machines.set({ instanceId: 'i-1' });
    await client.create(DEPLOYMENT, deployment(2));
    await running(2);
    await bed.stop();
    await clock.flush();
    expect(clock.timers).to.equal(0);
  });
});
