import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Applier } from '../../src/cli/apply.js';
import { karpenter } from '../../src/cli/karpenter.js';
import { writeKubeconfig } from '../../src/cli/kubeconfig.js';
import { karpenterCrds, karpenterKinds } from '../../src/cli/manifests.js';
import { operatorOptions } from '../../src/cli/operator-options.js';
import { isTrue } from '../../src/api/index.js';
import type { NodeClaim, NodePool } from '../../src/api/index.js';
import { silentLogger, sleep, systemClock, systemRandom } from '../../src/operator/index.js';
import type { Pod } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { EmbeddedSandbox } from '../../src/sandbox/index.js';
import { OperatorProcess } from '../support/operator-process.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { sandboxEnvironment } from '../support/sandbox-process.js';

export interface ProvisioningBenchmark {
  /**
   * `cold`: the first launch of a new process. `warm`: the same once more, with another operator, cluster and cloud in the same process.
   * `apart`: cluster and cloud in this process, the operator in one of its own, as it runs in a cluster.
   */
  state: 'cold' | 'warm' | 'apart';
  pods: number;
  deployments: number;
  claims: number;
  /** Claims that were needed because kube-scheduler spread the pods over the machines in another way than they were planned; not waited for when the operator is apart. */
  laterClaims?: number;
  /** From the last pod's creation until the sandbox's scheduler has said of every pod that it fits nowhere. */
  pendingMs: number;
  /** What follows, in parts: the batch window, */
  windowMs: number;
  /** from the end of the window to the last NodeClaim, */
  planMs: number;
  /** and from there to the last CreateFleet call. */
  launchMs: number;
  /** From the moment at which the last pod was known to be unschedulable to the last CreateFleet call, without the batch window. */
  pendingToLaunchedMs: number;
  /** CPU time of that, of the window too, and of everything in this process: cluster and cloud, and the operator unless it is apart. On a busy machine it says more. */
  cpuMs: number;
  /** The operator's own CPU time in that, when it is apart; */
  operatorCpuMs?: number;
  /** and its part of `pendingToLaunchedMs`: the rest is waiting for the cluster's and the cloud's answers. */
  operatorShare?: number;
}

/** An operator at work on a sandbox. */
interface RunningOperator {
  /** CPU time that it has used in a process of its own; undefined in this one. */
  cpuMs(): Promise<number | undefined>;
  stop(): Promise<unknown>;
}

/** Milliseconds: long enough that no pod finds a machine of those before while others are still being created. */
const BOOT_DELAY = { cold: 5_000, warm: 5_000, apart: 600_000 };
/** The operator's default. */
const BATCH_IDLE_DURATION = 1_000;
const DISCOVERY = [{ tags: { 'karpenter.sh/discovery': 'my-cluster' } }];
const NODE_CLASS = {
  apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name: 'default' },
  spec: {
    role: 'KarpenterNodeRole-my-cluster', amiSelectorTerms: [{ alias: 'al2023@latest' }],
    subnetSelectorTerms: DISCOVERY, securityGroupSelectorTerms: DISCOVERY,
  },
};
const NODE_POOL = {
  apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'default' },
  spec: {
    disruption: { consolidateAfter: 'Never' },
    template: {
      spec: {
        nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' },
        requirements: [
          { key: 'karpenter.k8s.aws/instance-category', operator: 'In', values: ['c', 'm', 'r'] },
          { key: 'karpenter.k8s.aws/instance-cpu', operator: 'Lt', values: ['33'] },
        ],
      },
    },
  },
};
/** A service; ten in a row have different sizes. */
const deployment = (index: number, replicas: number): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `service-${index}`, namespace: 'default' },
  spec: {
    replicas, selector: { matchLabels: { app: `service-${index}` } },
    template: {
      metadata: { labels: { app: `service-${index}` } },
      spec: { containers: [{ name: 'main', image: 'nginx', resources: { requests: { cpu: `${100 + (index % 10) * 50}m`, memory: `${128 + (index % 7) * 128}Mi` } } }] },
    },
  },
});

const list = <T>(sandbox: EmbeddedSandbox, resource: string): T[] => sandbox.objects.list(resource) as unknown as T[];

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(systemClock(), 5);
}

const isUnschedulable = ({ status }: Pod): boolean => status.conditions?.some(({ type, status: value }) => type === 'PodScheduled' && value === 'False') ?? false;

