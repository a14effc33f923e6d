import { DescribeInstancesCommand, DescribeLaunchTemplatesCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient, ListInstanceProfilesCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import type { NodeClaim } from '../../src/api/index.js';
import type { Node, Pod } from '../../src/operator/index.js';
import { awsOf } from '../support/sandbox-aws.js';
import { eventually, hasKubectl } from '../support/sandbox-process.js';
import type { SandboxProcess } from '../support/sandbox-process.js';

interface List<T> { items: T[] }

/** Makes a cluster with the guide's manifests grow, shrink and vanish. */
export function lifecycleSuite(sandbox: SandboxProcess): void {
  const within = (milliseconds: number): number => milliseconds * sandbox.patience;
  let aws: ReturnType<typeof awsOf>;

  const claims = async (): Promise<NodeClaim[]> => (await sandbox.get<List<NodeClaim>>('/apis/karpenter.sh/v1/nodeclaims')).items;
  const frontend = async (): Promise<Pod[]> => (await sandbox.get<List<Pod>>('/api/v1/namespaces/default/pods?labelSelector=app%3Dfrontend')).items;
  const scale = async (replicas: number): Promise<void> => {
    const response = await sandbox.fetch('/apis/apps/v1/namespaces/default/deployments/frontend/scale', {
      method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: JSON.stringify({ spec: { replicas } }),
    });
    expect(response.status).to.equal(200);
  };
  const create = async (path: string, object: object): Promise<void> => {
    const response = await sandbox.fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(object) });
    expect(response.status).to.equal(201);
  };
  const running = (count: number): Promise<void> => eventually(`${count} frontend pods run`, within(60_000), async () => {
    const pods = await frontend();
    const up = pods.filter(({ status, metadata }) => status.phase === 'Running' && !metadata.deletionTimestamp).length;
    return (up === count && pods.length === count) || `${up} of ${pods.length} run`;
  });
  const instances = async (): Promise<string[]> => {
    const { Reservations = [] } = await new EC2Client(aws).send(new DescribeInstancesCommand({ Filters: [{ Name: 'tag-key', Values: ['karpenter.sh/nodepool'] }, { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'] }] }));
    return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId = '' }) => InstanceId));
  };

  before(async () => {
    aws = awsOf(sandbox);
    await running(5);
    await eventually('three claims are ready', within(60_000), async () => {
      const all = await claims();
      return (all.length === 3 && all.every(({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'))) || `${all.length} claims`;
    });
  });

  it('grows for 40 pods, and consolidates back to the old price when they go, with every disruption budget kept', async () => {
    await create('/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
      apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'frontend' }, spec: { minAvailable: 4, selector: { matchLabels: { app: 'frontend' } } },
    });
    const before = (await claims()).map(({ metadata }) => metadata.name).sort();
    await scale(40);
    await running(40);
    expect((await claims()).length).to.be.greaterThan(before.length);
    await scale(5);
    await running(5);
    const healthy: number[] = [];
    await eventually('as many claims as before', within(60_000), async () => {
      healthy.push((await sandbox.get<{ status: { currentHealthy: number } }>('/apis/policy/v1/namespaces/default/poddisruptionbudgets/frontend')).status.currentHealthy);
      const now = await claims();
      return now.length === before.length || now.map(({ metadata }) => metadata.name).join(' ');
    });
    expect(Math.min(...healthy)).to.be.at.least(4);
    const types = (await claims()).map(({ metadata }) => metadata.labels['node.kubernetes.io/instance-type']);
    expect(types).to.include('t3.medium').and.not.include('t3.xlarge');
  });

  it('makes its own launch of every claim exactly once', async () => {
    expect((await instances()).length).to.equal((await claims()).length);
  });

  it('drains a node by eviction when it is deleted, and its instance ends', async function drain() {
    if (!hasKubectl) this.skip();
    const [pod] = await frontend();
    const name = pod?.spec.nodeName ?? '';
    const node = await sandbox.get<Node>(`/api/v1/nodes/${name}`);
    await sandbox.kubectl('delete', 'node', name, '--wait=true', `--timeout=${within(60)}s`);
    await running(5);
    const id = node.spec.providerID?.split('/').at(-1) ?? '';
    await eventually('the instance is gone', within(30_000), async () => !(await instances()).includes(id) || id);
    expect((await frontend()).every(({ spec }) => spec.nodeName !== name)).to.equal(true);
  });

  it('leaves an empty cloud when everything is deleted', async function empty() {
    if (!hasKubectl) this.skip();
    await sandbox.kubectl('delete', 'deployments,statefulsets,persistentvolumeclaims', '--all', '--wait=false');
    await eventually('no claims', within(90_000), async () => {
      const left = await claims();
      return left.length === 0 || left.map(({ metadata }) => metadata.name).join(' ');
    });
    await sandbox.kubectl('delete', 'nodepools,ec2nodeclasses', '--all', `--timeout=${within(60)}s`);
    expect(await instances()).to.deep.equal([]);
    const { LaunchTemplates } = await new EC2Client(aws).send(new DescribeLaunchTemplatesCommand({}));
    expect(LaunchTemplates?.map(({ LaunchTemplateName }) => LaunchTemplateName)).to.deep.equal([]);
    const { InstanceProfiles } = await new IAMClient(aws).send(new ListInstanceProfilesCommand({}));
    expect(InstanceProfiles?.map(({ InstanceProfileName }) => InstanceProfileName)).to.deep.equal([]);
    await eventually('no volumes', within(30_000), async () => {
      const { Volumes = [] } = await new EC2Client(aws).send(new DescribeVolumesCommand({}));
      return Volumes.length === 0 || Volumes.map(({ VolumeId }) => VolumeId).join(' ');
    });
  });
}
