import { KubeConfig } from '@kubernetes/client-node';
import type { AuditEvent } from '../../src/apiserver/index.js';
import { isTrue } from '../../src/api/index.js';
import type { NodeClaim } from '../../src/api/index.js';
import { Applier, textOf } from '../../src/cli/apply.js';
import { karpenter } from '../../src/cli/karpenter.js';
import { readManifests } from '../../src/cli/manifest-files.js';
import type { Manifest } from '../../src/cli/manifest-files.js';
import { karpenterCrds } from '../../src/cli/manifests.js';
import { operatorOptions } from '../../src/cli/operator-options.js';
import type { KubeObject, Operator, Pod, PolicyRule } from '../../src/operator/index.js';
import { silentLogger, systemClock, systemRandom } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { EmbeddedSandbox } from '../../src/sandbox/index.js';
import { eventually } from './sandbox-process.js';

export type Role = KubeObject & { rules: PolicyRule[] };

const SERVICE_ACCOUNT = 'system:serviceaccount:karpenter:karpenter';
const GATES = 'NodeOverlay=true,StaticCapacity=true,CapacityBuffer=true,NodeRepair=true,SpotToSpotConsolidation=true,ReservedCapacity=true';

const pool = (name: string, spec: object, template: object = {}): object => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name },
  spec: {
    template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['m5.large'] }], ...template } },
    ...spec,
  },
});
const workload = (name: string, pod: object = {}): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' },
  spec: {
    replicas: 1, selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { nodeSelector: { 'karpenter.sh/nodepool': name }, containers: [{ name, image: name, resources: { requests: { cpu: '1' } } }], ...pod } },
  },
});