function inThisProcess(sandbox: EmbeddedSandbox): RunningOperator {
  const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', clusterEndpoint: sandbox.apiServerUrl, disableLeaderElection: true }, {});
  const operator = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
    clock: systemClock(), random: systemRandom, logger: silentLogger, transport: sandbox.transport, caBundle: sandbox.access.certificateAuthority,
    aws: { credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } }, ports: false, processMetrics: false,
  });
  const stop = new AbortController();
  const running = operator.run({ signal: stop.signal });
  return {
    cpuMs: async () => undefined,
    stop: () => {
      stop.abort();
      return running;
    },
  };
}

async function inItsOwn({ access, awsUrl }: EmbeddedSandbox): Promise<RunningOperator> {
  const [folder, port] = [await mkdtemp(join(tmpdir(), 'bench-')), await freePort()];
  const kubeconfig = join(folder, 'kubeconfig');
  await writeKubeconfig(kubeconfig, access);
  const operator = new OperatorProcess({ environment: sandboxEnvironment(kubeconfig, awsUrl) }, '--disable-leader-election', '--metrics-port', String(port));
  return {
    async cpuMs() {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Math.round(1_000 * Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1]));
    },
    stop: () => Promise.all([operator.end('SIGTERM'), rm(folder, { recursive: true })]),
  };
}

/** Deployments that come at once to a cluster without nodes, until all their pods have machines. */
async function burst(state: ProvisioningBenchmark['state'], deployments: number, replicas: number): Promise<ProvisioningBenchmark> {
  const clock = systemClock();
  const sandbox = await createSandbox({ clock, random: systemRandom, kinds: karpenterKinds(), crds: karpenterCrds(), bootDelay: () => BOOT_DELAY[state] });
  const operator = state === 'apart' ? await inItsOwn(sandbox) : inThisProcess(sandbox);
  const apply = (...objects: readonly object[]): Promise<void> =>
    new Applier(sandbox.transport, () => undefined).apply(objects.map((object) => ({ file: 'bench', object: object as never })));
  try {
    await apply(NODE_CLASS, NODE_POOL);
    await until(() => list<NodePool>(sandbox, 'nodepools.karpenter.sh').some((pool) => isTrue(pool, 'Ready')));
    // Until here, calls are the dry runs of the node class's validation.
    const dryRuns = sandbox.aws.calls.get('ec2:CreateFleet') ?? 0;
    await apply(...Array.from({ length: deployments }, (_, index) => deployment(index, replicas)));
    const pods = (): Pod[] => list<Pod>(sandbox, 'pods').filter(({ metadata }) => metadata.namespace === 'default');
    await until(() => pods().length === deployments * replicas);
    const createdAt = clock.now();
    await until(() => pods().every(isUnschedulable));
    const pendingAt = clock.now();
    const [cpu, operatorCpu] = [process.cpuUsage(), await operator.cpuMs()];
    const claims = (): readonly NodeClaim[] => list<NodeClaim>(sandbox, 'nodeclaims.karpenter.sh');
    await until(() => claims().reduce((planned, { spec }) => planned + Number(spec.resources?.requests?.['pods'] ?? 0), 0) >= deployments * replicas);
    const claimed = { count: claims().length, at: clock.now() };
    await until(() => (sandbox.aws.calls.get('ec2:CreateFleet') ?? 0) - dryRuns >= claimed.count);
    const launchedAt = clock.now();
    const { user, system } = process.cpuUsage(cpu);
    const operatorCpuMs = operatorCpu === undefined ? undefined : (await operator.cpuMs() ?? 0) - operatorCpu;
    if (operatorCpuMs === undefined) await until(() => pods().every(({ spec }) => spec.nodeName));
    const windowMs = BATCH_IDLE_DURATION;
    const pendingToLaunchedMs = launchedAt - pendingAt - windowMs;
    return {
      state, pods: pods().length, deployments, claims: claimed.count, pendingMs: pendingAt - createdAt, windowMs,
      planMs: claimed.at - pendingAt - windowMs, launchMs: launchedAt - claimed.at, pendingToLaunchedMs,
      cpuMs: Math.round((user + system) / 1_000),
      ...(operatorCpuMs === undefined ? { laterClaims: claims().length - claimed.count } : { operatorCpuMs, operatorShare: Number((operatorCpuMs / pendingToLaunchedMs).toFixed(2)) }),
    };
  } finally {
    await operator.stop();
    await sandbox.close();
  }
}

/** 1,000 pods of 100 Deployments twice, then 5,000 pods of 200 with the operator apart. */
export const provisioningBenchmark = async (): Promise<ProvisioningBenchmark[]> => [await burst('cold', 100, 10), await burst('warm', 100, 10), await burst('apart', 200, 25)];
