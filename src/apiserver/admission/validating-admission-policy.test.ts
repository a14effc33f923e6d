import { expect } from 'chai';
import type { ExpressionWarning } from 'kubernetes-types/admissionregistration/v1.js';
import type { JsonObject } from '../contracts.js';
import { TestCluster } from '../testing/test-cluster.js';

const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

const rule = (resource: string, group = '', operations = ['CREATE', 'UPDATE']): JsonObject => ({ apiGroups: [group], apiVersions: ['v1'], resources: [resource], operations });
const configMap = (name: string, data: Record<string, string>, labels?: Record<string, string>): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels && { labels }) }, data });
const deployment = (name: string, replicas: number): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
});

describe('ValidatingAdmissionPolicies', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  const policy = (spec: JsonObject): JsonObject => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec });
  const enforce = async (spec: JsonObject, binding: JsonObject = {}): Promise<void> => {
    await cluster.ok('POST', POLICIES, policy({ matchConstraints: { resourceRules: [rule('configmaps')] }, ...spec }));
    await cluster.ok('POST', BINDINGS, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...binding } });
  };
  const create = (name: string, data: Record<string, string>, labels?: Record<string, string>): ReturnType<TestCluster['request']> => cluster.request('POST', CONFIG_MAPS, configMap(name, data, labels));

  it('refuse what does not hold, with the computed message', async () => {
    await enforce({ matchConstraints: { resourceRules: [rule('deployments', 'apps')] }, validations: [{ expression: 'object.spec.replicas > 1', messageExpression: "'wants more than ' + string(object.spec.replicas)" }] });
    const { status, body } = await cluster.request('POST', DEPLOYMENTS, deployment('web', 1));
    expect([status, body.reason]).to.deep.equal([422, 'Invalid']);
    expect(body.message).to.equal(`deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: wants more than 1`);
    expect((await cluster.request('POST', DEPLOYMENTS, deployment('web', 2))).status).to.equal(201);
  });

  it('have no effect without a binding', async () => {
    await cluster.ok('POST', POLICIES, policy({ matchConstraints: { resourceRules: [rule('configmaps')] }, validations: [{ expression: 'false' }] }));
    expect((await create('c', {})).status).to.equal(201);
  });

  it('warn where the binding says so, and let the request pass', async () => {
    await enforce({ validations: [{ expression: "'owner' in object.data", message: 'who owns it?' }] }, { validationActions: ['Warn', 'Audit'] });
    const { status, headers } = await create('c', { a: 'b' });
    expect(status).to.equal(201);
    expect(headers['warning']).to.equal(`299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': who owns it?"`);
  });

  it('evaluate variables when they are asked for, each on top of those before it', async () => {
    await enforce({
      variables: [{ name: 'broken', expression: 'object.data.absent' }, { name: 'count', expression: 'size(object.data)' }, { name: 'odd', expression: 'variables.count % 2 == 1' }],
      validations: [{ expression: 'variables.odd', reason: 'Forbidden' }],
    });
    expect((await create('one', { a: '1' })).status).to.equal(201);
    const { status, body } = await create('two', { a: '1', b: '2' });
    expect([status, body.reason]).to.deep.equal([403, 'Forbidden']);
    expect(body.message).to.contain('failed expression: variables.odd');
  });

  it('see the request, the old object and the namespace', async () => {
    await enforce({
      validations: [
        { expression: "request.operation == 'CREATE' ? oldObject == null : oldObject.data.a == object.data.a", message: 'a stays' },
        { expression: "namespaceObject.metadata.name == 'default' && request.namespace == object.metadata.namespace" },
        { expression: "request.userInfo.username == 'system:admin' && request.resource.resource == 'configmaps'" },
      ],
    });
    expect((await create('c', { a: '1' })).status).to.equal(201);
    const { body } = await cluster.request('PUT', `${CONFIG_MAPS}/c`, configMap('c', { a: '2' }));
    expect(body.message).to.contain('a stays');
  });

  it('count what they cannot evaluate as the failurePolicy says', async () => {
    await enforce({ validations: [{ expression: "object.data.a == 'x'" }] });
    expect((await create('c', { b: '' })).body.message).to.contain(`expression 'object.data.a == 'x'' resulted in error: no such key: a`);
    await cluster.patch(`${POLICIES}/p`, 'merge', { spec: { failurePolicy: 'Ignore' } });
    expect((await create('c', { b: '' })).status).to.equal(201);
  });

  it('are narrowed by conditions, selectors and exclusions', async () => {
    await enforce(
      {
        matchConditions: [{ name: 'named', expression: "object.metadata.name.startsWith('x')" }],
        matchConstraints: { resourceRules: [rule('*')], excludeResourceRules: [{ ...rule('configmaps'), resourceNames: ['x-free'] }] },
        validations: [{ expression: 'false' }],
      },
      { matchResources: { objectSelector: { matchLabels: { checked: 'yes' } }, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } } },
    );
    const statusOf = async (name: string, labels?: Record<string, string>): Promise<number> => (await create(name, {}, labels)).status;
    expect(await statusOf('x-checked', { checked: 'yes' })).to.equal(422);
    expect(await statusOf('y-checked', { checked: 'yes' })).to.equal(201);
    expect(await statusOf('x-unchecked')).to.equal(201);
    expect(await statusOf('x-free', { checked: 'yes' })).to.equal(201);
  });

  it('see deletions', async () => {
    await enforce({ matchConstraints: { resourceRules: [rule('configmaps', '', ['DELETE'])] }, validations: [{ expression: "oldObject.metadata.name != 'kept'" }] });
    await create('kept', {});
    expect((await cluster.request('DELETE', `${CONFIG_MAPS}/kept`)).status).to.equal(422);
  });

  it('take parameters from the objects that the binding names', async () => {
    await create('limits', { most: '2' }, { role: 'limits' });
    const spec = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'size(object.data) <= int(params.data.most)' }] };
    await enforce(spec, { paramRef: { selector: { matchLabels: { role: 'limits' } }, namespace: 'default', parameterNotFoundAction: 'Deny' } });
    expect((await create('two', { a: '', b: '' })).status).to.equal(201);
    expect((await create('three', { a: '', b: '', c: '' })).status).to.equal(422);
    await cluster.ok('DELETE', `${CONFIG_MAPS}/limits`);
    expect((await create('one', { a: '' })).body.message).to.contain('no params found');
  });

  it('are refused when they cannot be compiled', async () => {
    const { status, body } = await cluster.request('POST', POLICIES, policy({ matchConstraints: { resourceRules: [rule('configmaps')] }, validations: [{ expression: 'object.data >' }] }));
    expect(status).to.equal(422);
    expect(body.message).to.contain('spec.validations[0].expression: Invalid value: "object.data >": compilation failed');
  });

  describe('tell in their status', () => {
    const warnings = async (validations: JsonObject[], variables: JsonObject[] = []): Promise<ExpressionWarning[]> => {
      await cluster.ok('POST', POLICIES, policy({ matchConstraints: { resourceRules: [rule('deployments', 'apps')] }, validations, variables }));
      const { status } = await cluster.ok('GET', `${POLICIES}/p`) as unknown as { status: { typeChecking: { expressionWarnings?: ExpressionWarning[] }; observedGeneration: number } };
      expect(status.observedGeneration).to.equal(1);
      return status.typeChecking.expressionWarnings ?? [];
    };

    it('that their types are right', async () => {
      expect(await warnings([{ expression: "object.spec.replicas > 1 && (oldObject == null || object.metadata.labels['a'] == 'b')" }])).to.deep.equal([]);
    });

    it('which types are confused and which fields are not there', async () => {
      const [first, second, third, fourth] = await warnings(
        [{ expression: "object.spec.replicas > '1'", messageExpression: "'got ' + object.spec.replicas" }, { expression: 'object.spec.maxRetries < 10' }, { expression: "variables.same == 'x'" }],
        [{ name: 'replicas', expression: 'object.spec.replicas' }, { name: 'same', expression: 'variables.replicas' }],
      );
      expect(first!.fieldRef).to.equal('spec.validations[0].expression');
      expect(first!.warning).to.contain("apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'");
      expect(second!.fieldRef).to.equal('spec.validations[0].messageExpression');
      expect(second!.warning).to.contain("found no matching overload for '_+_' applied to '(string, int)'");
      expect(third!.warning).to.contain("undefined field 'maxRetries'");
      expect(fourth!.warning).to.contain("found no matching overload for '_==_' applied to '(int, string)'");
    });
  });
});
