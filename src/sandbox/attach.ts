import { ApiError, KubeClient, withDeadline } from '../operator/index.js';
import type { Clock, KindRef, KubeObject, Lease } from '../operator/index.js';
import { issueAuthority } from '../operator/webhook/certificate.js';
import { readText } from '../operator/kube/lines.js';
import { NODEPOOL_LABEL } from '../api/index.js';
import { CONTROLLERS, CONTROLLER_MANAGER, KubeletServer, SCHEDULER, isMachine } from './cluster/index.js';
import type { ControllerName } from './cluster/index.js';
import { populate } from './control-plane.js';
import type { ControlPlane, Population, PopulationOptions } from './control-plane.js';
import type { Sandbox } from './sandbox.js';
import { serveMetrics } from './metrics-server.js';
import { WatchedObjects } from './watched-objects.js';

export interface AttachOptions extends Omit<PopulationOptions, 'dnsClusterIp' | 'controllers' | 'kubelets'> {
  controlPlane: ControlPlane;
  /** `auto` (the default): those that no process of the control plane holds a lease for. */
  controllers?: 'auto' | readonly ControllerName[];
  /** Whether Karpenter is going to run with this sandbox's cloud: refused where nodes of another Karpenter live. */
  karpenter: boolean;
  /** What {@link Sandbox.objects} shows, beside what clusters have anyway. */
  kinds: readonly KindRef[];
}

/** On the control plane of somebody else. */
export interface AttachedSandbox extends Sandbox {
  /** Which of the sandbox's controllers run. */
  readonly controllers: readonly ControllerName[];
}

/** Why a sandbox cannot be attached to a control plane. */
export class AttachError extends Error {
  override readonly name = 'AttachError';

