import { createApiServer, httpsWebhooks } from '../apiserver/index.js';
import type { ApiServer, ConversionHook, WebhookAddresses } from '../apiserver/index.js';
import { admissionWarnings } from '../api/index.js';
import type { Clock, KindPlan, KubeObject, KubeTransport, Random } from '../operator/index.js';
import { convert, handlerTransport } from '../operator/index.js';
import { createAws } from './aws/aws.js';
import type { SandboxAws } from './aws/aws.js';
import type { FaultOptions } from './aws/faults.js';
import { GUIDE_SEED, createCluster } from './cluster/index.js';
import type { SandboxCluster } from './cluster/index.js';
import { PROMETHEUS_OPERATOR_CRDS } from './prometheus-operator-crds.js';

export interface SandboxOptions {
  clock: Clock;
  random: Random;
  /** The kinds whose versions are converted without asking a webhook, and the CRDs that are there from the start. */
  kinds: readonly KindPlan[];
  crds: readonly object[];
  /** Ports of the API server and of AWS; 0 (the default) takes free ones. */
  port?: number;
  awsPort?: number;
  /** Keeps the cluster's objects across restarts. */
  dataDir?: string;
  /** Of spot prices and capacity. */
  seed?: number;
  faults?: FaultOptions;
  /** Milliseconds that machines take to boot; default: a realistic distribution. */
  bootDelay?: () => number;
  /** Where the webhooks behind a service of the cluster listen: pods have no network here. Default: nowhere. */
  services?: WebhookAddresses['resolve'];
  report?: (message: string) => void;
}

/** A whole cluster and cloud in this process. */
export interface Sandbox {
  readonly clock: Clock;
  /** `http://127.0.0.1:…` */
  readonly apiServerUrl: string;
  readonly awsUrl: string;
  /** The way to the API server without a socket. */
  readonly transport: KubeTransport;
  readonly apiServer: ApiServer;
  readonly aws: SandboxAws;
  readonly cluster: SandboxCluster;
  close(): Promise<void>;
}

/** The guide's clusters; here they are one. */
const CLUSTERS = ['my-cluster', 'ecommerce-cluster'] as const;
const REGION = 'us-west-2';
const ZONE_IDS = { 'us-west-2a': 'usw2-az1', 'us-west-2b': 'usw2-az2', 'us-west-2c': 'usw2-az3' };

/** Converts a kind's versions inside an API server. */
export const hookOf = (kind: KindPlan): ConversionHook => ({
  convert: (objects, toApiVersion) => objects.map((object) => convert(kind, object as unknown as KubeObject, toApiVersion.split('/')[1] ?? '')) as never,
});

/** Starts an API server, an AWS and a cluster on them. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, random, kinds, crds, port = 0, awsPort = 0, dataDir, seed, faults, bootDelay, services, report } = options;
  const aws = createAws({ clock, random, region: REGION, ...(seed === undefined ? {} : { seed }), ...(faults ? { faults } : {}) });
  // The server asks the cluster for logs and usage, and the cluster needs the server's transport: the former is looked up late.
  let cluster: SandboxCluster | undefined;
  const apiServer = createApiServer({
    clock,
    random,
    conversions: Object.fromEntries(kinds.map((kind) => [`${kind.plural}.${kind.group}`, hookOf(kind)])),
    admission: [{ validate: ({ object, warn }) => { if (object) for (const warning of admissionWarnings(object as unknown as KubeObject)) warn(warning); } }],
    certificateAuthority: '',
    webhooks: httpsWebhooks({ resolve: services }),
    nodeLogs: (...request) => (cluster as SandboxCluster).podLogs(...request),
    metrics: { nodes: () => (cluster as SandboxCluster).metrics.nodes(), pods: () => (cluster as SandboxCluster).metrics.pods() },
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const transport = handlerTransport(apiServer);
  const opened: { close(): Promise<void> }[] = [apiServer, aws];
  const close = async (): Promise<void> => {
    await cluster?.stop();
    await Promise.all(opened.map((each) => each.close()));
  };
  try {
    const [{ url: apiServerUrl }, { url: awsUrl }] = [await apiServer.listen({ port }), await aws.listen({ port: awsPort })];
    for (const name of CLUSTERS) aws.account.clusters.connect(name, { endpoint: apiServerUrl });
    await install(apiServer, [...PROMETHEUS_OPERATOR_CRDS, ...crds]);
    cluster = createCluster({
      transport, clock, random, machines: aws.machines, region: REGION, zoneIds: ZONE_IDS, seed: GUIDE_SEED,
      identities: CLUSTERS.map((name) => ({ name, endpoint: apiServerUrl })),
      ...(bootDelay ? { bootDelay } : {}), ...(report ? { report } : {}),
    });
    await cluster.start();
    return { clock, apiServerUrl, awsUrl, transport, apiServer, aws, cluster, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Creates CRDs that are not there yet. */
async function install(apiServer: ApiServer, crds: readonly object[]): Promise<void> {
  for (const crd of crds) {
    const response = await apiServer.handle({
      method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', headers: { 'content-type': 'application/json' }, body: JSON.stringify(crd),
    });
    if (response.status < 300 || response.status === 409) continue;
    let answer = '';
    for await (const chunk of response.body) answer += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    throw new Error(`installing a CRD: ${answer}`);
  }
}
