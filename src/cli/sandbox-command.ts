import type { AwsFaults } from './aws-faults.js';
import { ContainerLog } from './container-log.js';
import { CliError } from './cli-error.js';
import { Applier } from './apply.js';
import { ClusterView } from './cluster-view.js';
import type { ClusterSummary } from './cluster-view.js';
import { karpenter } from './karpenter.js';
import { readManifests } from './manifest-files.js';
import { openSandbox } from './open-sandbox.js';
import type { OpenedSandbox } from './open-sandbox.js';
import { operatorOptions } from './operator-options.js';
import { Progress } from './progress.js';
import { accountKubeconfig, accountObjects, accountTransport } from './service-account.js';
import type { NewObject } from './service-account.js';
import { KubeClient, Service, createLogger, isAlreadyExists, kindRefOf, sleep, systemClock, systemRandom } from '../operator/index.js';
import type { Clock, KubeTransport, Operator } from '../operator/index.js';
import type { ControllerName } from '../sandbox/index.js';

export interface SandboxFlags {
  apply: string[];
  until?: 'settled';
  /** Milliseconds of wall-clock time. */
  timeout: number;
  speed: number;
  output: 'text' | 'json';
  port: number;
  awsPort: number;
  metricsPort: number;
  writeKubeconfig?: string;
  dataDir?: string;
  awsFault?: AwsFaults;
  /** `Name=boolean`, separated by commas. */
  featureGates: string;
  /** Start the cluster and the cloud, and leave running the operator to the user. */
  operator: boolean;
  /** Attach to the control plane of this file's current context, or of `context`, instead of embedding one. */
  kubeconfig?: string;
  context?: string;
  controllers?: 'auto' | ControllerName[];
  /** Milliseconds; instead of realistic times. */
  bootDelay?: number;
}

/** What `-o json` prints. */
export interface SandboxResult extends ClusterSummary {
  apiServerReadyMs: number;
  settledMs: number;
  rssMiB: number;
}

const OPERATOR_NAMESPACE = 'karpenter';
/** Milliseconds after which waiting for the lead is worth a word. */
const LEAD_EXPECTED = 5_000;
const LABELS = { 'app.kubernetes.io/name': 'karpenter', 'app.kubernetes.io/instance': 'karpenter' };
const CREDENTIALS = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };

/** `karpenter-ts sandbox`: a cluster, a cloud and the operator in this process, on a control plane here or elsewhere. Returns the exit code. */
export async function sandboxCommand(flags: SandboxFlags, signal: AbortSignal): Promise<number> {
  const wall = systemClock();
  const startedAt = wall.now();
  const { manifests, snippets } = await readManifests(flags.apply);
  const clock = systemClock({ speed: flags.speed });
  const print = (line: string): void => void (flags.output === 'text' && process.stdout.write(`${line}\n`));
  const opened = await openSandbox(flags, clock);
  const { sandbox, access } = opened;
  const apiServerReadyMs = wall.now() - startedAt;
  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  let operator: Promise<void> | undefined;
  let withdraw: (() => Promise<void>) | undefined;
  try {
    print(`API server ${sandbox.apiServerUrl} (ready after ${apiServerReadyMs} ms), AWS ${sandbox.awsUrl}, region us-west-2, clusters my-cluster and ecommerce-cluster`);
    if (opened.attached) print(`of the cluster's controllers run here: ${opened.attached.controllers.join(', ') || 'none'}`);
    print(`kubectl ${access} get nodeclaims -w`);
    const failure = new AbortController();
    if (flags.operator) {
      const started = await startOperator(flags, opened, clock);
      operator = started.operator.run({ signal: running }).catch((error: Error) => failure.abort(error));
      if (opened.attached) {
        withdraw = started.withdraw;
        const patience = clock.schedule(LEAD_EXPECTED, () => print('waiting for the lease karpenter-leader-election: another Karpenter leads'));
        // What is applied below in v1beta1 is converted by its webhook.
        await Promise.race([started.operator.ready(), operator]);
        patience.cancel();
      }
    }
    for (const { file, line } of snippets) print(`${file}:${line}: no apiVersion and kind: skipped, not a Kubernetes object`);
    await new Applier(sandbox.transport, print).apply(manifests);
    const view = new ClusterView(sandbox, OPERATOR_NAMESPACE);
    const progress = new Progress(sandbox, view, print, clock, flags.output === 'text' && process.stdout.isTTY ? process.stdout : undefined);
    const ended = AbortSignal.any([running, failure.signal]);
    const settled = flags.until === 'settled' ? await untilSettled(view, opened, wall, flags.timeout, ended) : await forever(ended);
    progress.close();
    if (failure.signal.aborted) throw failure.signal.reason as Error;
    const summary = view.summary();
    if (flags.output === 'json') {
      const result: SandboxResult = { apiServerReadyMs, settledMs: wall.now() - startedAt, rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20), ...summary };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
    if (flags.until !== 'settled') return 0;
    if (!settled) throw new CliError(`not settled after ${flags.timeout / 1_000}s: ${summary.pods.pending} pods are pending`);
    return summary.unschedulable.length > 0 ? 3 : 0;
  } finally {
    stop.abort(new Error('the sandbox stops'));
    await operator;
    // The cluster stays, and shows no more what has ended.
    await withdraw?.();
    await sandbox.close();
  }
}

