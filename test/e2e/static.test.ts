import { expect } from 'chai';
import type { NodeClaim } from '../../src/api/index.js';
import type { Node } from '../../src/operator/index.js';
import { SandboxProcess, eventually, hasKubectl } from '../support/sandbox-process.js';

interface List<T> { items: T[] }
interface Scale { spec: { replicas?: number }; status: { replicas: number } }
interface Discovered { name: string; namespaced: boolean; categories?: string[]; kind: string }

const POOLS = '/apis/karpenter.sh/v1/nodepools';

const pool = (name: string, spec: object): object => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name },
  spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['m5.large'] }] } }, ...spec },
});

describe('a static pool under `kubectl scale`', function scaling() {
  this.timeout(90_000);
  const sandbox = new SandboxProcess();

  const send = async (method: string, path: string, body: object): Promise<{ status: number; message?: string }> => {
    const response = await sandbox.fetch(path, { method, headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }, body: JSON.stringify(body) });
    return { ...(await response.json() as object), status: response.status };
  };
  /** With kubectl where there is one, else as it asks for it. */
  const scale = async (name: string, replicas: number): Promise<string> => {
    if (hasKubectl) return (await sandbox.run('kubectl', ['scale', 'nodepool', name, `--replicas=${replicas}`])).stderr;
    return (await send('PATCH', `${POOLS}/${name}/scale`, { spec: { replicas } })).message ?? '';
  };
  const settled = (replicas: number): Promise<void> => eventually(`${replicas} nodes`, 45_000, async () => {
    const claims = (await sandbox.get<List<NodeClaim>>('/apis/karpenter.sh/v1/nodeclaims')).items;
    const nodes = (await sandbox.get<List<Node>>('/api/v1/nodes')).items.filter(({ metadata }) => metadata.labels['karpenter.sh/nodepool'] === 'static' && metadata.labels['karpenter.sh/initialized'] === 'true');
    const { spec, status } = await sandbox.get<Scale>(`${POOLS}/static/scale`);
    const seen = { claims: claims.length, nodes: nodes.length, wanted: spec.replicas ?? 0, counted: status.replicas };
    return Object.values(seen).every((count) => count === replicas) || JSON.stringify(seen);
  });

  before(async () => {
    await sandbox.start('--speed', '60', '--feature-gates', 'StaticCapacity=true', '--apply', 'config/samples/nodepool.yaml');
    expect((await send('POST', POOLS, pool('static', { replicas: 1, limits: { nodes: '4' } }))).status).to.equal(201);
  });

  after(async () => {
    expect(await sandbox.stop(), sandbox.output).to.equal(0);
  });

  it('grows and shrinks to the number asked for, and says through its scale how many nodes it has', async () => {
    await settled(1);
    await scale('static', 3);
    await settled(3);
    await scale('static', 1);
    await settled(1);
    await scale('static', 0);
    await settled(0);
  });

  it('refuses a number for a pool that has as many nodes as pods need', async () => {
    const refusal = 'Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes';
    expect(await scale('default', 3)).to.include(refusal);
    const patched = await sandbox.run('kubectl', ['patch', 'nodepool', 'default', '--type', 'merge', '--patch', '{"spec":{"replicas":3}}']);
    expect(patched.stderr).to.include(refusal);
  });

  it('is of a kind for the whole cluster, with a category and the subresources status and scale', async () => {
    const { resources } = await sandbox.get<{ resources: Discovered[] }>('/apis/karpenter.sh/v1');
    const found = resources.filter(({ name }) => name.startsWith('nodepools')).map(({ name, namespaced, kind, categories }) => ({ name, namespaced, kind, categories }));
    expect(found).to.have.deep.members([
      { name: 'nodepools', namespaced: false, kind: 'NodePool', categories: ['karpenter'] },
      { name: 'nodepools/status', namespaced: false, kind: 'NodePool', categories: undefined },
      { name: 'nodepools/scale', namespaced: false, kind: 'Scale', categories: undefined },
    ]);
  });

  it('shows what it has in its columns', async function columns() {
    if (!hasKubectl) {
      console.warn('SKIPPED: kubectl is not on the path; the columns of NodePools were not looked at');
      this.skip();
    }
    // Kinds come in the order of their groups, each with a header of its own.
    const pools = (await sandbox.kubectl('get', 'karpenter', '-o', 'wide')).split('\n\n').find((block) => block.includes('nodepool.karpenter.sh/')) ?? '';
    const [header, ...rows] = pools.split('\n');
    expect(header?.split(/\s+/)).to.deep.equal(['NAME', 'NODECLASS', 'NODES', 'READY', 'AGE', 'WEIGHT', 'CPU', 'MEMORY']);
    expect(rows.find((row) => row.includes('static'))).to.match(/static\s+default\s+0\s+True/);
  });
});
