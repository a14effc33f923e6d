import { BootFailure } from './boot-config.js';
import type { BootConfig } from './boot-config.js';
import { parseKubeletFlags } from './kubelet-flags.js';
import { shellCommands } from './shell-words.js';

/** Options of `bootstrap.sh` that take a value. Others would be taken for the cluster's name, and refused by it. */
const VALUED = [
  '--apiserver-endpoint', '--b64-cluster-ca', '--kubelet-extra-args', '--use-max-pods', '--dns-cluster-ip', '--ip-family', '--local-disks', '--service-ipv6-cidr',
  '--container-runtime', '--pause-container-account', '--pause-container-version', '--aws-api-retry-attempts', '--docker-config-json', '--containerd-config-file',
  '--enable-docker-bridge', '--cluster-id', '--enable-local-outpost', '--mount-bpf-fs',
];

function bootstrapArguments(words: readonly string[]): { clusterName: string | undefined; options: Record<string, string> } {
  const options: Record<string, string> = {};
  let clusterName: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const text = words[at] as string;
    if (!text.startsWith('-')) clusterName ??= text;
    else if (VALUED.includes(text)) options[text] = words[(at += 1)] ?? '';
    else throw new BootFailure(`/etc/eks/bootstrap.sh: unknown option ${text}`);
  }
  return { clusterName, options };
}

/**
 * What the calls of `/etc/eks/bootstrap.sh` in a shell script leave behind. Each call rewrites the kubelet's configuration and
 * restarts it, so the last one counts. Undefined when the script has none. Throws {@link BootFailure}.
 */
export function parseBootstrapScript(script: string): BootConfig | undefined {
  let config: BootConfig | undefined;
  for (const [command, ...words] of shellCommands(script)) {
    if (command !== '/etc/eks/bootstrap.sh') continue;
    const { clusterName, options } = bootstrapArguments(words);
    if (!clusterName) throw new BootFailure('/etc/eks/bootstrap.sh: CLUSTER_NAME is not defined');
    const dns = options['--dns-cluster-ip'];
    config = {
      clusterName,
      ...(options['--apiserver-endpoint'] === undefined ? {} : { endpoint: options['--apiserver-endpoint'] }),
      ...(options['--b64-cluster-ca'] === undefined ? {} : { certificateAuthority: options['--b64-cluster-ca'] }),
      ...(options['--local-disks'] === 'raid0' ? { localDisks: true } : {}),
      ...(dns === undefined ? {} : { clusterDNS: [dns] }),
      // Without --use-max-pods the script counts the interfaces; with `false` the kubelet's own 110 stands.
      ...(options['--use-max-pods'] === 'false' ? { maxPods: 110 } : {}),
      ...parseKubeletFlags(options['--kubelet-extra-args'] ?? ''),
    };
  }
  return config;
}
