import { expect } from 'chai';
import type { JsonObject } from '../../contracts.js';
import { pod, TestCluster } from '../../testing/test-cluster.js';

const PODS = '/api/v1/namespaces/default/pods';
const CLASSES = '/apis/node.k8s.io/v1/runtimeclasses';

describe('Runtime classes', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', CLASSES, {
      apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'kata' }, handler: 'kata', overhead: { podFixed: { cpu: '250m', memory: '128Mi' } },
      scheduling: { nodeSelector: { virtual: 'yes' }, tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }, { key: 'kata', operator: 'Exists' }] },
    });
  });
  afterEach(() => cluster.server.close());
  const made = async (spec: JsonObject): Promise<JsonObject> => (await cluster.ok('POST', PODS, pod('p', {}, spec)))['spec'] as JsonObject;
  const refusal = async (spec: JsonObject): Promise<unknown> => {
    const { status, body } = await cluster.request('POST', PODS, pod('p', {}, spec));
    return [status, body.message];
  };
  const refused = (why: string): unknown => [403, `pods "p" is forbidden: ${why}`];

  it('give pods their overhead and their nodes', async () => {
    const spec = await made({ runtimeClassName: 'kata', nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'kata', operator: 'Equal', value: 'x' }], overhead: { cpu: '0.25', memory: '128Mi' } });
    expect(spec['overhead']).to.deep.equal({ cpu: '250m', memory: '128Mi' });
    expect(spec['nodeSelector']).to.deep.equal({ disk: 'ssd', virtual: 'yes' });
    // What the class tolerates covers the five minutes on a node that is not ready, and the pod's own.
    expect(spec['tolerations']).to.deep.equal([
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
      { key: 'kata', operator: 'Exists' },
    ]);
  });

  it('refuse pods that do not fit them', async () => {
    expect(await refusal({ runtimeClassName: 'runc' })).to.deep.equal(refused('pod rejected: RuntimeClass "runc" not found'));
    expect(await refusal({ runtimeClassName: 'kata', overhead: { cpu: '1' } })).to.deep.equal(refused("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"));
    expect(await refusal({ overhead: { cpu: '1' } })).to.deep.equal(refused('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'));
    expect(await refusal({ runtimeClassName: 'kata', nodeSelector: { virtual: 'no' } })).to.deep.equal(refused('conflict: runtimeClass.scheduling.nodeSelector[virtual] = yes; pod.spec.nodeSelector[virtual] = no'));
  });
});