/** Starts Karpenter as a pod that is in the cluster for show, under the service account and the roles of an installation. */
async function startOperator({ metricsPort, featureGates }: SandboxFlags, { sandbox, attached, certificateAuthority }: OpenedSandbox, clock: Clock): Promise<{ operator: Operator; withdraw: () => Promise<void> }> {
  const log = new ContainerLog(clock);
  const options = operatorOptions(
    { clusterName: 'my-cluster', region: 'us-west-2', interruptionQueue: 'Karpenter-my-cluster', clusterEndpoint: sandbox.apiServerUrl, disableLeaderElection: attached === undefined, nodeRole: 'KarpenterNodeRole-my-cluster', featureGates },
    {},
  );
  const operator = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
    clock,
    random: systemRandom,
    logger: createLogger({ clock, level: options.logLevel, write: (line) => log.write(line) }),
    ...(attached ? { kubeconfig: accountKubeconfig(attached.kubeconfig) } : { transport: accountTransport(sandbox.transport) }),
    caBundle: certificateAuthority,
    aws: { credentials: CREDENTIALS },
    ports: { metrics: metricsPort, health: 0 },
    debug: { server: sandbox.apiServerUrl },
    shutdownTimeout: 1_500,
  });
  const hide = await sandbox.cluster.addForeignPod({
    namespace: OPERATOR_NAMESPACE, name: 'karpenter', labels: LABELS, container: 'controller', image: 'karpenter-ts:0.1.0', log,
    // A port that is not bound yet is 0.
    ports: { 'http-metrics': { containerPort: 8080, listening: () => operator.ports?.metrics || undefined }, http: { containerPort: 8081, listening: () => operator.ports?.health || undefined } },
  });
  // For `kubectl port-forward` in an embedded cluster, and elsewhere for the API server to find the webhooks of this process.
  const service = attached ? { type: 'ExternalName', externalName: 'localhost' } : { selector: LABELS, ports: [{ name: 'http-metrics', port: 8080, targetPort: 'http-metrics' }] };
  const conceal = await supply(sandbox.transport, clock, [
    ...await accountObjects(),
    [kindRefOf(Service), { metadata: { namespace: OPERATOR_NAMESPACE, name: 'karpenter', labels: LABELS }, spec: service }],
  ]);
  return {
    operator,
    withdraw: async () => {
      await hide();
      await conceal();
    },
  };
}

/** Creates the objects that are not there yet. Returns what takes these back. */
async function supply(transport: KubeTransport, clock: Clock, objects: readonly NewObject[]): Promise<() => Promise<void>> {
  const client = new KubeClient(transport, { clock, random: systemRandom });
  const made: NewObject[] = [];
  for (const [kind, object] of objects) {
    try {
      await client.create(kind, object);
      made.push([kind, object]);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
  return async () => {
    for (const [kind, { metadata: { name, namespace } }] of made) await client.delete(kind, { name, ...(namespace === undefined ? {} : { namespace }) });
  };
}

const forever = (signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(true);
    signal.addEventListener('abort', () => resolve(true), { once: true });
  });

/**
 * For how long, in milliseconds of the wall clock, pods must have been given up: at high speeds, Karpenter may get no time to look at
 * a change before the cluster's clock says that it had enough. And how long all must be settled on the control plane of others, whose state is
 * known a little later.
 */
const VERDICT_STANDS = 2_000;

/** Looks whenever an object changed, and once a second; true when it settled in time. */
async function untilSettled(view: ClusterView, { sandbox, attached }: OpenedSandbox, wall: Clock, timeout: number, signal: AbortSignal): Promise<boolean> {
  const deadline = wall.now() + timeout;
  let settledAt: number | undefined;
  while (!signal.aborted && wall.now() < deadline) {
    settledAt = view.isSettled() ? (settledAt ?? wall.now()) : undefined;
    if (settledAt !== undefined && ((!attached && view.summary().unschedulable.length === 0) || wall.now() - settledAt >= VERDICT_STANDS)) return true;
    const { revision } = sandbox.objects;
    for (let waited = 0; waited < 10 && !signal.aborted && sandbox.objects.revision === revision; waited += 1) await sleep(wall, 100);
    await sleep(wall, 50);
  }
  return false;
}