const SPREAD = JSON.stringify({ podTopologySpread: { defaultConstraints: [{ maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' }] } });
/** Of the project that has them, as much as is needed to be watched. */
const VERTICAL_POD_AUTOSCALERS = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'verticalpodautoscalers.autoscaling.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved' } },
  spec: {
    group: 'autoscaling.k8s.io', scope: 'Namespaced', names: { plural: 'verticalpodautoscalers', singular: 'verticalpodautoscaler', kind: 'VerticalPodAutoscaler', listKind: 'VerticalPodAutoscalerList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};

/** Karpenter with every feature gate, in this process, under the token of its service account and the roles of config/rbac. */
export class PermissionScenario {
  private readonly stop = new AbortController();
  private operator: Operator | undefined;
  private running: Promise<void> | undefined;

  /** `wanted`: what the service account asked for, allowed or not. */
  private constructor(private readonly sandbox: EmbeddedSandbox, readonly wanted: readonly AuditEvent[]) {}

  static async start(): Promise<PermissionScenario> {
    const wanted: AuditEvent[] = [];
    let webhookPort = 0;
    const sandbox = await createSandbox({
      clock: systemClock({ speed: 40 }), random: systemRandom, kinds: [], crds: karpenterCrds(), bootDelay: () => 3_000,
      services: () => ({ host: '127.0.0.1', port: webhookPort }),
      audit: (event) => { if (event.user === SERVICE_ACCOUNT) wanted.push(event); },
    });
    const scenario = new PermissionScenario(sandbox, wanted);
    await scenario.applyFiles('config/rbac');
    await scenario.apply(
      VERTICAL_POD_AUTOSCALERS,
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'nobody', namespace: 'kube-node-lease' }, spec: { holderIdentity: 'nobody', renewTime: '2020-01-01T00:00:00.000000Z' } },
    );
    await scenario.send('PATCH', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepools.karpenter.sh/status', { status: { storedVersions: ['v1beta1', 'v1'] } });
    scenario.operator = await scenario.karpenter({ disableLeaderElection: true, featureGates: GATES, webhookPort: 0, schedulerConfig: SPREAD });
    scenario.running = scenario.operator.run({ signal: scenario.stop.signal });
    await scenario.operator.ready();
    webhookPort = scenario.operator.webhookPort ?? 0;
    return scenario;
  }

  /** Ends Karpenter, and leaves the cluster for questions. */
  async end(): Promise<void> {
    this.stop.abort(new Error('the scenario is over'));
    await this.running;
  }

  async close(): Promise<void> {
    await this.end();
    await this.sandbox.close();
  }

  /** The roles of Karpenter's service account, with their rules. */
  roles(): Role[] {
    return ['clusterroles', 'roles'].flatMap((resource) => this.list<Role>(`${resource}.rbac.authorization.k8s.io`)).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === 'karpenter' && metadata.name !== 'karpenter-admin');
  }

  /** Gives a role other rules. */
  async change({ kind, metadata: { name, namespace } }: Role, rules: readonly PolicyRule[]): Promise<void> {
    await this.send('PATCH', `/apis/rbac.authorization.k8s.io/v1/${namespace ? `namespaces/${namespace}/` : ''}${kind.toLowerCase()}s/${name}`, { rules });
  }

  /** Whether the API server would refuse to the service account what it once asked for. */
  async refuses({ verb, group, version, resource, subresource, namespace, name }: AuditEvent): Promise<boolean> {
    const { status: { allowed } } = await this.send<{ status: { allowed: boolean } }>('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user: SERVICE_ACCOUNT, groups: ['system:serviceaccounts', 'system:serviceaccounts:karpenter', 'system:authenticated'], resourceAttributes: { verb, group, version, resource, subresource, namespace, name } },
    });
    return !allowed;
  }

  /** Everything that Karpenter does to a cluster, at least once. */
  async run(): Promise<void> {
    await this.applyFiles('config/samples/nodepool.yaml', 'config/samples/nodeoverlay.yaml');
    await this.apply(
      { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'room', namespace: 'default' }, template: { spec: { nodeSelector: { 'karpenter.sh/nodepool': 'static' }, containers: [{ name: 'room', image: 'room' }] } } },
      { apiVersion: 'autoscaling.x-k8s.io/v1beta1', kind: 'CapacityBuffer', metadata: { name: 'room', namespace: 'default' }, spec: { podTemplateRef: { name: 'room' }, replicas: 1 } },
      pool('static', { replicas: 1 }),
      pool('moving', { disruption: { consolidateAfter: '0s', consolidationPolicy: 'WhenEmptyOrUnderutilized', budgets: [{ nodes: '100%' }] } }, { expireAfter: 'Never' }),
      pool('stuck', { disruption: { consolidateAfter: 'Never', consolidationPolicy: 'WhenEmpty' } }, { terminationGracePeriod: '2m' }),
      workload('moving'), workload('stuck', { terminationGracePeriodSeconds: 300 }),
      { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'stuck', namespace: 'default' }, spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'stuck' } } } },
    );
    await this.eventually('claims are ready', () => {
      const claims = this.list<NodeClaim>('nodeclaims.karpenter.sh').map((claim) => isTrue(claim, 'Ready'));
      return (claims.length === 3 && claims.every(Boolean)) || `${claims.length} claims`;
    });
    await this.eventually('pods run', () => {
      const pods = this.list<Pod>('pods').filter(({ metadata }) => metadata.namespace === 'default');
      return (pods.length === 2 && pods.every(({ status }) => status.phase === 'Running')) || pods.map(({ metadata, status }) => `${metadata.name} ${status.phase}`).join();
    });
    // Certificates that cannot be read are made anew.
    await this.send('PATCH', '/api/v1/namespaces/karpenter/secrets/karpenter-webhook-certificates', { data: { 'tls.crt': '' } });
    const gone = await Promise.all(['moving', 'stuck'].map(async (pool) => {
      const { metadata, status } = this.list<NodeClaim>('nodeclaims.karpenter.sh').find(({ metadata: { labels } }) => labels['karpenter.sh/nodepool'] === pool) as NodeClaim;
      await this.send('DELETE', pool === 'moving' ? `/api/v1/nodes/${status.nodeName}` : `/apis/karpenter.sh/v1/nodeclaims/${metadata.name}`);
      return metadata.name;
    }));
    await this.eventually('pods are evicted, or deleted where nothing may evict them', () => {
      const left = this.list<NodeClaim>('nodeclaims.karpenter.sh').map(({ metadata }) => metadata.name).filter((name) => gone.includes(name));
      return left.length === 0 || left.join();
    });
    await this.eventually('an event is repeated', () => this.wanted.some(({ resource, verb }) => resource === 'events' && verb === 'patch') || 'not yet');
    await this.elected();
  }

  /** Another replica stands for election, at the pace of the wall clock, and resigns. */
  private async elected(): Promise<void> {
    const stop = new AbortController();
    const operator = await this.karpenter({ disableWebhook: true }, systemClock());
    const running = operator.run({ signal: stop.signal });
    await operator.ready();
    stop.abort(new Error('enough'));
    await running;
  }

  private eventually(what: string, probe: () => true | string): Promise<void> {
    return eventually(what, 60_000, () => Promise.resolve(probe()));
  }

  private list<T>(resource: string): T[] {
    return this.sandbox.objects.list(resource) as T[];
  }

  private async applyFiles(...paths: string[]): Promise<void> {
    await this.applier().apply((await readManifests(paths)).manifests.filter(({ object }) => object.kind !== 'Kustomization'));
  }

  private async apply(...objects: object[]): Promise<void> {
    await this.applier().apply(objects.map((object) => ({ file: 'scenario', object: object as Manifest['object'] })));
  }

  /** As the administrator; resolves to the answer. */
  private async send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object = {}): Promise<T> {
    const response = await this.sandbox.transport.send({ method, path, headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }, body: JSON.stringify(body) });
    const text = await textOf(response);
    if (response.status >= 300) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  private applier(): Applier {
    return new Applier(this.sandbox.transport, () => undefined);
  }

  private async karpenter(flags: Record<string, unknown>, clock = this.sandbox.clock): Promise<Operator> {
    const { sandbox } = this;
    const { access: { server, certificateAuthority } } = sandbox;
    const { status: { token } } = await this.send<{ status: { token: string } }>('POST', '/api/v1/namespaces/karpenter/serviceaccounts/karpenter/token', { spec: { expirationSeconds: 86_400 } });
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromClusterAndUser({ name: 'sandbox', server, caData: certificateAuthority, skipTLSVerify: false }, { name: 'karpenter', token });
    const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', clusterEndpoint: sandbox.apiServerUrl, interruptionQueue: 'Karpenter-my-cluster', leaderElectionNamespace: 'karpenter', ...flags }, {});
    return karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
      clock, random: systemRandom, logger: silentLogger, kubeconfig, caBundle: certificateAuthority, aws: { credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } }, ports: false, processMetrics: false, shutdownTimeout: 1_500,
    });
  }
}
