import type { Duplex } from 'node:stream';
import type { Authenticator } from '../authentication/authenticator.js';
import type { Requester } from '../authentication/requester.js';
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.js';
import type { Attributes } from '../authorization/attributes.js';
import type { Authorizer } from '../authorization/authorizer.js';
import type { ApiObject, Clock, ConversionHook, JsonObject, Random, ResourceDefinition, ResourceRegistry, Subresource, TableColumns } from '../contracts.js';
import type { FlowClassifier } from '../flow-control/flow-classifier.js';
import type { MemoryStorage } from '../storage/memory-storage.js';
import type { WebhookTransport } from '../webhook/webhook-transport.js';

/** Changes or refuses objects on their way to storage; refusals are `StatusError`s. */
export interface AdmissionPlugin {
  /** May change `object`, which is private to the request. Runs before the kind prepares and validates it. */
  mutate?(request: AdmissionRequest): void;
  /** Sees the object when nobody changes it any longer, before it is validated. */
  check?(request: AdmissionRequest): void;
  /** Sees the object as it will be stored. */
  validate?(request: AdmissionRequest): void;
}

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly definition: ResourceDefinition;
  /** What the object is, where that is not the resource's own kind: a Scale, a Binding, the options of a connection. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly subresource: Subresource;
  readonly namespace: string;
  readonly name: string;
  /** Absent for DELETE. */
  readonly object?: ApiObject;
  /** Absent for CREATE. */
  readonly previous?: ApiObject;
  readonly dryRun: boolean;
  /** `CreateOptions`, `UpdateOptions` or `DeleteOptions` of `meta.k8s.io/v1`, as far as the client said anything; absent for CONNECT. */
  readonly options?: JsonObject;
  /** Who asks; absent: the cluster's administrator. */
  readonly user?: Requester;
  /** Adds a `Warning` header to the answer. */
  warn: (message: string) => void;
}

/** Output of a container, as a kubelet answers `kubectl logs`. */
export interface LogOptions {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  limitBytes?: number;
}

export interface PodLogs {
  /** Lines or blocks of text; throws a `StatusError` when there are none to be had. */
  (namespace: string, pod: string, container: string, options: LogOptions, signal: AbortSignal | undefined): AsyncIterable<string>;
}

/** Where a port of a pod really listens. */
export interface PodPort {
  readonly host: string;
  readonly port: number;
}

/** What `kubectl port-forward` reaches; undefined where nothing stands for a container. */
export type PodPorts = (namespace: string, pod: string, port: number) => PodPort | undefined;

/** Usage behind `metrics.k8s.io/v1beta1`: the `usage` and `containers` of `NodeMetrics` and `PodMetrics` objects. */
export interface MetricsProvider {
  /** `NodeMetrics` objects with metadata.name, timestamp, window and usage. */
  nodes(): JsonObject[];
  /** `PodMetrics` objects with metadata.namespace and name, timestamp, window and containers. */
  pods(): JsonObject[];
}

/** Who wants to do what. */
export interface AuditEvent extends Attributes {
  readonly user: string;
}

/** What handlers of requests work with. */
export interface RestContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: MemoryStorage;
  readonly registry: ResourceRegistry;
  /** By `plural.group`. */
  readonly conversions: Readonly<Record<string, ConversionHook>>;
  readonly admission: readonly AdmissionPlugin[];
  readonly webhookTransport: WebhookTransport;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly flows: FlowClassifier;
  readonly audit?: (event: AuditEvent) => void;
  readonly serviceAccountTokens: ServiceAccountTokens;
  /** Aborts when the server closes: watches end then. */
  readonly closing: AbortSignal;
  readonly podLogs?: PodLogs;
  readonly podPorts?: PodPorts;
  readonly metrics?: MetricsProvider;
}

/** What a handler answers; the HTTP layer chooses the encoding. */
export type RestResult =
  | { readonly type: 'object'; readonly status: number; readonly object: ApiObject | JsonObject; readonly definition?: ResourceDefinition; readonly columns?: TableColumns }
  | { readonly type: 'list'; readonly definition: ResourceDefinition; readonly items: readonly ApiObject[]; readonly metadata: JsonObject }
  | { readonly type: 'watch'; readonly definition: ResourceDefinition; readonly events: AsyncIterable<WatchEvent[]> }
  | { readonly type: 'text'; readonly chunks: AsyncIterable<string> }
  | { readonly type: 'connection'; readonly serve: (wire: Duplex) => Promise<void> };

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: ApiObject | JsonObject;
}
