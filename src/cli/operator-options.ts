import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_SETTINGS } from '../../reconcilers/index.js';
import type { FeatureGates, Settings } from '../../reconcilers/index.js';
import type { AwsSettings } from '../cloud/aws/index.js';
import { awsSettings } from '../cloud/aws/index.js';
import { parseDuration } from '../operator/index.js';
import type { ElectionTimes } from '../operator/index.js';
import { InvalidSetting } from './invalid-setting.js';
import { parseSchedulerConfig } from './scheduler-config.js';

/** Everything that `karpenter-ts run` can be told, under upstream's names (karpenter-core §6.1, karpenter-aws §6.1). */
export interface OperatorOptions {
  settings: Settings;
  aws: AwsSettings;
  metricsPort: number;
  healthProbePort: number;
  kubeClientQps: number;
  kubeClientBurst: number;
  kubeClientReservedShare: number;
  leaderElection: { enabled: boolean; name: string; namespace: string; stallLimit: number } & ElectionTimes;
  /** Where conversions (and, with reconcilers of one's own, admission) are served, and the service in front of it. */
  webhook: { enabled: boolean; port: number; service: { namespace: string; name: string } };
  /** Whether the controllers behind gauges and condition metrics run. */
  clusterStateObservability: boolean;
  logLevel: 'debug' | 'info' | 'error';
  /** Comma-separated paths, `stdout` and `stderr`. */
  logOutputPaths: string;
  logErrorOutputPaths: string;
  /** Where `karpenter-ts explain` is answered. */
  debug: { enabled: boolean; host: string; port: number };
  /** Serve profiles on the port of the metrics. */
  profiling: boolean;
  /** Fill the caches while another replica leads. */
  warmup: boolean;
}

type Kind = 'string' | 'number' | 'boolean' | 'duration';

interface Flag { name: string; kind: Kind; fallback: string | number | boolean; help: string; env?: string }

