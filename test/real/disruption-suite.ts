import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import type { NodeClaim } from '../../src/api/index.js';
import type { Event, Node, Pod } from '../../src/operator/index.js';
import type { RealCluster } from '../support/real-cluster.js';
import { awsOf } from '../support/sandbox-aws.js';
import { eventually } from '../support/sandbox-process.js';

const MINUTE = 60_000;
const POOL = 'short-lived';

const pool = (expireAfter: string): object => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: POOL },
  spec: {
    template: {
      metadata: { labels: { pool: POOL } },
      spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'frontend-nodes' }, requirements: [{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] }, { key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['m5.large'] }], expireAfter },
    },
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: 'Never', budgets: [{ nodes: '100%' }] },
  },
});
const WORKLOAD = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: POOL, namespace: 'default' },
  spec: {
    replicas: 1, selector: { matchLabels: { app: POOL } },
    template: { metadata: { labels: { app: POOL } }, spec: { terminationGracePeriodSeconds: 5, nodeSelector: { pool: POOL }, containers: [{ name: 'app', image: 'app', resources: { requests: { cpu: '500m' } } }] } },
  },
};
const BUDGET = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: POOL, namespace: 'default' }, spec: { minAvailable: 1, selector: { matchLabels: { app: POOL } } } };

/** Drift, expiry and drains that budgets hold up, with the guide's node classes. */
export function disruptionSuite(cluster: RealCluster): void {
  const list = async <T>(path: string): Promise<T[]> => (await cluster.get<{ items: T[] }>(path)).items;
  const claims = async (): Promise<NodeClaim[]> => (await list<NodeClaim>('/apis/karpenter.sh/v1/nodeclaims')).filter(({ metadata }) => metadata.labels['karpenter.sh/nodepool'] === POOL);
  /** kube-apiserver has no OpenAPI to validate by while it works in definitions that have just changed. */
  const apply = (object: object): Promise<void> => eventually('an object is applied', MINUTE, async () => {
    const { code, stderr } = await cluster.run('kubectl', ['apply', '-f', '-'], { input: JSON.stringify(object) });
    return code === 0 || stderr;
  });
  const names = (objects: readonly NodeClaim[]): string => objects.map(({ metadata }) => metadata.name).join(' ');
  /** The pool's one claim, ready and with the pod running, once all former claims are gone. */
  async function steady(former: string): Promise<NodeClaim> {
    let found: NodeClaim | undefined;
    await eventually(`another claim than ${former || 'none'}`, 4 * MINUTE, async () => {
      const all = await claims();
      const pods = await list<Pod>(`/api/v1/namespaces/default/pods?labelSelector=app%3D${POOL}`);
      found = all[0];
      const runs = pods.length === 1 && pods[0]?.status.phase === 'Running' && pods[0].spec.nodeName === found?.status.nodeName && !pods[0].metadata.deletionTimestamp;
      return (all.length === 1 && found?.metadata.name !== former && runs) || `${names(all)}, ${pods.map(({ status }) => status.phase).join(' ')}`;
    });
    return found as NodeClaim;
  }
  const eventsOf = async (name: string): Promise<string[]> => (await list<Event>(`/api/v1/events?fieldSelector=involvedObject.name=${name}`)).map(({ reason }) => reason ?? '');

  before(async () => {
    await apply(pool('Never'));
    await apply(WORKLOAD);
  });
  after(() => cluster.kubectl('delete', `deployment/${POOL}`, `nodepool/${POOL}`, '--timeout=180s'));

  it('replaces a node whose class has changed, before its pod leaves it', async () => {
    const former = await steady('');
    await cluster.kubectl('patch', 'ec2nodeclass', 'frontend-nodes', '--type=merge', '-p', '{"spec":{"tags":{"drifted":"yes"}}}');
    const replacement = await steady(former.metadata.name);
    expect(replacement.status.providerID).to.not.equal(former.status.providerID);
    expect(await eventsOf(former.metadata.name)).to.include('DisruptionTerminating');
  });

  it('drains a node only as far as a disruption budget lets it, and keeps finalizers until the instance is gone', async () => {
    const { metadata: { name }, status: { nodeName = '' } } = await steady('');
    await apply(BUDGET);
    await cluster.kubectl('delete', 'nodeclaim', name, '--wait=false');
    const [pod] = await list<Pod>(`/api/v1/namespaces/default/pods?labelSelector=app%3D${POOL}`);
    await eventually('the drain is held up', 2 * MINUTE, async () => {
      const said = await eventsOf(nodeName);
      return said.includes('FailedDraining') || said.join(' ');
    });
    const node = await cluster.get<Node>(`/api/v1/nodes/${nodeName}`);
    expect(node.metadata.finalizers).to.include('karpenter.sh/termination');
    expect(node.spec.taints?.map(({ key }) => key)).to.include('karpenter.sh/disrupted');
    expect((await claims()).find(({ metadata }) => metadata.name === name)?.metadata.finalizers).to.include('karpenter.sh/termination');
    expect((await list<Pod>(`/api/v1/namespaces/default/pods?labelSelector=app%3D${POOL}`)).find(({ metadata }) => metadata.uid === pod?.metadata.uid)?.metadata.deletionTimestamp).to.equal(undefined);
    await cluster.kubectl('delete', 'pdb', POOL);
    await steady(name);
  });

  it('keeps nodes that fall silent for a while, which the node life cycle controller marks and unmarks', async () => {
    const { metadata: { name }, status: { nodeName = '' } } = await steady('');
    const taints = async (): Promise<string[]> => ((await cluster.get<Node>(`/api/v1/nodes/${nodeName}`)).spec.taints ?? []).map(({ key }) => key);
    // Kubelets and AWS both.
    cluster.signal('SIGSTOP');
    try {
      await eventually('the node is taken for lost', 3 * MINUTE, async () => (await taints()).includes('node.kubernetes.io/unreachable') || (await taints()).join(' '));
    } finally {
      cluster.signal('SIGCONT');
    }
    await eventually('the node is back', 2 * MINUTE, async () => (await taints()).length === 0 || (await taints()).join(' '));
    expect((await steady('')).metadata.name).to.equal(name);
    const [pod] = await list<Pod>(`/api/v1/namespaces/default/pods?labelSelector=app%3D${POOL}`);
    await eventually('its pod is ready again', MINUTE, async () => {
      const { status } = await cluster.get<Pod>(`/api/v1/namespaces/default/pods/${pod?.metadata.name}`);
      return status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' || JSON.stringify(status.conditions);
    });
  });

  it('replaces a node whose instance somebody terminates', async () => {
    const { metadata: { name }, status: { providerID = '' } } = await steady('');
    await new EC2Client(awsOf(cluster)).send(new TerminateInstancesCommand({ InstanceIds: [providerID.split('/').at(-1) ?? ''] }));
    await steady(name);
  });

  it('replaces a node whose time is over', async () => {
    const former = await steady('');
    await apply(pool('90s'));
    // Claims keep the expiry that they were made with: this one drifts into the new one, which expires.
    const drifted = await steady(former.metadata.name);
    expect(drifted.spec.expireAfter).to.equal('90s');
    await eventually('it expires', 4 * MINUTE, async () => !(await claims()).some(({ metadata }) => metadata.name === drifted.metadata.name && metadata.deletionTimestamp === undefined) || drifted.metadata.name);
    await apply(pool('Never'));
  });
}
