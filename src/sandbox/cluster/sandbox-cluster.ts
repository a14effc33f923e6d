import type { Clock } from '../../operator/clock.js';
import type { Random } from '../../operator/random.js';
import type { KubeTransport } from '../../operator/kube/transport.js';
import type { MetricsProvider, PodLogs, PodPorts } from '../../apiserver/index.js';
import type { Machines } from '../aws/instance.js';
import type { ControllerName } from './controller-names.js';
import type { KubeletEndpoint } from './kubelet/kubelet-server.js';

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
  /** ClusterIP of kube-dns; `any` leaves the choice to the API server. Default 10.100.0.10, the tenth address of EKS's service range. */
  dnsClusterIp?: string;
  /** Milliseconds from a machine's launch to its kubelet's first call; default: drawn by AMI family (see `boot-delay.ts`). */
  bootDelay?: (() => number) | undefined;
  /** Whether there is a node that no autoscaler manages, for the cluster's own pods. Default true. */
  systemNode?: boolean;
  /** Further manifests that the cluster has from birth; those that exist already are left alone. */
  seed?: readonly object[];
  /** Where the API server finds the kubelets; default: at their machines, for an API server that does not look. */
  kubelets?: KubeletEndpoint;
  /** Which controllers run; the API server's own control plane has the others. Default: all of them. */
  controllers?: readonly ControllerName[];
  /** Where mishaps of the components go that have no object to report on; default: nowhere. */
  report?: (message: string) => void;
}

/** A line of a log that a process of its own writes. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  time: number;
  text: string;
}

export interface LogSource {
  /** Lines so far, oldest first. */
  lines(): readonly LogLine[];
  /** Calls back for every later line. Returns the unsubscription. */
  subscribe(listener: (line: LogLine) => void): () => void;
}

/** A process outside the cluster that is to show as a running pod, such as the operator itself. */
export interface ForeignPod {
  namespace: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Name of its one container. */
  container: string;
  image: string;
  log: LogSource;
  /** Its ports by name, and where the process listens in truth: undefined while it does not. */
  ports?: Readonly<Record<string, { containerPort: number; listening: () => number | undefined }>>;
}

/** The living parts of an embedded cluster: scheduler, workload controllers, volume binding, node life cycle and kubelets. */
export interface SandboxCluster {
  /** Seeds what every cluster has, fills the caches and starts all components. */
  start(): Promise<void>;
  /** Stops all components; no timer or watch stays behind. */
  stop(): Promise<void>;
  /** The logs of containers, for the API server's `nodeLogs`. */
  readonly podLogs: PodLogs;
  /** Where the ports of processes that show as pods are, for the API server's `podPorts`. */
  readonly podPorts: PodPorts;
  /** Usage of nodes and pods, for the API server's `metrics`: a plausible fraction of what was requested. */
  readonly metrics: MetricsProvider;
  /** Shows a process as a pod on the system node, and brings the pod back should someone delete it. Returns its removal. */
  addForeignPod(pod: ForeignPod): Promise<() => Promise<void>>;
  /** What a machine printed while booting; the place to look when a node does not join. */
  consoleLog(instanceId: string): readonly string[];
}
