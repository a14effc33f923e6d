import { expect } from 'chai';
import { NodePool } from 'karpenter-ts/api';
import { Node, Pod } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { observability } from '../module.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';

const GIB = 2 ** 30;

describe('the gauges of nodes and pools', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle], { modules: observability() });
    await karpenter.readyNodeClass();
  });
  afterEach(() => karpenter.bed.close());

  /** The values of a metric by one of its labels. */
  const valuesBy = async (label: string, metric: string): Promise<Record<string, number>> =>
    Object.fromEntries((await karpenter.metric(metric)).map((line) => [new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? '', Number(line.slice(line.lastIndexOf(' ') + 1))]));

  /** A node of type `small` with a pod and a daemon. */
  async function node() {
    await karpenter.readyPool();
    const initialized = await karpenter.initialized({ requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['small'] }] });
    const { metadata: { name } } = initialized.node;
    await karpenter.pod('web', { node: name, cpu: '500m', spec: { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '500m' }, limits: { memory: '1Gi' } } }] } });
    await karpenter.pod('daemon', { node: name, cpu: '200m', ...(await karpenter.daemonSet()) });
    await karpenter.bed.settle();
    return initialized;
  }

  it('say what nodes have, what pods and daemons take of it, and what the system keeps', async () => {
    const { node: { metadata } } = await node();
    const [line = ''] = await karpenter.metric('karpenter_nodes_allocatable');
    expect(line).to.contain(`node_name="${metadata.name}"`).and.to.contain('nodepool="default"').and.to.contain('instance_type="small"').and.to.contain('capacity_type="on-demand"').and.to.contain('managed="true"');
    expect(await valuesBy('resource_type', 'karpenter_nodes_allocatable')).to.include({ cpu: 1.9, memory: 7.75 * GIB, pods: 110 });
    expect(await valuesBy('resource_type', 'karpenter_nodes_system_overhead')).to.include({ cpu: 0.1, memory: 0.25 * GIB, pods: 0 });
    expect((await valuesBy('resource_type', 'karpenter_nodes_total_pod_requests'))['cpu']).to.be.closeTo(0.5, 1e-9);
    expect(await valuesBy('resource_type', 'karpenter_nodes_total_pod_limits')).to.deep.include({ memory: GIB });
    expect((await valuesBy('resource_type', 'karpenter_nodes_total_daemon_requests'))['cpu']).to.equal(0.2);
    expect(await valuesBy('node_name', 'karpenter_nodes_allocatable_cpu_cores')).to.deep.equal({ [metadata.name]: 1.9 });
    expect((await valuesBy('node_name', 'karpenter_nodes_allocated_cpu_cores'))[metadata.name]).to.be.closeTo(0.7, 1e-9);
    expect((await valuesBy('resource_type', 'karpenter_cluster_utilization_percent'))['cpu']).to.be.closeTo((0.7 / 1.9) * 100, 1e-9);
    expect(await karpenter.metric('karpenter_cluster_state_node_count')).to.deep.equal(['karpenter_cluster_state_node_count 1']);
  });

  it('are of the moment of the scrape, and go with their objects', async () => {
    const { node: { metadata } } = await node();
    const age = async (): Promise<number> => (await valuesBy('node_name', 'karpenter_nodes_current_lifetime_seconds'))[metadata.name] as number;
    const before = await age();
    await karpenter.bed.advance('90s');
    expect(await age()).to.equal(before + 90);
    await karpenter.api.patch(Pod, 'web', { status: { phase: 'Succeeded' } });
    await karpenter.bed.settle();
    expect((await valuesBy('node_name', 'karpenter_nodes_allocated_cpu_cores'))[metadata.name]).to.be.closeTo(0.2, 1e-9);
    await karpenter.api.patch(Node, metadata.name, { metadata: { finalizers: [] } });
    await karpenter.api.delete(Node, metadata.name);
    await karpenter.bed.settle();
    expect(await karpenter.metric('karpenter_nodes_allocatable')).to.deep.equal([]);
  });

  it('say what pools may have and have, but not of limits that are no quantities', async () => {
    await karpenter.readyPool({ limits: { cpu: '100', memory: '10Gi' } });
    await karpenter.api.patch(NodePool, 'default', { status: { resources: { cpu: '2', nodes: '1' } } });
    await karpenter.readyPool({ limits: { cpu: '1' } }, 'other');
    await karpenter.bed.settle();
    expect(await karpenter.metric('karpenter_nodepools_limit')).to.have.members([
      'karpenter_nodepools_limit{nodepool="default",resource_type="cpu"} 100',
      `karpenter_nodepools_limit{nodepool="default",resource_type="memory"} ${10 * GIB}`,
      'karpenter_nodepools_limit{nodepool="other",resource_type="cpu"} 1',
    ]);
    expect(await karpenter.metric('karpenter_nodepools_usage')).to.have.members([
      'karpenter_nodepools_usage{nodepool="default",resource_type="cpu"} 2',
      'karpenter_nodepools_usage{nodepool="default",resource_type="nodes"} 1',
    ]);
  });
});
