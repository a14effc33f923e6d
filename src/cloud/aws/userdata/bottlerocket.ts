import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import { aliasOf } from '../ami-family.js';
import { InvalidUserData } from './bootstrap.js';
import type { Bootstrap } from './bootstrap.js';
import { parseToml, renderToml, TomlError } from './toml.js';
import type { TomlTable } from './toml.js';

/** Keys of a user's `settings.kubernetes` that are passed on; others are dropped, as upstream does. */
const KUBERNETES_KEYS = new Set([
  'allowed-unsafe-sysctls', 'api-server', 'authentication-mode', 'bootstrap-token', 'cloud-provider', 'cluster-certificate', 'cluster-dns-ip',
  'cluster-domain', 'cluster-name', 'container-log-max-files', 'container-log-max-size', 'cpu-cfs-quota-enforced', 'cpu-manager-policy',
  'cpu-manager-policy-options', 'cpu-manager-reconcile-period', 'credential-providers', 'device-ownership-from-security-context', 'event-burst', 'event-qps',
  'eviction-hard', 'eviction-max-pod-grace-period', 'eviction-soft', 'eviction-soft-grace-period', 'hostname-override', 'hostname-override-source',
  'ids-per-pod', 'image-gc-high-threshold-percent', 'image-gc-low-threshold-percent', 'kube-api-burst', 'kube-api-qps', 'kube-reserved', 'log-level',
  'max-pods', 'memory-manager-policy', 'memory-manager-reserved-memory', 'memory-swap-behavior', 'node-ip', 'node-labels', 'node-taints',
  'pod-infra-container-image', 'pod-pids-limit', 'provider-id', 'registry-burst', 'registry-qps', 'reserved-cpus', 'seccomp-default',
  'server-certificate', 'server-key', 'server-tls-bootstrap', 'shutdown-grace-period', 'shutdown-grace-period-for-critical-pods',
  'single-process-oom-kill', 'standalone-mode', 'static-pods', 'system-reserved', 'topology-manager-policy', 'topology-manager-policy-options',
  'topology-manager-scope',
]);

const table = (value: unknown): TomlTable => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as TomlTable) : {});

/** Bottlerocket: TOML settings, the user's with Karpenter's over them. Anything outside `settings` is lost. */
export function bottlerocketUserData(bootstrap: Bootstrap): string {
  const settings = table(parse(bootstrap.custom)['settings']);
  const given = table(settings['kubernetes']);
  const kubernetes = {
    ...Object.fromEntries(Object.entries(given).filter(([key]) => KUBERNETES_KEYS.has(key))),
    ...kubernetesSettings(bootstrap),
    'node-labels': { ...table(given['node-labels']), ...bootstrap.labels },
    'node-taints': taintLists(bootstrap.taints),
  };
  const commands = bootstrap.instanceStorePolicy === 'RAID0' ? { 'bootstrap-commands': { ...table(settings['bootstrap-commands']), ...mountInstanceStorage(bootstrap.bottlerocketVersion) } } : {};
  return renderToml({ settings: { ...settings, ...commands, kubernetes } });
}

function parse(custom: string): TomlTable {
  try {
    return parseToml(custom);
  } catch (error) {
    if (error instanceof TomlError) throw new InvalidUserData('Bottlerocket', error.message, { cause: error });
    throw error;
  }
}

function kubernetesSettings({ clusterName, clusterEndpoint, caBundle, kubelet }: Bootstrap): TomlTable {
  const settings: TomlTable = {
    'cluster-name': clusterName,
    'api-server': clusterEndpoint,
    'cluster-certificate': caBundle === '' ? undefined : caBundle,
    'max-pods': kubelet.maxPods,
    'cluster-dns-ip': kubelet.clusterDNS?.[0],
    'system-reserved': kubelet.systemReserved,
    'kube-reserved': kubelet.kubeReserved,
    'eviction-hard': kubelet.evictionHard,
    'eviction-soft': kubelet.evictionSoft,
    'eviction-soft-grace-period': kubelet.evictionSoftGracePeriod,
    'eviction-max-pod-grace-period': kubelet.evictionMaxPodGracePeriod,
    'image-gc-high-threshold-percent': kubelet.imageGCHighThresholdPercent === undefined ? undefined : String(kubelet.imageGCHighThresholdPercent),
    'image-gc-low-threshold-percent': kubelet.imageGCLowThresholdPercent === undefined ? undefined : String(kubelet.imageGCLowThresholdPercent),
    'cpu-cfs-quota-enforced': kubelet.cpuCFSQuota,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function taintLists(taints: Bootstrap['taints']): Record<string, string[]> {
  const lists: Record<string, string[]> = {};
  for (const { key, value = '', effect } of taints) (lists[key] ??= []).push(`${value}:${effect}`);
  return lists;
}

const STORAGE_DIRECTORIES = ['/var/lib/containerd', '/var/lib/kubelet', '/var/log/pods'];

/** From 1.46 on, binding without directories takes all of them. */
function mountInstanceStorage(version: string | undefined): TomlTable {
  const bindsAll = version === 'latest' || (version !== undefined && isAtLeast(version, 1, 46));
  return {
    '000-mount-instance-storage': {
      commands: [
        ['apiclient', 'ephemeral-storage', 'init'],
        ['apiclient', 'ephemeral-storage', 'bind', ...(bindsAll ? [] : ['--dirs', ...STORAGE_DIRECTORIES])],
      ],
      essential: true,
      mode: 'always',
    },
  };
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

const VERSION = /v?(\d+\.\d+\.\d+)/;
const versionIn = (text: string | undefined): string | undefined => (text === undefined ? undefined : (/(?:^|[^\w])v(\d+\.\d+\.\d+)/.exec(text)?.[1]));

/** Bottlerocket's version as far as the class tells: its alias, a name term, or the names of its AMIs. */
export function bottlerocketVersion(nodeClass: Pick<EC2NodeClass, 'spec' | 'status'>): string | undefined {
  const alias = aliasOf(nodeClass);
  if (alias?.family === 'Bottlerocket') return alias.version === 'latest' ? 'latest' : VERSION.exec(alias.version)?.[1];
  const terms = nodeClass.spec.amiSelectorTerms ?? [];
  const amis = nodeClass.status.amis ?? [];
  const named = terms.map(({ name }) => versionIn(name)).find((version) => version !== undefined);
  if (named !== undefined) return named;
  const ids = new Set(terms.flatMap(({ id }) => (id ? [id] : [])));
  const candidates = [...amis.filter(({ id }) => ids.has(id)), ...amis.filter(({ name }) => name?.includes('bottlerocket'))];
  return candidates.map(({ name }) => versionIn(name)).find((version) => version !== undefined);
}
