import { expect } from 'chai';
import { EC2NodeClass, NODEPOOL_HASH_ANNOTATION, NODEPOOL_HASH_VERSION, NODEPOOL_HASH_VERSION_ANNOTATION, NodeClaim, NodePool, nodePoolHash } from 'karpenter-ts/api';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { observability } from '../module.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { NodePoolCounter } from './counter.js';
import { NodePoolHash } from './hash.js';
import { RegistrationHealthReset } from './registration-health-reset.js';
import { NodePoolStatusReconciler } from './status.js';

describe('the status of NodePools', () => {
  let karpenter: KarpenterBed;
  const condition = async (type: string): Promise<string | undefined> => (await karpenter.conditions(NodePool, 'default')).find((text) => text.startsWith(`${type}=`));
  const pool = () => karpenter.api.create(NodePool, { metadata: { name: 'default' }, spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } } } });

  beforeEach(async () => {
    karpenter = await karpenterBed([NodePoolStatusReconciler, NodePoolHash, NodePoolCounter, RegistrationHealthReset, NodeClaimLifecycle], { modules: observability() });
  });

  afterEach(() => karpenter.bed.close());

  it('follows the node class from missing over unknown to ready and away again', async () => {
    await pool();
    await karpenter.bed.settle();
    expect(await condition('NodeClassReady')).to.equal('NodeClassReady=False NodeClassNotFound: NodeClass not found on cluster');
    expect(await condition('Ready')).to.equal('Ready=False UnhealthyDependents: NodeClassReady=False');
    await karpenter.readyNodeClass();
    await karpenter.bed.settle();
    expect([await condition('NodeClassReady'), await condition('ValidationSucceeded'), await condition('Ready')]).to.deep.equal(['NodeClassReady=True NodeClassReady', 'ValidationSucceeded=True ValidationSucceeded', 'Ready=True Ready']);
    const unready = { type: 'Ready', status: 'False' as const, reason: 'SubnetsNotFound', message: 'no subnets', lastTransitionTime: karpenter.time(), observedGeneration: 1 };
    await karpenter.api.patch(EC2NodeClass, 'default', { status: { conditions: [unready] } });
    await karpenter.bed.settle();
    expect(await condition('NodeClassReady')).to.equal('NodeClassReady=False SubnetsNotFound: no subnets');
    await karpenter.api.patch(EC2NodeClass, 'default', { metadata: { finalizers: ['example.com/held'] } });
    await karpenter.api.delete(EC2NodeClass, 'default');
    await karpenter.bed.settle();
    expect(await condition('NodeClassReady')).to.equal('NodeClassReady=False NodeClassTerminating: NodeClass is Terminating');
  });

  it('counts what the nodes of the pool have together', async () => {
    await pool();
    await karpenter.initialized();
    await karpenter.bed.advance('6s');
    const { status } = await karpenter.api.get(NodePool, 'default');
    expect(status.nodes).to.equal(1);
    expect(status.resources).to.include({ cpu: '2', nodes: '1', pods: '110' });
    await karpenter.api.patch(NodeClaim, 'claim', { metadata: { finalizers: null as never } });
    await karpenter.api.delete(NodeClaim, 'claim');
  });

  it('stamps the hash on the pool, and carries claims over to a new version of it unless they have drifted', async () => {
    await karpenter.claim({}, { name: 'old', annotations: { [NODEPOOL_HASH_ANNOTATION]: 'old', [NODEPOOL_HASH_VERSION_ANNOTATION]: 'v2' } });
    await karpenter.claim({}, { name: 'drifted', annotations: { [NODEPOOL_HASH_ANNOTATION]: 'old', [NODEPOOL_HASH_VERSION_ANNOTATION]: 'v2' } });
    await karpenter.api.patch(NodeClaim, 'drifted', { status: { conditions: [{ type: 'Drifted', status: 'True', reason: 'NodePoolDrifted', message: 'NodePoolDrifted', lastTransitionTime: karpenter.time() }] } });
    const hash = nodePoolHash(await pool());
    await karpenter.bed.settle();
    const stamps = async (kind: typeof NodeClaim | typeof NodePool, name: string) => {
      const { annotations } = (await karpenter.api.get<NodeClaim | NodePool>(kind, name)).metadata;
      return [annotations[NODEPOOL_HASH_ANNOTATION], annotations[NODEPOOL_HASH_VERSION_ANNOTATION]];
    };
    expect(await stamps(NodePool, 'default')).to.deep.equal([hash, NODEPOOL_HASH_VERSION]);
    expect(await stamps(NodeClaim, 'old')).to.deep.equal([hash, NODEPOOL_HASH_VERSION]);
    expect(await stamps(NodeClaim, 'drifted')).to.deep.equal(['old', NODEPOOL_HASH_VERSION]);
  });

  it('starts registration health over when the pool or its class changes', async () => {
    await karpenter.readyNodeClass();
    await pool();
    await karpenter.bed.settle();
    expect(await condition('NodeRegistrationHealthy')).to.equal('NodeRegistrationHealthy=Unknown AwaitingReconciliation: object is awaiting reconciliation');
    const created = await karpenter.api.get(NodePool, 'default');
    expect(created.status.nodeClassObservedGeneration).to.equal(1);
    await karpenter.initialized({}, { pool: created });
    expect(await condition('NodeRegistrationHealthy')).to.equal('NodeRegistrationHealthy=True NodeRegistrationHealthy');
    await karpenter.api.patch(EC2NodeClass, 'default', { spec: { tags: { team: 'b' } } });
    await karpenter.bed.settle();
    expect(await condition('NodeRegistrationHealthy')).to.equal('NodeRegistrationHealthy=Unknown AwaitingReconciliation: object is awaiting reconciliation');
  });

  it('shows conditions of claims and nodes with the labels that dashboards group by', async () => {
    await pool();
    await karpenter.initialized({}, { labels: { 'karpenter.k8s.aws/ec2nodeclass': 'default' } });
    const [claims, nodes] = [await karpenter.metric('operator_nodeclaim_status_condition_count'), await karpenter.metric('operator_node_status_condition_count')];
    expect(claims.find((line) => line.includes('type="Initialized"'))).to.include('karpenter_sh_nodepool="default"').and.include('karpenter_k8s_aws_ec2nodeclass="default"');
    expect(nodes.find((line) => line.includes('type="Ready"'))).to.include('karpenter_sh_initialized="true"');
  });
});
