import { setMaxListeners } from 'node:events';
import { certificateRequests } from './admission/certificate-requests.js';
import { claimResize } from './admission/claim-resize.js';
import { nodeTaints } from './admission/node-taints.js';
import { podTopologyLabels } from './admission/pod-topology-labels.js';
import { limitRanger } from './admission/limit-ranger.js';
import { podSecurity } from './admission/pod-security/pod-security.js';
import { startPolicyTypeChecking } from './admission/policy-type-checking.js';
import { validatingAdmissionPolicies } from './admission/validating-admission-policy.js';
import { Authenticator } from './authentication/authenticator.js';
import { createIssuerDiscovery } from './authentication/issuer-discovery.js';
import type { Requester } from './authentication/requester.js';
import { ServiceAccountTokens } from './authentication/service-account-tokens.js';
import { SigningKey } from './authentication/signing-key.js';
import { Authorizer } from './authorization/authorizer.js';
import { ensureDefaultRoles } from './authorization/default-roles.js';
import { escalationCheck } from './authorization/escalation.js';
import { bootstrap } from './bootstrap.js';
import { systemClock, systemRandom } from './clock.js';
import { startApiServices } from './controllers/api-services.js';
import { startEventExpiry } from './controllers/event-expiry.js';
import { startFlowSchemaController } from './controllers/flow-schema-controller.js';
import { startGarbageCollector } from './controllers/garbage-collector.js';
import { startIpAddresses } from './controllers/ip-addresses.js';
import { startNamespaceController } from './controllers/namespace-controller.js';
import { startQuotaController } from './controllers/quota-controller.js';
import { startRoleAggregation } from './controllers/role-aggregation.js';
import { startRootCertificates } from './controllers/root-certificates.js';
import { startServiceAccounts } from './controllers/service-accounts.js';
import { startTokenSecrets } from './controllers/token-secrets.js';
import type { Clock, ConversionHook, JsonObject, Random, ResourceRegistry } from './contracts.js';
import { installCustomResources } from './crd/controller.js';
import { createDiscovery } from './discovery/handler.js';
import { createPathList } from './discovery/path-list.js';
import { ensureDefaultFlowSchemas } from './flow-control/default-flow-schemas.js';
import { FlowClassifier } from './flow-control/flow-classifier.js';
import type { ApiRequest, ApiResponse } from './http/exchange.js';
import { createHandler } from './http/handler.js';
import { createHealth, HEALTH_PATHS } from './http/health.js';
import { listen, type Listener, type ListenOptions } from './http/listen.js';
import { SERVER_VERSION } from './http/server-version.js';
import { builtinDefinitions } from './kinds/builtin-definition.js';
import { createRegistry } from './kinds/registry.js';
import { quotaAdmission } from './quota/quota-admission.js';
import type { AdmissionPlugin, AuditEvent, MetricsProvider, PodLogs, PodPorts, RestContext } from './rest/context.js';
import { createOpenApi } from './openapi/handler.js';
import { openJournal } from './storage/journal.js';
import { MemoryStorage } from './storage/memory-storage.js';
import type { WebhookTransport } from './webhook/webhook-transport.js';
import { externalNames } from './webhook/external-names.js';
import { httpsWebhooks } from './webhook/webhook-transport.js';

export interface ApiServerOptions {
  /** Default: the wall clock. */
  clock?: Clock;
  /** Default: real randomness. */
  random?: Random;
  /** Keeps the cluster's state across restarts; absent: memory only. */
  dataDir?: string;
  /** How custom resources with `conversion.strategy: Webhook` are converted, by CRD name (`plural.group`). */
  conversions?: Readonly<Record<string, ConversionHook>>;
  /** Changes parts of what `/version` says. */
  version?: Partial<typeof SERVER_VERSION>;
  /** How webhooks are reached: those of admission, and those of conversions that `conversions` leaves out. Default: HTTPS, of services only those that are external names. */
  webhooks?: WebhookTransport;
  /** Looks at every write, as admission webhooks do. */
  admission?: readonly AdmissionPlugin[];
  /** Hears of every request before it is allowed or refused. */
  audit?: (event: AuditEvent) => void;
  /** What `kubectl logs` shows. */
  nodeLogs?: PodLogs;
  /** What `kubectl port-forward` reaches. */
  podPorts?: PodPorts;
  /** What `kubectl top` shows; absent: `metrics.k8s.io` is not served. */
  metrics?: MetricsProvider;
  /**
   * Who may come with which bearer token, besides service accounts with theirs. Whoever comes over a connection is then anonymous without a
   * credential; absent: the administrator, so that tests need none. What somebody may do is up to the cluster's roles either way.
   */
  tokens?: Readonly<Record<string, Requester>>;
  /** PEM of who signed this server's certificate, published to every namespace as `kube-root-ca.crt`; empty: plain HTTP. Absent: not published. */
  certificateAuthority?: string;
  /** Whether owners take their dependents along. Default true. */
  garbageCollection?: boolean;
  /** Whether new nodes get the taint `node.kubernetes.io/not-ready`, which somebody who watches their conditions has to take away. Default true. */
  taintsNewNodes?: boolean;
}