/** `flag`: its name, whose environment variable is the name in capitals with underscores. */
const FLAGS: readonly Flag[] = [
  { name: 'cluster-name', kind: 'string', fallback: '', help: 'name of the cluster (required)' },
  { name: 'cluster-endpoint', kind: 'string', fallback: '', help: 'URL of the API server as nodes reach it; discovered unless given' },
  { name: 'cluster-ca-bundle', kind: 'string', fallback: '', help: "certificate authority, base64; the kubeconfig's unless given", env: 'CLUSTER_CA_BUNDLE' },
  { name: 'region', kind: 'string', fallback: '', help: 'AWS region', env: 'AWS_REGION' },
  { name: 'interruption-queue', kind: 'string', fallback: '', help: 'name of the SQS queue with interruption messages; off unless given' },
  { name: 'isolated-vpc', kind: 'boolean', fallback: false, help: 'no route to IAM and Pricing', env: 'ISOLATED_VPC' },
  { name: 'eks-control-plane', kind: 'boolean', fallback: false, help: 'take the version from eks:DescribeCluster', env: 'EKS_CONTROL_PLANE' },
  { name: 'vm-memory-overhead-percent', kind: 'number', fallback: 0.075, help: 'share of memory that the hypervisor keeps', env: 'VM_MEMORY_OVERHEAD_PERCENT' },
  { name: 'reserved-enis', kind: 'number', fallback: 0, help: 'network interfaces that are not for pods', env: 'RESERVED_ENIS' },
  { name: 'disable-dry-run', kind: 'boolean', fallback: false, help: 'do not try the permissions of node classes' },
  { name: 'enable-zonal-shift', kind: 'boolean', fallback: false, help: 'launch nothing where ARC Zonal Shift has shifted the cluster away from' },
  { name: 'ami-refresh-interval', kind: 'duration', fallback: '1m', help: 'how long resolved images are remembered', env: 'AMI_REFRESH_INTERVAL' },
  { name: 'subnet-refresh-interval', kind: 'duration', fallback: '1m', help: 'how long resolved subnets are remembered' },
  { name: 'node-role', kind: 'string', fallback: '', help: 'role of node classes that name neither a role nor an instance profile' },
  { name: 'metrics-port', kind: 'number', fallback: 8080, help: 'port of /metrics' },
  { name: 'health-probe-port', kind: 'number', fallback: 8081, help: 'port of /healthz and /readyz' },
  { name: 'kube-client-qps', kind: 'number', fallback: 200, help: 'requests a second to the API server' },
  { name: 'kube-client-burst', kind: 'number', fallback: 300, help: 'requests at once to the API server' },
  { name: 'kube-client-reserved-share', kind: 'number', fallback: 0.1, help: 'share of both that is kept for requests about what is being deleted, from 0 to less than 1' },
  { name: 'disable-leader-election', kind: 'boolean', fallback: false, help: 'for a single replica' },
  { name: 'leader-election-name', kind: 'string', fallback: 'karpenter-leader-election', help: 'name of the lease' },
  { name: 'leader-election-namespace', kind: 'string', fallback: '', help: 'namespace of the lease; that of the pod unless given' },
  { name: 'leader-election-lease-duration', kind: 'duration', fallback: '15s', help: 'how long others wait after the last renewal that they saw' },
  { name: 'leader-election-renew-deadline', kind: 'duration', fallback: '10s', help: 'how long after its last renewal a leader may write' },
  { name: 'leader-election-retry-period', kind: 'duration', fallback: '2s', help: 'between two tries to take or renew the lease' },
  { name: 'leader-election-stall-limit', kind: 'duration', fallback: '15s', help: 'how long the main loop may be blocked before the lease is handed back and the process ended' },
  { name: 'disable-cluster-state-observability', kind: 'boolean', fallback: false, help: 'no gauges of nodes, pods and pools' },
  { name: 'cpu-requests', kind: 'number', fallback: 1000, help: 'millicores of the operator; scales its concurrency' },
  { name: 'memory-limit', kind: 'number', fallback: -1, help: 'accepted without effect, as Node has no soft limit; a hard one is NODE_OPTIONS=--max-old-space-size=<MiB>' },
  { name: 'log-level', kind: 'string', fallback: 'info', help: 'debug, info or error' },
  { name: 'log-output-paths', kind: 'string', fallback: 'stdout', help: 'where the log goes: files, stdout, stderr, separated by commas' },
  { name: 'log-error-output-paths', kind: 'string', fallback: 'stderr', help: 'where it is said that the log cannot be written' },
  { name: 'enable-profiling', kind: 'boolean', fallback: false, help: 'profiles under /debug/pprof on the port of /metrics' },
  { name: 'disable-controller-warmup', kind: 'boolean', fallback: true, help: 'fill the caches only once this replica leads' },
  { name: 'ignore-dra-requests', kind: 'boolean', fallback: true, help: 'pods with resource claims are not provisioned for; false is not supported' },
  { name: 'karpenter-service', kind: 'string', fallback: 'karpenter', help: 'service by which the API server reaches webhooks' },
  { name: 'webhook-port', kind: 'number', fallback: 8443, help: 'port of webhooks' },
  { name: 'disable-webhook', kind: 'boolean', fallback: false, help: 'serve no webhooks: the API server then cannot convert v1beta1' },
  { name: 'debug-host', kind: 'string', fallback: '127.0.0.1', help: 'address at which karpenter-ts explain is answered; another than loopback needs permissions, see docs/guides/explain.md' },
  { name: 'debug-port', kind: 'number', fallback: 0, help: 'port for it; 0 for any' },
  { name: 'disable-debug-endpoint', kind: 'boolean', fallback: false, help: 'give no explanations' },
  { name: 'batch-max-duration', kind: 'duration', fallback: '10s', help: 'longest window over pending pods' },
  { name: 'batch-idle-duration', kind: 'duration', fallback: '1s', help: 'end of the window after the last pending pod' },
  { name: 'preference-policy', kind: 'string', fallback: 'Respect', help: 'Respect or Ignore preferences of pods' },
  { name: 'min-values-policy', kind: 'string', fallback: 'Strict', help: 'Strict or BestEffort minValues' },
  { name: 'scheduler-config', kind: 'string', fallback: '', help: "what the kube-scheduler is configured with: a YAML or JSON document with podTopologySpread.defaultConstraints, or @FILE" },
  { name: 'feature-gates', kind: 'string', fallback: '', help: 'Name=true,Name=false' },
];

