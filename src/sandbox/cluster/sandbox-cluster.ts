import type { Clock } from '../../operator/clock.js';
import type { Random } from '../../operator/random.js';
import type { KubeTransport } from '../../operator/kube/transport.js';
import type { Machines } from '../aws/instance.js';

/** What the kubelets of a cluster join: user data that names another one makes a node that never shows up. */
export interface ClusterIdentity {
  name: string;
  /** As `--apiserver-endpoint` and its relatives must say, scheme included. */
  endpoint: string;
  /** Base64 PEM; compared when user data carries one. */
  certificateAuthority?: string;
}

export interface SandboxClusterOptions {
  transport: KubeTransport;
  clock: Clock;
  random: Random;
  machines: Machines;
  /** Several names are one cluster here: the guide calls its own both `my-cluster` and `ecommerce-cluster`. */
  identities: readonly ClusterIdentity[];
  region: string;
  /** Zone id by zone name, for the label `topology.k8s.aws/zone-id`. */
  zoneIds?: Readonly<Record<string, string>>;
  /** Milliseconds from a machine's launch to its kubelet's first call; default: drawn by AMI family (see `boot-delay.ts`). */
  bootDelay?: (() => number) | undefined;
  /** Where mishaps of the components go that have no object to report on; default: nowhere. */
  report?: (message: string) => void;
}

/** What `kubectl logs` asks. */
export interface LogRequest {
  namespace: string;
  pod: string;
  /** Default: the only container, or the one that the pod's default-container annotation names. */
  container?: string;
  follow?: boolean;
  previous?: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
  timestamps?: boolean;
  limitBytes?: number;
  signal?: AbortSignal;
}

/** Usage of one object, as metrics.k8s.io serves it. */
export interface Usage {
  /** Millicores. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

export interface NodeUsage {
  name: string;
  labels: Readonly<Record<string, string>>;
  usage: Usage;
}

export interface PodUsage {
  namespace: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  containers: readonly { name: string; usage: Usage }[];
}

/** A log that a process of its own writes: complete lines in order, each with the time it was written. */
export interface LogSource {
  /** Lines so far, oldest first. */
  lines(): readonly LogLine[];
  /** Calls back for every later line. Returns the unsubscription. */
  subscribe(listener: (line: LogLine) => void): () => void;
}

export interface LogLine {
  /** Milliseconds since the epoch. */
  time: number;
  text: string;
}

/** A process outside the cluster that is to show as a running pod, such as the operator itself. */
export interface ForeignPod {
  namespace: string;
  /** Default: `namePrefix` of a Deployment's pod is up to the caller; the name is taken as it is. */
  name: string;
  labels: Readonly<Record<string, string>>;
  container: string;
  image: string;
  log: LogSource;
}

/** The living parts of an embedded cluster: scheduler, workload controllers, volume binding, node life cycle and kubelets. */
export interface SandboxCluster {
  /** Seeds what every cluster has, starts all components and resolves when their caches are filled. */
  start(): Promise<void>;
  /** Stops all components; no timer or watch stays behind. */
  stop(): Promise<void>;
  /** The log of a container, in chunks of whole lines. Rejects with {@link LogUnavailable}. */
  logs(request: LogRequest): Promise<AsyncIterable<string>>;
  /** Usage of every node that reports, and of every running pod: a plausible fraction of what was requested. */
  nodeUsage(): NodeUsage[];
  podUsage(): PodUsage[];
  /** Shows a process as a pod. Returns its removal. */
  addForeignPod(pod: ForeignPod): Promise<() => Promise<void>>;
  /** What a machine printed while booting; the place to look when a node does not join. */
  consoleLog(instanceId: string): readonly string[];
}

/** `kubectl logs` got nothing, and why. */
export class LogUnavailable extends Error {
  constructor(
    readonly reason: 'NotFound' | 'BadRequest',
    message: string,
  ) {
    super(message);
  }
}
