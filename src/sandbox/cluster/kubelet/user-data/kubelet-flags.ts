import { parsePairs, parseTaint, parseThresholds } from './boot-config.js';
import type { BootConfig } from './boot-config.js';
import { shellCommands } from './shell-words.js';

type KubeletSettings = Omit<BootConfig, 'clusterName' | 'endpoint' | 'certificateAuthority' | 'localDisks'>;

/** A flag's value goes into the settings; flags that change nothing that a cluster can see are left out. */
const FLAGS: Record<string, (settings: KubeletSettings, value: string) => void> = {
  '--node-labels': (settings, value) => Object.assign(settings.labels, parsePairs(value, '--node-labels')),
  '--register-with-taints': (settings, value) => settings.taints.push(...value.split(',').filter((text) => text !== '').map(parseTaint)),
  '--max-pods': (settings, value) => { settings.maxPods = Number(value); },
  '--pods-per-core': (settings, value) => { settings.podsPerCore = Number(value); },
  '--kube-reserved': (settings, value) => { settings.kubeReserved = parsePairs(value, '--kube-reserved'); },
  '--system-reserved': (settings, value) => { settings.systemReserved = parsePairs(value, '--system-reserved'); },
  '--eviction-hard': (settings, value) => { settings.evictionHard = parseThresholds(value); },
  '--cluster-dns': (settings, value) => { settings.clusterDNS = value.split(','); },
};

/** Reads a kubelet's command line (`--flag=value` or `--flag value`), quotes included. Throws {@link BootFailure}. */
export function parseKubeletFlags(text: string): KubeletSettings {
  const settings: KubeletSettings = { labels: {}, taints: [] };
  const words = shellCommands(text).flat();
  for (let at = 0; at < words.length; at += 1) {
    const [, flag = '', inline] = /^([^=]+)(?:=(.*))?$/s.exec(words[at] as string) ?? [];
    const read = FLAGS[flag];
    if (!read) continue;
    if (inline === undefined) at += 1;
    read(settings, inline ?? words[at] ?? '');
  }
  return settings;
}
