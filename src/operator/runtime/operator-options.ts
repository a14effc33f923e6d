import type { KubeConfig } from '@kubernetes/client-node';
import type { TracerProvider } from '@opentelemetry/api';
import type { Clock } from '../clock.js';
import type { DebugOptions } from '../debug/debug-endpoint.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import type { ApiRate } from '../kube/api-budget.js';
import type { InformerTuning } from '../kube/informers.js';
import type { KubeTransport } from '../kube/transport.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import type { Shadow } from '../shadow/shadow.js';
import type { CacheScope } from './cache-scope.js';
import type { EndpointPorts } from './http-endpoints.js';
import type { LeaderElectionOptions } from './election-setup.js';
import type { RunObserver } from './run-context.js';
import type { WebhookOptions } from '../webhook/webhooks.js';

/** What an operator runs against, and how. Everything but the name has a default. */
export interface OperatorOptions {
  /** Names the operator in events, leases and requests. */
  name: string;
  /** Default: what kubectl would use. */
  kubeconfig?: KubeConfig;
  /** Instead of a kubeconfig: an API server in this process, for example. */
  transport?: KubeTransport;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
  /** Reconciler classes beside those of the modules. */
  reconcilers?: readonly ReconcilerClass[];
  /** Default: no election, this process leads. `true` takes all defaults. */
  leaderElection?: boolean | LeaderElectionOptions;
  /** Fill the caches while another replica leads, so that taking over takes seconds. Default true; costs memory and watches. */
  warmup?: boolean;
  /** Default: 8080 and 8081. `false` serves nothing. */
  ports?: EndpointPorts | false;
  /** Serves what `@Validates`, `@Defaults` and `@ConvertsFrom` declare, if anything does, on every replica, with certificates of its own. Default: not served. */
  webhooks?: WebhookOptions;
  /** Records spans of runs, steps and writes. Default: the global provider, if an OpenTelemetry SDK has been registered when the operator starts. */
  tracerProvider?: TracerProvider;
  /** Answers `karpenter-ts explain`, on every replica; see {@link DebugOptions}. Default: not served. */
  debug?: DebugOptions;
  /**
   * Limit on the requests of all controllers together. Default: 200 a second, 300 at once, a tenth of both kept for runs on objects that are being
   * deleted. Leases are outside it, on connections of their own.
   */
  rate?: ApiRate;
  /** How the caches follow the API server. */
  informers?: InformerTuning;
  /** Narrower caches, made by {@link cacheScope}. Default: all objects of the kinds that reconcilers declare, whole but for `managedFields`. */
  caches?: readonly CacheScope[];
  userAgent?: string;
  /** CPUs that concurrencies by CPU count. Default: those of the machine. */
  cpus?: number;
  /** Milliseconds that a stop may take before what hangs is left behind. Default 30 s. */
  shutdownTimeout?: number;
  /** Spread rechecks, periods and back-off by the jitter of reconcilers and singletons. Default true. */
  jitter?: boolean;
  /** Freeze objects in the cache, so that code that changes them fails. Default false. */
  freeze?: boolean;
  /** What a test bed wants to know of runs. Default: nobody asks. */
  tests?: RunObserver | undefined;
  /** Report the Node process's own metrics too. Default true. */
  processMetrics?: boolean;
  /**
   * Run beside an operator that is at work, without effect: no write gets through, no lease is taken, no webhook and no debug endpoint served, and
   * no port unless `ports` says so. Default: not a shadow.
   */
  shadow?: Shadow;
}
