import { expect } from 'chai';
import { badRequest } from '../../status.js';
import { pod, TestCluster, textOf } from '../../testing/test-cluster.js';
import type { JsonObject } from '../../contracts.js';

const PODS = '/api/v1/namespaces/default/pods';
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

describe('Subresources', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  describe('binding', () => {
    const bind = (name: string, node: string, metadata: JsonObject = {}): ReturnType<TestCluster['request']> =>
      cluster.request('POST', `${PODS}/${name}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name, ...metadata }, target: { kind: 'Node', name: node } });

    it('assigns a pod to a node, once', async () => {
      await cluster.ok('POST', PODS, pod('p'));
      expect((await bind('p', 'n1', { annotations: { a: 'b' } })).status).to.equal(201);
      const bound = await cluster.ok('GET', `${PODS}/p`);
      expect(bound['spec']).to.deep.include({ nodeName: 'n1' });
      expect(bound.metadata.annotations).to.deep.equal({ a: 'b' });
      expect((bound['status'] as { conditions: unknown[] }).conditions).to.deep.equal([{ type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: '2024-01-01T00:00:00Z' }]);
      const again = await bind('p', 'n2');
      expect([again.status, again.body.message]).to.deep.equal([409, 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"']);
    });

    it('refuses pods that are deleted, gated, or somebody else', async () => {
      await cluster.ok('POST', PODS, pod('gone', { finalizers: ['example.com/hold'] }));
      await cluster.ok('DELETE', `${PODS}/gone`);
      expect((await bind('gone', 'n')).body.message).to.contain('pod gone is being deleted, cannot be assigned to a host');
      await cluster.ok('POST', PODS, pod('gated', {}, { schedulingGates: [{ name: 'example.com/wait' }] }));
      expect((await bind('gated', 'n')).body.message).to.contain('pod gated has non-empty .spec.schedulingGates');
      expect((await bind('gated', 'n', { uid: 'other' })).body.message).to.contain('UID in precondition: other');
      expect((await bind('nobody', 'n')).status).to.equal(404);
    });
  });

  describe('eviction', () => {
    const evict = (name: string, deleteOptions?: JsonObject): ReturnType<TestCluster['request']> =>
      cluster.request('POST', `${PODS}/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, ...(deleteOptions && { deleteOptions }) });
    const running = async (name: string, ready = true): Promise<void> => {
      await cluster.ok('POST', PODS, pod(name, { labels: { app: 'web' } }, { nodeName: 'n' }));
      await cluster.patch(`${PODS}/${name}/status`, 'merge', { status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } });
    };
    const budget = async (status: JsonObject, spec: JsonObject = {}, name = 'web'): Promise<void> => {
      await cluster.ok('POST', BUDGETS, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } }, ...spec } });
      await cluster.patch(`${BUDGETS}/${name}/status`, 'merge', { status: { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 2, disruptionsAllowed: 0, ...status } });
    };

    it('begins a graceful delete and marks the pod', async () => {
      await running('p');
      expect((await evict('p')).status).to.equal(201);
      const evicted = await cluster.ok('GET', `${PODS}/p`);
      expect(evicted.metadata.deletionGracePeriodSeconds).to.equal(30);
      expect((evicted['status'] as { conditions: JsonObject[] }).conditions.at(-1)).to.include({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' });
    });

    it('is refused for now when the budget is spent', async () => {
      await running('p');
      await budget({});
      const { status, headers, body } = await evict('p');
      expect(status).to.equal(429);
      expect(body).to.deep.include({ reason: 'TooManyRequests', message: "Cannot evict pod as it would violate the pod's disruption budget." });
      expect(body['details']).to.deep.equal({ causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget web needs 1 healthy pods and has 1 currently' }] });
      expect(headers).not.to.have.property('retry-after');
      expect((await cluster.ok('GET', `${PODS}/p`)).metadata).not.to.have.property('deletionTimestamp');
    });

    it('waits for the disruption controller to have seen the budget', async () => {
      await running('p');
      await budget({ observedGeneration: 0, disruptionsAllowed: 5 });
      const { status, headers, body } = await evict('p');
      expect([status, headers['retry-after']]).to.deep.equal([429, '10']);
      expect(JSON.stringify(body['details'])).to.contain('The disruption budget web is still being processed by the server.');
    });

    it('takes one disruption from the budget, even under a wrong precondition, and none on a dry run', async () => {
      await running('p');
      await budget({ disruptionsAllowed: 2 });
      const allowed = async (): Promise<unknown> => ((await cluster.ok('GET', `${BUDGETS}/web`))['status'] as JsonObject)['disruptionsAllowed'];
      expect((await evict('p', { dryRun: ['All'] })).status).to.equal(201);
      expect(await allowed()).to.equal(2);
      expect((await evict('p', { preconditions: { uid: 'x' } })).status).to.equal(409);
      expect(await allowed()).to.equal(1);
      expect((await evict('p')).status).to.equal(201);
      expect(await allowed()).to.equal(0);
      expect(((await cluster.ok('GET', `${BUDGETS}/web`))['status'] as JsonObject)['disruptedPods']).to.deep.equal({ p: '2024-01-01T00:00:00Z' });
    });

    it('does not support two budgets for one pod', async () => {
      await running('p');
      await budget({ disruptionsAllowed: 1 });
      await budget({ disruptionsAllowed: 1 }, {}, 'second');
      const { status, body } = await evict('p');
      expect([status, body.message]).to.deep.equal([500, 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.']);
    });

    it('lets unhealthy pods go by their policy', async () => {
      await running('p', false);
      await budget({ currentHealthy: 0, desiredHealthy: 1 }, { unhealthyPodEvictionPolicy: 'IfHealthyBudget' });
      expect((await evict('p')).status).to.equal(429);
      await cluster.patch(`${BUDGETS}/web`, 'merge', { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } });
      expect((await evict('p')).status).to.equal(201);
    });
  });

  describe('scale', () => {
    const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
    beforeEach(() =>
      cluster.ok('POST', DEPLOYMENTS, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { replicas: 1, selector: { matchLabels: { app: 'web', a: 'b' } }, template: { metadata: { labels: { app: 'web', a: 'b' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
      }),
    );

    it('reads and writes the replicas, and counts as a change of the spec', async () => {
      const scale = await cluster.ok('GET', `${DEPLOYMENTS}/web/scale`);
      expect(scale).to.deep.include({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 1 }, status: { replicas: 0, selector: 'a=b,app=web' } });
      const written = await cluster.ok('PUT', `${DEPLOYMENTS}/web/scale`, { ...scale, spec: { replicas: 3 } });
      expect(written['spec']).to.deep.equal({ replicas: 3 });
      const patched = await cluster.patch(`${DEPLOYMENTS}/web/scale`, 'merge', { spec: { replicas: 4 } });
      expect(patched.body['spec']).to.deep.equal({ replicas: 4 });
      const deployment = await cluster.ok('GET', `${DEPLOYMENTS}/web`);
      expect([deployment.metadata.generation, (deployment['spec'] as JsonObject)['replicas']]).to.deep.equal([3, 4]);
    });

    it('refuses stale writes and negative numbers', async () => {
      const scale = await cluster.ok('GET', `${DEPLOYMENTS}/web/scale`);
      await cluster.patch(`${DEPLOYMENTS}/web`, 'merge', { metadata: { labels: { x: 'y' } } });
      expect((await cluster.request('PUT', `${DEPLOYMENTS}/web/scale`, { ...scale, spec: { replicas: 3 } })).status).to.equal(409);
      expect((await cluster.patch(`${DEPLOYMENTS}/web/scale`, 'merge', { spec: { replicas: -1 } })).body.message).to.equal(
        'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      );
    });
  });

  describe('log', () => {
    const asked: unknown[] = [];
    const containers = [{ name: 'a', image: 'a' }, { name: 'b', image: 'b' }];
    beforeEach(async () => {
      asked.length = 0;
      await cluster.server.close();
      cluster = new TestCluster({
        async *nodeLogs(namespace, name, container, options) {
          asked.push({ namespace, name, container, ...options });
          if (container === 'b') throw badRequest('container "b" in pod "p" is waiting to start: ContainerCreating');
          yield 'one\n';
          yield 'two\n';
        },
      });
      await cluster.ok('POST', PODS, pod('p', {}, { nodeName: 'n', containers }));
    });

    it('comes from the node, with the options that were asked for', async () => {
      const response = await cluster.send('GET', `${PODS}/p/log?container=a&tailLines=5&sinceSeconds=60&timestamps=true&limitBytes=6`);
      expect(response.headers['content-type']).to.equal('text/plain');
      expect(await textOf(response)).to.equal('one\ntw');
      expect(asked).to.deep.equal([{ namespace: 'default', name: 'p', container: 'a', follow: false, previous: false, timestamps: true, tailLines: 5, sinceSeconds: 60, limitBytes: 6 }]);
    });

    it('needs a container where there are several', async () => {
      expect((await cluster.request('GET', `${PODS}/p/log`)).body.message).to.equal('a container name must be specified for pod p, choose one of: [a b]');
      expect((await cluster.request('GET', `${PODS}/p/log?container=c`)).body.message).to.equal('container c is not valid for pod p');
    });

    it('passes on what the node refuses', async () => {
      const { status, body } = await cluster.request('GET', `${PODS}/p/log?container=b`);
      expect([status, body.message]).to.deep.equal([400, 'container "b" in pod "p" is waiting to start: ContainerCreating']);
    });

    it('is empty while no node has the pod', async () => {
      await cluster.ok('POST', PODS, pod('q'));
      expect(await textOf(await cluster.send('GET', `${PODS}/q/log`))).to.equal('');
    });
  });

  it('lead into no container, and say why', async () => {
    await cluster.ok('POST', PODS, pod('p'));
    const attempt = (way: string): ReturnType<typeof cluster.request> => cluster.request('GET', `${PODS}/p/${way}?command=ls`);
    expect((await attempt('exec')).body['message']).to.equal('pod p does not have a host assigned');
    await cluster.ok('POST', `${PODS}/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } });
    for (const way of ['exec', 'attach']) {
      const { status, body } = await attempt(way);
      expect([status, body['kind']], way).to.deep.equal([501, 'Status']);
      expect(body['message']).to.include(`pods/${way} is not possible`);
    }
  });

  it('reviews are answered and not stored', async () => {
    const { status, body } = await cluster.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'create', resource: 'pods' } },
    });
    expect([status, body['status']]).to.deep.equal([201, { allowed: true }]);
  });

  it('metrics come from the nodes, with the labels of what they measure', async () => {
    await cluster.server.close();
    const usage = { cpu: '10m', memory: '20Mi' };
    cluster = new TestCluster({ metrics: { nodes: () => [{ metadata: { name: 'n' }, timestamp: '2024-01-01T00:00:00Z', window: '15s', usage }], pods: () => [] } });
    await cluster.ok('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { zone: 'a' } } });
    const list = await cluster.ok('GET', '/apis/metrics.k8s.io/v1beta1/nodes?labelSelector=zone%3Da');
    expect(list.items).to.have.length(1);
    expect(list.items![0]).to.deep.include({ usage });
    expect((await cluster.ok('GET', '/apis/metrics.k8s.io/v1beta1/nodes?labelSelector=zone%3Db')).items).to.deep.equal([]);
  });
});
