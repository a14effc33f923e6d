import { Applier } from '../../src/cli/apply.js';
import { karpenter } from '../../src/cli/karpenter.js';
import { karpenterCrds, karpenterKinds } from '../../src/cli/manifests.js';
import { operatorOptions } from '../../src/cli/operator-options.js';
import { isTrue } from '../../src/api/index.js';
import type { NodeClaim, NodePool } from '../../src/api/index.js';
import { silentLogger, sleep, systemClock, systemRandom } from '../../src/operator/index.js';
import type { Pod } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';

export interface ProvisioningBenchmark {
  /** `cold`: the first launch of a new process. `warm`: the same once more, with another operator, cluster and cloud in the same process. */
  state: 'cold' | 'warm';
  pods: number;
  deployments: number;
  claims: number;
  /** Claims that were needed because kube-scheduler spread the pods over the machines in another way than they were planned. */
  laterClaims: number;
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
  /** CPU time of that, of the window too, and of everything: operator, cluster, cloud. On a busy machine it says more. */
  cpuMs: number;
}

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
/** A hundred services of different sizes. */
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

const list = <T>(sandbox: Sandbox, resource: string): T[] => sandbox.apiServer.storage.list(resource) as unknown as T[];

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(systemClock(), 5);
}

const isUnschedulable = ({ status }: Pod): boolean => status.conditions?.some(({ type, status: value }) => type === 'PodScheduled' && value === 'False') ?? false;

/** Deployments that come at once to a cluster without nodes, until all their pods have machines. */
async function burst(state: ProvisioningBenchmark['state'], deployments: number, replicas: number): Promise<ProvisioningBenchmark> {
  const clock = systemClock();
  const sandbox = await createSandbox({ clock, random: systemRandom, kinds: karpenterKinds(), crds: karpenterCrds(), bootDelay: () => 1_000 });
  const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', clusterEndpoint: sandbox.apiServerUrl, disableLeaderElection: true }, {});
  const operator = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
    clock, random: systemRandom, logger: silentLogger, transport: sandbox.transport, caBundle: '',
    aws: { credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } }, ports: false, processMetrics: false,
  });
  const stop = new AbortController();
  const running = operator.run({ signal: stop.signal });
  const apply = (...objects: readonly object[]): Promise<void> =>
    new Applier(sandbox.transport, () => undefined).apply(objects.map((object) => ({ file: 'bench', object: object as never })));
  try {
    await apply(NODE_CLASS, NODE_POOL);
    await until(() => list<NodePool>(sandbox, 'nodepools.karpenter.sh').some((pool) => isTrue(pool, 'Ready')));
    await apply(...Array.from({ length: deployments }, (_, index) => deployment(index, replicas)));
    const pods = (): Pod[] => list<Pod>(sandbox, 'pods').filter(({ metadata }) => metadata.namespace === 'default');
    await until(() => pods().length === deployments * replicas);
    const createdAt = clock.now();
    await until(() => pods().every(isUnschedulable));
    const pendingAt = clock.now();
    const cpu = process.cpuUsage();
    // Until here, calls are the dry runs of the node class's validation.
    const dryRuns = sandbox.aws.calls.get('ec2:CreateFleet') ?? 0;
    const claims = (): readonly NodeClaim[] => list<NodeClaim>(sandbox, 'nodeclaims.karpenter.sh');
    await until(() => claims().reduce((planned, { spec }) => planned + Number(spec.resources?.requests?.['pods'] ?? 0), 0) >= deployments * replicas);
    const claimed = { count: claims().length, at: clock.now() };
    await until(() => (sandbox.aws.calls.get('ec2:CreateFleet') ?? 0) - dryRuns >= claimed.count);
    const launchedAt = clock.now();
    const { user, system } = process.cpuUsage(cpu);
    await until(() => pods().every(({ spec }) => spec.nodeName));
    const windowMs = options.settings.batchIdleDuration;
    return {
      state, pods: pods().length, deployments, claims: claimed.count, laterClaims: claims().length - claimed.count, pendingMs: pendingAt - createdAt, windowMs,
      planMs: claimed.at - pendingAt - windowMs, launchMs: launchedAt - claimed.at, pendingToLaunchedMs: launchedAt - pendingAt - windowMs,
      cpuMs: Math.round((user + system) / 1_000),
    };
  } finally {
    stop.abort();
    await running;
    await sandbox.close();
  }
}

export async function provisioningBenchmark({ deployments = 100, replicas = 10 } = {}): Promise<ProvisioningBenchmark[]> {
  return [await burst('cold', deployments, replicas), await burst('warm', deployments, replicas)];
}
