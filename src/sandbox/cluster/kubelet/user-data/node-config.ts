import { parseAllDocuments } from 'yaml';
import type { Taint } from 'kubernetes-types/core/v1.js';
import { BootFailure } from './boot-config.js';
import type { BootConfig } from './boot-config.js';
import { parseKubeletFlags } from './kubelet-flags.js';

type Json = Record<string, unknown>;

const isMapping = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** nodeadm's deep merge: mappings merge key by key, everything else (lists too) is replaced by what comes later. */
function merge(base: Json, over: Json): Json {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const existing = merged[key];
    // Flags of the kubelet are the one list that nodeadm appends.
    if (key === 'flags' && Array.isArray(existing) && Array.isArray(value)) merged[key] = [...(existing as unknown[]), ...(value as unknown[])];
    else merged[key] = isMapping(existing) && isMapping(value) ? merge(existing, value) : value;
  }
  return merged;
}

/** Reads one NodeConfig document. Throws {@link BootFailure}. */
export function parseNodeConfig(text: string): Json {
  const documents = parseAllDocuments(text);
  const [document] = 'empty' in documents ? [] : documents;
  if (!document || document.errors.length > 0) throw new BootFailure(`nodeadm: NodeConfig is not YAML: ${document?.errors[0]?.message ?? 'it is empty'}`);
  const config: unknown = document.toJS();
  if (!isMapping(config) || config['kind'] !== 'NodeConfig' || !String(config['apiVersion']).startsWith('node.eks.aws/')) {
    throw new BootFailure('nodeadm: no NodeConfig of node.eks.aws/v1alpha1 in the user data');
  }
  return config;
}

/** What nodeadm makes of its NodeConfigs, merged in their order. Throws {@link BootFailure}. */
export function bootConfigOfNodeConfigs(configs: readonly Json[]): BootConfig {
  const merged: Json = configs.reduce(merge, {});
  const within = (from: Json, key: string): Json => (isMapping(from[key]) ? from[key] : {});
  const spec = within(merged, 'spec');
  const cluster = within(spec, 'cluster');
  for (const field of ['name', 'apiServerEndpoint', 'certificateAuthority', 'cidr']) {
    // Over plain HTTP there is nothing to verify.
    const needless = field === 'certificateAuthority' && String(cluster['apiServerEndpoint']).startsWith('http://');
    if (!cluster[field] && !needless) throw new BootFailure(`nodeadm: invalid NodeConfig: spec.cluster.${field} is missing`);
  }
  const kubelet = within(spec, 'kubelet');
  const config = within(kubelet, 'config');
  const flags = Array.isArray(kubelet['flags']) ? kubelet['flags'].map(String).join(' ') : '';
  const settings = parseKubeletFlags(flags);
  const map = (key: string): Record<string, Record<string, string>> => (isMapping(config[key]) ? { [key]: Object.fromEntries(Object.entries(config[key]).map(([name, value]) => [name, String(value)])) } : {});
  const count = (key: string): Record<string, number> => (config[key] === undefined ? {} : { [key]: Number(config[key]) });
  return {
    clusterName: String(cluster['name']),
    endpoint: String(cluster['apiServerEndpoint']),
    certificateAuthority: typeof cluster['certificateAuthority'] === 'string' ? cluster['certificateAuthority'] : '',
    ...(within(within(spec, 'instance'), 'localStorage')['strategy'] === 'RAID0' ? { localDisks: true } : {}),
    ...(Array.isArray(config['clusterDNS']) ? { clusterDNS: config['clusterDNS'].map(String) } : {}),
    ...map('kubeReserved'), ...map('systemReserved'), ...map('evictionHard'), ...count('maxPods'), ...count('podsPerCore'),
    ...settings,
    taints: [...(Array.isArray(config['registerWithTaints']) ? (config['registerWithTaints'] as Taint[]) : []), ...settings.taints],
  };
}
