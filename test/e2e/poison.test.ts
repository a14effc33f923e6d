import { expect } from 'chai';
import type { EC2NodeClass, NodeClaim, NodePool } from '../../src/api/index.js';
import type { Event, Pod } from '../../src/operator/index.js';
import { SandboxProcess, eventually } from '../support/sandbox-process.js';

interface List<T> { items: T[] }
interface Status { kind: string; status: string; reason: string; code: number; message: string; details?: { causes?: { field: string }[] } }
type Json = Record<string, unknown>;

const POOLS = '/apis/karpenter.sh/v1/nodepools';
const CLASSES = '/apis/karpenter.k8s.aws/v1/ec2nodeclasses';
const POOL_CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepools.karpenter.sh';

const pool = (name: string, nodeClass: string, spec: Json = {}): Json => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name },
  spec: { template: { spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: nodeClass } } }, ...spec },
});
const discovered = [{ tags: { 'karpenter.sh/discovery': 'my-cluster' } }];
const nodeClass = (name: string, spec: Json = {}): Json => ({
  apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name },
  spec: { role: 'KarpenterNodeRole-my-cluster', amiSelectorTerms: [{ alias: 'al2023@latest' }], subnetSelectorTerms: discovered, securityGroupSelectorTerms: discovered, ...spec },
});
const pod = (name: string, annotations: Record<string, string> = {}): Json => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations },
  spec: { containers: [{ name: 'app', image: 'app', resources: { requests: { cpu: '1' } } }] },
});