const envOf = ({ name, env }: Flag): string => env ?? name.toUpperCase().replaceAll('-', '_');
const keyOf = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
const BOOLEANS: Readonly<Record<string, boolean>> = { '1': true, t: true, true: true, '0': false, f: false, false: false };

/** What the flag gives when it is set to this text; undefined when the text cannot be read. */
function parse(kind: Kind, text: string): string | number | boolean | undefined {
  switch (kind) {
    case 'string':
      return text;
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return BOOLEANS[text.toLowerCase()];
    case 'duration':
      return parseDuration(text) === undefined ? undefined : text;
  }
}

/** The flags as options of a command. A malformed flag is a usage error; a malformed variable falls back to the default, as upstream's does. */
export const operatorFlags = (): Option[] => FLAGS.map(({ name, kind, fallback, help, env }) =>
  new Option(kind === 'boolean' ? `--${name} [boolean]` : `--${name} <${kind}>`, `${help} (env ${envOf({ name, kind, fallback, help, ...(env ? { env } : {}) })})`)
    .argParser((text: string) => {
      const value = parse(kind, text);
      if (value === undefined) throw new InvalidArgumentError(`It must be a ${kind}.`);
      return value;
    }));

const GATES: Readonly<Record<string, keyof FeatureGates>> = {
  NodeRepair: 'nodeRepair',
  ReservedCapacity: 'reservedCapacity',
  SpotToSpotConsolidation: 'spotToSpotConsolidation',
  NodeOverlay: 'nodeOverlay',
  StaticCapacity: 'staticCapacity',
  CapacityBuffer: 'capacityBuffer',
};

/** Gates by upstream's names over the defaults; unknown names are ignored. Throws what {@link namedGates} throws. */
export function parseFeatureGates(text: string): FeatureGates {
  const gates: FeatureGates = { ...DEFAULT_SETTINGS.featureGates };
  for (const [name, enabled] of Object.entries(namedGates(text))) {
    const gate = GATES[name];
    if (gate) gates[gate] = enabled;
  }
  return gates;
}

/** The gates of a list, as named there. Throws {@link InvalidSetting} for anything but `Name=boolean`. */
export function namedGates(text: string): Record<string, boolean> {
  return Object.fromEntries(text.split(',').filter(Boolean).map((pair) => {
    const [name = '', value = ''] = pair.split('=').map((part) => part.trim());
    const enabled = BOOLEANS[value.toLowerCase()];
    if (enabled === undefined) throw new InvalidSetting('feature-gates', text, 'a list such as "NodeRepair=true,SpotToSpotConsolidation=true"');
    return [name, enabled];
  }));
}

function oneOf<const T extends string>(setting: string, value: string, ...accepted: readonly T[]): T {
  const match = accepted.find((each) => each === value);
  if (!match) throw new InvalidSetting(setting, value, accepted.map((each) => `"${each}"`).join(' or '));
  return match;
}

