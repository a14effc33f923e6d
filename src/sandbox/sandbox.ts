import { ADMINISTRATOR, createApiServer, httpsWebhooks } from '../apiserver/index.js';
import type { ApiServer, AuditEvent, ConversionHook, WebhookAddresses } from '../apiserver/index.js';
import { admissionWarnings } from '../api/index.js';
import type { Clock, KindPlan, KubeObject, KubeTransport } from '../operator/index.js';
import { convert, handlerTransport, systemRandom } from '../operator/index.js';
import type { SandboxCluster } from './cluster/index.js';
import type { ClusterObjects } from './cluster-objects.js';
import { populate } from './control-plane.js';
import type { Population, PopulationOptions } from './control-plane.js';
import { servingCertificate } from './serving-certificate.js';

export interface SandboxOptions extends Omit<PopulationOptions, 'controllers' | 'dnsClusterIp' | 'kubelets'> {
  /** The kinds whose versions are converted without asking a webhook. */
  kinds: readonly KindPlan[];
  /** Port of the API server; 0 (the default) takes a free one. */
  port?: number;
  /** Keeps the cluster's objects across restarts. */
  dataDir?: string;
  /** Where the webhooks behind a service of the cluster listen: pods have no network here. Default: nowhere. */
  services?: WebhookAddresses['resolve'];
  /** Hears of every request to the API server. */
  audit?: (event: AuditEvent) => void;
}

/** A cluster and a cloud in this process, on a control plane. */
export interface Sandbox extends Population {
  readonly clock: Clock;
  /** `https://127.0.0.1:…` of the embedded API server, or that of the one it is attached to. */
  readonly apiServerUrl: string;
  readonly transport: KubeTransport;
  readonly objects: ClusterObjects;
}

/** What lets a client in as the cluster's administrator. */
export interface AdministratorAccess {
  readonly server: string;
  /** Of who signed the server's certificate: base64 PEM. */
  readonly certificateAuthority: string;
  readonly token: string;
}

/** With the control plane in this process too: its transport needs no socket, and is the administrator's. */
export interface EmbeddedSandbox extends Sandbox {
  readonly apiServer: ApiServer;
  readonly access: AdministratorAccess;
}

/** Converts a kind's versions inside an API server. */
export const hookOf = (kind: KindPlan): ConversionHook => ({
  convert: (objects, toApiVersion) => objects.map((object) => convert(kind, object as unknown as KubeObject, toApiVersion.split('/')[1] ?? '')) as never,
});

/** Starts an API server, an AWS and a cluster on them. */
export async function createSandbox(options: SandboxOptions): Promise<EmbeddedSandbox> {
  const { clock, random, kinds, port = 0, dataDir, services, audit } = options;
  // The server asks the cluster for logs and usage, and the cluster needs the server's transport: the former is looked up late.
  let population: Population | undefined;
  const cluster = (): SandboxCluster => (population as Population).cluster;
  const { serving, authority } = await servingCertificate(dataDir);
  const certificateAuthority = Buffer.from(authority).toString('base64');
  const token = systemRandom.uuid();
  const apiServer = createApiServer({
    clock,
    random,
    conversions: Object.fromEntries(kinds.map((kind) => [`${kind.plural}.${kind.group}`, hookOf(kind)])),
    admission: [{ validate: ({ object, warn }) => { if (object) for (const warning of admissionWarnings(object as unknown as KubeObject)) warn(warning); } }],
    certificateAuthority: authority,
    tokens: { [token]: ADMINISTRATOR },
    ...(audit ? { audit } : {}),
    ...(services ? { webhooks: httpsWebhooks({ resolve: services }) } : {}),
    nodeLogs: (...request) => cluster().podLogs(...request),
    podPorts: (...asked) => cluster().podPorts(...asked),
    metrics: { nodes: () => cluster().metrics.nodes(), pods: () => cluster().metrics.pods() },
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const transport = handlerTransport(apiServer);
  try {
    const { url } = await apiServer.listen({ port, tls: { cert: serving.certificate, key: serving.key } });
    const living = await populate({ url, certificateAuthority, transport }, options);
    population = living;
    const close = async (): Promise<void> => {
      await living.close();
      await apiServer.close();
    };
    return { ...living, clock, apiServerUrl: url, transport, objects: apiServer.storage, apiServer, access: { server: url, certificateAuthority, token }, close };
  } catch (error) {
    await apiServer.close();
    throw error;
  }
}
