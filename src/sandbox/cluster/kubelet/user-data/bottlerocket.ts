import { BootFailure, parseTaint } from './boot-config.js';
import type { BootConfig } from './boot-config.js';
import { parseToml, TomlError } from './toml.js';

type Json = Record<string, unknown>;

const table = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const strings = (value: unknown): Record<string, string> | undefined =>
  value === undefined ? undefined : Object.fromEntries(Object.entries(table(value)).map(([key, entry]) => [key, String(entry)]));

/** `key = ["value:Effect", …]`; also the older single string. */
const taintsOf = (value: unknown): BootConfig['taints'] =>
  Object.entries(table(value)).flatMap(([key, entries]) =>
    (Array.isArray(entries) ? entries : [entries]).map((entry) => {
      const text = String(entry);
      return parseTaint(text.startsWith(':') ? `${key}${text}` : `${key}=${text}`);
    }));

/** What Bottlerocket makes of its settings. Throws {@link BootFailure}. */
export function parseBottlerocketSettings(text: string): BootConfig {
  let settings: Json;
  try {
    settings = table(parseToml(text)['settings']);
  } catch (error) {
    if (error instanceof TomlError) throw new BootFailure(`early-boot-config: user data is not TOML: ${error.message}`);
    throw error;
  }
  const kubernetes = table(settings['kubernetes']);
  for (const key of ['cluster-name', 'api-server', 'cluster-certificate']) {
    // Over plain HTTP there is nothing to verify.
    const needless = key === 'cluster-certificate' && String(kubernetes['api-server']).startsWith('http://');
    if (typeof kubernetes[key] !== 'string' && !needless) throw new BootFailure(`pluto: settings.kubernetes.${key} is missing`);
  }
  const dns = kubernetes['cluster-dns-ip'];
  const kubeReserved = strings(kubernetes['kube-reserved']);
  const systemReserved = strings(kubernetes['system-reserved']);
  const evictionHard = strings(kubernetes['eviction-hard']);
  const initializesDisks = Object.values(table(settings['bootstrap-commands'])).some((command) => JSON.stringify(command).includes('"ephemeral-storage","init"'));
  return {
    clusterName: kubernetes['cluster-name'] as string,
    endpoint: kubernetes['api-server'] as string,
    certificateAuthority: typeof kubernetes['cluster-certificate'] === 'string' ? kubernetes['cluster-certificate'] : '',
    labels: strings(kubernetes['node-labels']) ?? {},
    taints: taintsOf(kubernetes['node-taints']),
    ...(kubernetes['max-pods'] === undefined ? {} : { maxPods: Number(kubernetes['max-pods']) }),
    ...(dns === undefined ? {} : { clusterDNS: [dns].flat().map(String) }),
    ...(kubeReserved ? { kubeReserved } : {}),
    ...(systemReserved ? { systemReserved } : {}),
    ...(evictionHard ? { evictionHard } : {}),
    ...(initializesDisks ? { localDisks: true } : {}),
  };
}
