import { expect } from 'chai';
import { createApiServer } from '../apiserver/index.js';
import type { ApiServer } from '../apiserver/index.js';
import { KubeClient, handlerTransport, seededRandom } from '../operator/index.js';
import type { KindRef, KubeRequest, KubeResponse, KubeTransport } from '../operator/index.js';
import { VirtualClock } from '../operator/testing/virtual-clock.js';
import { AttachError, attachSandbox } from './attach.js';
import type { AttachOptions, AttachedSandbox } from './attach.js';
import { CONTROLLERS, chooseControllers } from './cluster/index.js';

const NODE: KindRef = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const LEASE: KindRef = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

describe('A sandbox on a control plane of others', () => {
  let clock: VirtualClock;
  let server: ApiServer;
  let transport: KubeTransport;
  let client: KubeClient;
  let attached: AttachedSandbox | undefined;
  const random = seededRandom(1);

  beforeEach(() => {
    clock = new VirtualClock();
    server = createApiServer({ clock, random, certificateAuthority: '' });
    transport = handlerTransport(server);
    client = new KubeClient(transport, { clock, random });
  });
  afterEach(async () => {
    await attached?.close();
    attached = undefined;
    await server.close();
  });

  const attach = async (options: Partial<AttachOptions> = {}): Promise<AttachedSandbox> => {
    const opening = attachSandbox({ clock, random, crds: [], kinds: [], karpenter: true, controlPlane: { url: 'https://plane.example', certificateAuthority: '', transport }, ...options });
    attached = await opening;
    return attached;
  };
  /** Why it cannot be attached when the server's answers to some paths are others. */
  const refusal = async (answers: (request: KubeRequest) => KubeResponse | undefined): Promise<string> => {
    const changed: KubeTransport = { ...transport, send: async (request) => answers(request) ?? transport.send(request) };
    const error = await attach({ controlPlane: { url: 'https://plane.example', certificateAuthority: '', transport: changed } }).then(() => undefined, (thrown: unknown) => thrown);
    if (!(error instanceof AttachError)) throw new Error(`not refused: ${String(error)}`);
    return `${error.reason}: ${error.message}`;
  };
  const answer = (status: number, body: string): KubeResponse => ({ status, headers: {}, body: (async function* () { yield body; })() });
  const lease = (name: string, age: number): Promise<unknown> =>
    client.create(LEASE, { metadata: { namespace: 'kube-system', name }, spec: { holderIdentity: 'host', leaseDurationSeconds: 15, renewTime: new Date(clock.now() - age).toISOString().replace('Z', '000Z') } });
  const node = (name: string, labels: Record<string, string> = {}, annotations: Record<string, string> = {}): Promise<unknown> =>
    client.create(NODE, { metadata: { name, labels, annotations }, spec: { providerID: `aws:///us-west-2a/i-${name}` } });

  it('runs every controller where nobody else does', async () => {
    expect((await attach()).controllers).to.deep.equal([...CONTROLLERS]);
  });

  it('leaves to a scheduler and a controller manager that hold their leases what is theirs', async () => {
    await lease('kube-scheduler', 2_000);
    await lease('kube-controller-manager', 2_000);
    expect((await attach()).controllers).to.deep.equal(['cloud-node-controller', 'ebs-csi-provisioner', 'ebs-csi-attacher']);
  });

  it('goes by the clock of the API server', async () => {
    await lease('kube-scheduler', -3_600_000);
    const later: KubeTransport = {
      ...transport, send: async (request) => {
        const response = await transport.send(request);
        return { ...response, headers: { ...response.headers, date: new Date(clock.now() + 2 * 3_600_000).toUTCString() } };
      },
    };
    expect((await attach({ controlPlane: { url: 'https://plane.example', certificateAuthority: '', transport: later } })).controllers).to.include('kube-scheduler');
  });

  it('takes over from those whose lease has run out, and runs what it is told whatever the leases say', async () => {
    await lease('kube-scheduler', 60_000);
    await lease('kube-controller-manager', 2_000);
    expect((await attach()).controllers).to.include('kube-scheduler').and.not.include('deployment-controller');
    await attached?.close();
    expect((await attach({ controllers: ['deployment-controller'] })).controllers).to.deep.equal(['deployment-controller']);
  });

  it('leaves nodes alone that are not of its machines, and removes those of machines of its former life', async () => {
    await node('foreign');
    await node('former', {}, { 'sandbox.karpenter-ts.dev/machine': 'i-former' });
    const { objects } = await attach({ controllers: ['cloud-node-controller'] });
    await clock.advance('1m');
    const names = (objects.list('nodes') as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    expect(names).to.include('foreign').and.not.include('former');
  });

  it('is refused where another Karpenter has nodes, unless Karpenter is not to run', async () => {
    await node('theirs', { 'karpenter.sh/nodepool': 'default' });
    expect(await refusal(() => undefined)).to.match(/^ForeignNodes: 1 nodes of another Karpenter are in this cluster \(theirs\)/);
    await attach({ karpenter: false });
  });

  it('says what the user may not do', async () => {
    const review = JSON.stringify({ kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, status: { allowed: false } });
    expect(await refusal(({ path, body }) => (path.includes('selfsubjectaccessreviews') && body?.includes('"status"') ? answer(201, review) : undefined)))
      .to.equal('Forbidden: the user of the kubeconfig may not patch nodes/status, patch pods/status in https://plane.example: kubelets and controllers need the permissions of cluster-admin');
  });

  it('tells credentials that are refused, servers that are none, and silence from each other', async () => {
    expect(await refusal(({ path }) => (path === '/version' ? answer(401, '{}') : undefined))).to.equal('Unauthorized: https://plane.example does not accept the credentials of the kubeconfig');
    expect(await refusal(() => answer(200, '<html>'))).to.equal('NotKubernetes: https://plane.example is no Kubernetes API server: /version answers 200 "<html>"');
    expect(await refusal(() => { throw new Error('request failed', { cause: new Error('connect ECONNREFUSED') }); })).to.equal('Unreachable: cannot reach the API server https://plane.example: connect ECONNREFUSED');
  });
});

describe('A choice of controllers', () => {
  it('is read as kube-controller-manager reads its own', () => {
    expect(chooseControllers('auto')).to.equal('auto');
    expect(chooseControllers('')).to.deep.equal([]);
    expect(chooseControllers('job-controller, kube-scheduler')).to.deep.equal(['kube-scheduler', 'job-controller']);
    expect(chooseControllers('*,-kube-scheduler')).to.have.length(CONTROLLERS.length - 1);
    expect(() => chooseControllers('kubelet')).to.throw('There is no controller "kubelet"; there are kube-scheduler, ');
  });
});