/** A Kubernetes API server in this process. */
export interface ApiServer {
  /** Answers one request; rejects never. It fits the operator's `KubeTransport.send`. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Opens an HTTP (or HTTPS) port. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** The objects themselves, beneath all checks. */
  readonly storage: MemoryStorage;
  readonly registry: ResourceRegistry;
  /** Ends watches, closes ports, stops controllers and flushes the data directory. */
  close(): Promise<void>;
}

/** Starts a server with the built-in kinds and an empty cluster, or the one in `dataDir`. */
export function createApiServer(options: ApiServerOptions = {}): ApiServer {
  const { clock = systemClock, random = systemRandom, conversions = {}, nodeLogs } = options;
  const registry = createRegistry(builtinDefinitions().filter(({ group }) => group !== 'metrics.k8s.io' || options.metrics !== undefined));
  const storage = new MemoryStorage(clock, options.dataDir === undefined ? undefined : openJournal(options.dataDir));
  const version = { ...SERVER_VERSION, ...options.version };
  const closing = new AbortController();
  // Every open watch listens.
  setMaxListeners(0, closing.signal);
  const authorizer = new Authorizer(storage);
  const serviceAccountTokens = new ServiceAccountTokens({ storage, clock, random, registry }, new SigningKey(options.dataDir));
  const authenticator = new Authenticator({ serviceAccounts: serviceAccountTokens, ...(options.tokens && { tokens: options.tokens }) });
  const admission: AdmissionPlugin[] = [limitRanger({ storage }), podTopologyLabels({ storage }), ...((options.taintsNewNodes ?? true) ? [nodeTaints] : [])];
  const flows = new FlowClassifier(storage);
  const ctx: RestContext = { flows, authenticator, authorizer, serviceAccountTokens, closing: closing.signal, clock, random, storage, registry, conversions, admission, webhookTransport: options.webhooks ?? httpsWebhooks({ resolve: externalNames(storage) }), ...(options.audit && { audit: options.audit }), ...(nodeLogs && { podLogs: nodeLogs }), ...(options.podPorts && { podPorts: options.podPorts }), ...(options.metrics && { metrics: options.metrics }) };
  admission.push(escalationCheck(authorizer), certificateRequests(authorizer), claimResize({ storage }), podSecurity({ storage }), ...(options.admission ?? []), validatingAdmissionPolicies(ctx), quotaAdmission(ctx));
  bootstrap(ctx);
  ensureDefaultRoles(ctx);
  ensureDefaultFlowSchemas(ctx);
  const controllers = [installCustomResources({ registry, storage, clock }), startApiServices(ctx), startIpAddresses(ctx), startNamespaceController(ctx), startServiceAccounts(ctx), startTokenSecrets(ctx, options.certificateAuthority), startRoleAggregation(ctx), startFlowSchemaController(ctx), startQuotaController(ctx), startEventExpiry(ctx), startPolicyTypeChecking(ctx), ...(options.certificateAuthority === undefined ? [] : [startRootCertificates(ctx, options.certificateAuthority)]), ...((options.garbageCollection ?? true) ? [startGarbageCollector(ctx)] : [])];
  const handle = createHandler(ctx, [createHealth(storage, version as JsonObject, flows), createIssuerDiscovery(serviceAccountTokens.key), createDiscovery(registry), createPathList(registry, HEALTH_PATHS), createOpenApi(registry, { version: version.gitVersion, clock })]);
  const listeners = new Set<Listener>();
  return {
    handle,
    storage,
    registry,
    async listen(listenOptions) {
      // Over HTTP the server tells the time: its own.
      const dated = async (request: ApiRequest): Promise<ApiResponse> => {
        const response = await handle(request);
        return { ...response, headers: { date: new Date(clock.now()).toUTCString(), ...response.headers } };
      };
      const listener = await listen(dated, listenOptions);
      listeners.add(listener);
      return listener;
    },
    async close() {
      closing.abort();
      await Promise.all([...listeners].map((listener) => listener.close()));
      for (const controller of controllers) controller.close();
      storage.close();
    },
  };
}