describe('poisoned objects', function poison() {
  this.timeout(90_000);
  const sandbox = new SandboxProcess();

  const list = async <T>(path: string): Promise<T[]> => (await sandbox.get<List<T>>(path)).items;

  async function send(method: string, path: string, body: Json, contentType = 'application/json'): Promise<{ code: number; body: Status }> {
    const response = await sandbox.fetch(path, { method, headers: { 'content-type': contentType }, body: JSON.stringify(body) });
    return { code: response.status, body: (await response.json()) as Status };
  }

  async function create(path: string, body: Json): Promise<void> {
    const { code, body: answer } = await send('POST', path, body);
    expect(code, JSON.stringify(answer)).to.equal(201);
  }

  /** The object says what is wrong with it, as a condition that is False and as an event. */
  const expectCondition = (path: string, name: string, type: string, reason: string, message: RegExp): Promise<void> =>
    eventually(`${name} has ${type}=False`, 30_000, async () => {
      const { status, kind } = await sandbox.get<EC2NodeClass | NodePool>(`${path}/${name}`);
      const found = status.conditions?.find((condition) => condition.type === type);
      if (found?.status !== 'False' || found.reason !== reason || !message.test(found.message)) return JSON.stringify(status.conditions);
      const events = await list<Event>(`/api/v1/events?fieldSelector=involvedObject.kind=${kind},involvedObject.name=${name}`);
      return events.some((event) => event.message?.includes(type)) || `no event among ${events.map((event) => event.message).join('; ')}`;
    });

  /** A pod that is new gets a node of the pool that is well. */
  async function expectOthersGoOn(name: string): Promise<void> {
    await create('/api/v1/namespaces/default/pods', pod(name));
    await eventually(`${name} runs`, 30_000, async () => {
      const { status, spec } = await sandbox.get<Pod>(`/api/v1/namespaces/default/pods/${name}`);
      return status.phase === 'Running' || JSON.stringify({ status, node: spec.nodeName });
    });
    const claims = await list<NodeClaim>('/apis/karpenter.sh/v1/nodeclaims');
    expect(claims.map(({ metadata }) => metadata.labels['karpenter.sh/nodepool'])).to.include('default').and.satisfy((names: string[]) => names.every((each) => each === 'default'));
  }

  before(async () => {
    await sandbox.start('--speed', '30', '--apply', 'config/samples/nodepool.yaml');
  });

  after(async () => {
    expect(await sandbox.stop(), sandbox.output).to.equal(0);
  });

  describe('that the API server refuses', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`label-${index}`, 'v']));
    const refusals: [string, string, Json, number, string, RegExp][] = [
      ['a million labels', POOLS, { ...pool('many', 'default'), metadata: { name: 'many', labels: many } }, 413, 'RequestEntityTooLarge', /limit is 3145728/],
      ['an annotation of 10 MB', '/api/v1/namespaces/default/pods', pod('heavy', { note: 'x'.repeat(10_000_000) }), 413, 'RequestEntityTooLarge', /limit is 3145728/],
      ['an annotation of 300 KiB', '/api/v1/namespaces/default/pods', pod('heavy', { note: 'x'.repeat(300 * 1024) }), 422, 'Invalid', /metadata\.annotations: Too long: may not be more than 262144 bytes/],
      ['limits that are not quantities', POOLS, pool('limits', 'default', { limits: { cpu: 'many' } }), 422, 'Invalid', /spec\.limits\.cpu: Invalid value: "many"/],
      ['a label that is none', POOLS, { ...pool('label', 'default'), metadata: { name: 'label', labels: { 'no label!': 'x' } } }, 422, 'Invalid', /metadata\.labels: Invalid value: "no label!"/],
    ];
    for (const [what, path, body, code, reason, message] of refusals) {
      it(`${what}: ${code}, and nothing is stored`, async () => {
        const answer = await send('POST', path, body);
        expect(answer.body).to.include({ kind: 'Status', status: 'Failure', reason, code });
        expect(answer.body.message).to.match(message);
        expect(answer.code).to.equal(code);
        expect((await list<NodePool>(POOLS)).map(({ metadata }) => metadata.name)).to.deep.equal(['default']);
        expect(await list('/api/v1/namespaces/default/pods')).to.deep.equal([]);
      });
    }
  });

  describe('that are let in', () => {
    it('node classes that match nothing get a condition and an event each, and nodes still come from the one that is well', async () => {
      const nothing = [{ tags: { nobody: 'has-this' } }];
      await create(CLASSES, nodeClass('no-subnets', { subnetSelectorTerms: nothing }));
      await create(CLASSES, nodeClass('no-groups', { securityGroupSelectorTerms: nothing }));
      await create(CLASSES, nodeClass('no-images', { amiFamily: 'AL2023', amiSelectorTerms: [{ tags: { nobody: 'has-this' } }] }));
      await create(CLASSES, nodeClass('no-role', { role: 'nobody-made-this-role' }));
      await create(CLASSES, nodeClass('no-version', { amiSelectorTerms: [{ alias: 'al2023@v19990101' }] }));
      for (const name of ['no-subnets', 'no-groups', 'no-images', 'no-role', 'no-version']) await create(POOLS, pool(`of-${name}`, name, { weight: 100 }));
      await create(POOLS, pool('of-no-class', 'nobody-made-this-class', { weight: 100 }));

      await expectCondition(CLASSES, 'no-subnets', 'SubnetsReady', 'SubnetsNotFound', /did not match any Subnets/);
      await expectCondition(CLASSES, 'no-groups', 'SecurityGroupsReady', 'SecurityGroupsNotFound', /did not match any SecurityGroups/);
      await expectCondition(CLASSES, 'no-images', 'AMIsReady', 'AMINotFound', /did not match any AMIs/);
      await expectCondition(CLASSES, 'no-role', 'InstanceProfileReady', 'RoleNotFound', /nobody-made-this-role/);
      await expectCondition(CLASSES, 'no-version', 'AMIsReady', 'AMINotFound', /al2023@v19990101/);
      for (const name of ['no-subnets', 'no-groups', 'no-images', 'no-role', 'no-version']) await expectCondition(POOLS, `of-${name}`, 'NodeClassReady', 'UnhealthyDependents', /./);
      await expectCondition(POOLS, 'of-no-class', 'NodeClassReady', 'NodeClassNotFound', /NodeClass not found/);
      await expectOthersGoOn('after-classes');
    });

    it('an alias that no family has is refused', async () => {
      const { code, body } = await send('POST', CLASSES, nodeClass('no-alias', { amiSelectorTerms: [{ alias: 'gentoo@latest' }] }));
      expect(code).to.equal(422);
      expect(body.message).to.match(/spec\.amiSelectorTerms\[0\]\.alias/);
    });

    it('a pool whose limits are not quantities, let in by a laxer CRD, is invalid, and the others go on', async () => {
      const crd = await sandbox.get<{ spec: { versions: { name: string; schema: { openAPIV3Schema: { properties: { spec: { properties: Json } } } } }[] } }>(POOL_CRD);
      for (const { schema } of crd.spec.versions) schema.openAPIV3Schema.properties.spec.properties['limits'] = { type: 'object', additionalProperties: { type: 'string' } };
      expect((await send('PUT', POOL_CRD, crd)).code).to.equal(200);
      await eventually('the pool is let in', 10_000, async () => {
        const { code, body } = await send('POST', POOLS, pool('lax', 'default', { weight: 100, limits: { cpu: 'many' } }));
        return code === 201 || body.message;
      });
      await expectCondition(POOLS, 'lax', 'ValidationSucceeded', 'NodePoolValidationFailed', /spec\.limits\.cpu: "many" is not a quantity/);
      await expectOthersGoOn('after-limits');
    });

    it('a pool with ten thousand labels is just a pool', async () => {
      const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label-${index}`, 'v']));
      await create(POOLS, { ...pool('labelled', 'no-subnets', { weight: 100 }), metadata: { name: 'labelled', labels } });
      await expectCondition(POOLS, 'labelled', 'NodeClassReady', 'UnhealthyDependents', /./);
      await expectOthersGoOn('after-labels');
    });
  });
});