/** Flags over environment over defaults. Throws {@link InvalidSetting} or InvalidAwsSetting. */
export function operatorOptions(flags: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string | undefined>>): OperatorOptions {
  const values: Record<string, string | number | boolean> = Object.fromEntries(FLAGS.map((flag): [string, string | number | boolean] => {
    const given = flags[keyOf(flag.name)] as string | number | boolean | undefined;
    const text = environment[envOf(flag)];
    return [flag.name, given === undefined ? ((text === undefined || text === '' ? undefined : parse(flag.kind, text)) ?? flag.fallback) : given];
  }));
  const text = (name: string): string => String(values[name]);
  const number = (name: string): number => Number(values[name]);
  const duration = (name: string): number => parseDuration(text(name)) ?? 0;
  const share = (name: string): number => {
    if (!(number(name) >= 0 && number(name) < 1)) throw new InvalidSetting(name, text(name), 'a number from 0 to less than 1');
    return number(name);
  };
  /** The duration, which must lie between those of two other settings. */
  const durationWithin = (lower: string | undefined, name: string, upper?: string): number => {
    const [least, most] = [lower === undefined ? 0 : duration(lower), upper === undefined ? Infinity : duration(upper)];
    if (duration(name) > least && duration(name) < most) return duration(name);
    throw new InvalidSetting(name, text(name), `a duration longer than ${lower ? `${lower} (${text(lower)})` : '0s'}${upper ? ` and shorter than ${upper} (${text(upper)})` : ''}`);
  };
  const featureGates = parseFeatureGates(text('feature-gates'));
  if (values['ignore-dra-requests'] !== true) throw new InvalidSetting('ignore-dra-requests', 'false', '"true": dynamic resource allocation is not supported');
  return {
    settings: {
      batchMaxDuration: duration('batch-max-duration'),
      batchIdleDuration: duration('batch-idle-duration'),
      preferencePolicy: oneOf('preference-policy', text('preference-policy'), 'Respect', 'Ignore'),
      minValuesPolicy: oneOf('min-values-policy', text('min-values-policy'), 'Strict', 'BestEffort'),
      cpuRequests: number('cpu-requests') > 0 ? number('cpu-requests') : 1_000,
      featureGates,
      defaultTopologySpread: parseSchedulerConfig(text('scheduler-config')),
    },
    aws: awsSettings({
      clusterName: text('cluster-name'),
      clusterEndpoint: text('cluster-endpoint'),
      clusterCABundle: text('cluster-ca-bundle'),
      region: text('region') || environment['AWS_DEFAULT_REGION'] || '',
      ...(environment['AWS_ENDPOINT_URL'] ? { endpoint: environment['AWS_ENDPOINT_URL'] } : {}),
      isolatedVPC: values['isolated-vpc'] === true,
      eksControlPlane: values['eks-control-plane'] === true,
      vmMemoryOverheadPercent: number('vm-memory-overhead-percent'),
      interruptionQueue: text('interruption-queue'),
      reservedENIs: number('reserved-enis'),
      disableDryRun: values['disable-dry-run'] === true,
      zonalShift: values['enable-zonal-shift'] === true,
      amiRefreshInterval: duration('ami-refresh-interval'),
      subnetRefreshInterval: duration('subnet-refresh-interval'),
      ...(text('node-role') ? { nodeRole: text('node-role') } : {}),
      reservedCapacity: featureGates.reservedCapacity,
      ...(environment['AWS_ENDPOINT_URL'] ? { endpoint: environment['AWS_ENDPOINT_URL'] } : {}),
    }),
    metricsPort: number('metrics-port'),
    healthProbePort: number('health-probe-port'),
    kubeClientQps: number('kube-client-qps'),
    kubeClientBurst: number('kube-client-burst'),
    kubeClientReservedShare: share('kube-client-reserved-share'),
    leaderElection: {
      enabled: values['disable-leader-election'] !== true,
      name: text('leader-election-name'),
      namespace: text('leader-election-namespace') || environment['SYSTEM_NAMESPACE'] || 'karpenter',
      leaseDuration: duration('leader-election-lease-duration'),
      renewDeadline: durationWithin('leader-election-retry-period', 'leader-election-renew-deadline', 'leader-election-lease-duration'),
      retryPeriod: durationWithin(undefined, 'leader-election-retry-period'),
      stallLimit: durationWithin(undefined, 'leader-election-stall-limit'),
    },
    webhook: { enabled: values['disable-webhook'] !== true, port: number('webhook-port'), service: { namespace: environment['SYSTEM_NAMESPACE'] || 'karpenter', name: text('karpenter-service') || 'karpenter' } },
    clusterStateObservability: values['disable-cluster-state-observability'] !== true,
    debug: { enabled: values['disable-debug-endpoint'] !== true, host: text('debug-host'), port: number('debug-port') },
    logOutputPaths: text('log-output-paths'),
    logErrorOutputPaths: text('log-error-output-paths'),
    profiling: values['enable-profiling'] === true,
    warmup: values['disable-controller-warmup'] !== true,
    logLevel: oneOf('log-level', text('log-level') || 'info', 'debug', 'info', 'error'),
  };
}