  constructor(readonly reason: 'Unreachable' | 'Unauthorized' | 'Forbidden' | 'NotKubernetes' | 'ForeignNodes', message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

const ANSWER_WITHIN = 15_000;
const HOUR = 3_600_000;

/** A sample of what kubelets and controllers do, and the installation of CRDs: who may do these is an administrator. */
const PERMISSIONS = [
  ['create', 'apiextensions.k8s.io', 'customresourcedefinitions'], ['create', '', 'nodes'], ['patch', '', 'nodes/status'], ['patch', '', 'pods/status'], ['delete', '', 'pods'],
  ['create', 'coordination.k8s.io', 'leases'], ['list', '', 'secrets'], ['create', 'storage.k8s.io', 'csinodes'], ['create', '', 'persistentvolumes'], ['create', '', 'events'],
] as const;

const kind = (group: string, version: string, name: string, plural: string, namespaced = true): KindRef => ({ group, version, kind: name, plural, namespaced });
const LEASE = kind('coordination.k8s.io', 'v1', 'Lease', 'leases');
const NODE = kind('', 'v1', 'Node', 'nodes', false);
const REVIEW = kind('authorization.k8s.io', 'v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', false);
/** What a summary of a cluster looks at. */
const SHOWN = [
  NODE, kind('', 'v1', 'Pod', 'pods'), kind('', 'v1', 'Event', 'events'), kind('apps', 'v1', 'Deployment', 'deployments'), kind('apps', 'v1', 'ReplicaSet', 'replicasets'),
  kind('apps', 'v1', 'StatefulSet', 'statefulsets'), kind('apps', 'v1', 'DaemonSet', 'daemonsets'), kind('batch', 'v1', 'Job', 'jobs'),
];

/**
 * Starts an AWS, and lets its machines join a control plane that is there already, as nodes among its others. Controllers that the control
 * plane has itself are left to it. Objects of others are not touched by kubelets and cloud; CRDs, a DNS service and a storage class are
 * made where there are none. Rejects with {@link AttachError}.
 */
export async function attachSandbox(options: AttachOptions): Promise<AttachedSandbox> {
  const { controlPlane, clock, random, kinds, karpenter, report } = options;
  const { transport, url } = controlPlane;
  const client = new KubeClient(transport, { clock, random, userAgent: 'karpenter-ts-sandbox' });
  const ahead = await greet(controlPlane, clock);
  await checkPermissions(client, url);
  if (karpenter) await checkNodes(client);
  const controllers = options.controllers === undefined || options.controllers === 'auto' ? await missingControllers(client, clock.now() + ahead) : options.controllers;
  const certificate = await issueAuthority('karpenter-ts sandbox', { from: clock.now() - HOUR, until: clock.now() + 8_760 * HOUR }, random);
  // Nodes name the port of their kubelets when they register: it is opened before there are logs to be had.
  let population: Population | undefined;
  const kubelets = await KubeletServer.listen({ clock, certificate, podLogs: (...request) => (population as Population).cluster.podLogs(...request) });
  const objects = new WatchedObjects([...SHOWN, ...kinds], client, { clock, random });
  let withdraw = (): Promise<void> => Promise.resolve();
  const close = async (): Promise<void> => {
    await withdraw().catch((error: Error) => report?.(`metrics.k8s.io: ${error.message}`));
    await objects.stop();
    await population?.close();
    await kubelets.close();
    await transport.close();
  };
  try {
    population = await populate(controlPlane, { ...options, controllers, kubelets: kubelets.endpoint, dnsClusterIp: 'any' });
    await objects.start();
    withdraw = await serveMetrics(client, population.cluster.metrics, { clock, random, certificate });
  } catch (error) {
    await close();
    throw error;
  }
  return { ...population, clock, apiServerUrl: url, transport, objects, controllers, close };
}

/** How far the API server's clock is ahead of ours, in milliseconds. */
async function greet({ transport, url }: ControlPlane, clock: Clock): Promise<number> {
  const request = { method: 'GET', path: '/version', headers: { accept: 'application/json' } } as const;
  let answer: string;
  let status: number;
  let date: string | undefined;
  try {
    const response = await withDeadline(clock, ANSWER_WITHIN, 'the request for its version', undefined, (signal) => transport.send({ ...request, signal }));
    [status, date, answer] = [response.status, response.headers['date'], await readText(response.body)];
  } catch (error) {
    throw new AttachError('Unreachable', `cannot reach the API server ${url}: ${innermost(error)}`, { cause: error });
  }
  if (status === 401) throw new AttachError('Unauthorized', `${url} does not accept the credentials of the kubeconfig`);
  // Who may do so little is told below what else is missing.
  if (status !== 403 && !answer.includes('"gitVersion"')) throw new AttachError('NotKubernetes', `${url} is no Kubernetes API server: /version answers ${status} ${JSON.stringify(answer.slice(0, 80))}`);
  return date === undefined ? 0 : Date.parse(date) - clock.now();
}

/** What undici and Node said, which their wrappers do not repeat. */
function innermost(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? innermost(cause) : message;
}

async function checkPermissions(client: KubeClient, url: string): Promise<void> {
  const answers = await Promise.all(PERMISSIONS.map(async ([verb, group, path]) => {
    const [resource, subresource] = path.split('/');
    const attributes = { verb, group, resource, ...(subresource ? { subresource } : {}) };
    const { status } = await client.create<KubeObject & { status: { allowed: boolean } }>(REVIEW, { metadata: {}, spec: { resourceAttributes: attributes } }).catch(unauthorized(url));
    return status.allowed ? [] : [`${verb} ${path}${group ? `.${group}` : ''}`];
  }));
  const refused = answers.flat();
  if (refused.length > 0) throw new AttachError('Forbidden', `the user of the kubeconfig may not ${refused.join(', ')} in ${url}: kubelets and controllers need the permissions of cluster-admin`);
}

const unauthorized = (url: string) => (error: unknown): never => {
  if (error instanceof ApiError && (error.code === 401 || error.code === 403)) throw new AttachError('Unauthorized', `${url} does not accept the credentials of the kubeconfig: ${error.message}`, { cause: error });
  throw error;
};

/** A Karpenter with another cloud would take the machines of these for vanished. */
async function checkNodes(client: KubeClient): Promise<void> {
  const nodes = await client.listAll(NODE, { labelSelector: NODEPOOL_LABEL });
  const foreign = nodes.filter((node) => !isMachine(node)).map(({ metadata }) => metadata.name);
  if (foreign.length === 0) return;
  throw new AttachError('ForeignNodes', `${foreign.length} nodes of another Karpenter are in this cluster (${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', …' : ''}), and would be deleted as machines that do not exist in the sandbox's cloud: attach to another cluster, or with --no-operator`);
}

/** The controllers for which nobody holds a lease in kube-system. */
async function missingControllers(client: KubeClient, now: number): Promise<ControllerName[]> {
  const runs = async (name: string): Promise<boolean> => {
    const lease = await client.find<Lease>(LEASE, { namespace: 'kube-system', name });
    const { holderIdentity, renewTime, leaseDurationSeconds = 15 } = lease?.spec ?? {};
    return Boolean(holderIdentity) && now - Date.parse(renewTime ?? '') < 2 * leaseDurationSeconds * 1_000;
  };
  const [scheduler, manager] = await Promise.all([runs('kube-scheduler'), runs('kube-controller-manager')]);
  const theirs = new Set<ControllerName>([...(scheduler ? [SCHEDULER] as const : []), ...(manager ? CONTROLLER_MANAGER : [])]);
  return CONTROLLERS.filter((name) => !theirs.has(name));
}
