import { BootFailure } from './boot-config.js';
import type { BootConfig } from './boot-config.js';
import { parseKubeletFlags } from './kubelet-flags.js';

/** The words of PowerShell that matter here: bare ones and quoted ones, where doubled quotes stand for one. */
const powershellWords = (script: string): string[] =>
  [...script.matchAll(/'((?:[^']|'')*)'|"((?:[^"`]|`.|"")*)"|([^\s'"]+)/g)].map(([, single, double, bare]) =>
    single?.replaceAll("''", "'") ?? double?.replace(/`(.)|""/g, (_, escaped?: string) => escaped ?? '"') ?? bare ?? '');

/** What the last call of Start-EKSBootstrap.ps1 in `<powershell>` asks for; undefined when there is none. Throws {@link BootFailure}. */
export function parsePowershell(userData: string): BootConfig | undefined {
  const script = /<powershell>([\s\S]*?)<\/powershell>/.exec(userData)?.[1];
  const call = script?.split('\n').findLast((line) => line.includes('-EKSClusterName'));
  if (call === undefined) return undefined;
  const options: Record<string, string> = {};
  const words = powershellWords(call);
  for (const [index, word] of words.entries()) if (/^-[A-Za-z]\w*$/.test(word)) options[word] = words[index + 1] ?? '';
  const clusterName = options['-EKSClusterName'];
  if (!clusterName) throw new BootFailure('Start-EKSBootstrap.ps1: EKSClusterName is empty');
  const dns = options['-DNSClusterIP'];
  return {
    clusterName,
    ...(options['-APIServerEndpoint'] === undefined ? {} : { endpoint: options['-APIServerEndpoint'] }),
    ...(options['-Base64ClusterCA'] === undefined ? {} : { certificateAuthority: options['-Base64ClusterCA'] }),
    ...(dns === undefined ? {} : { clusterDNS: [dns] }),
    ...parseKubeletFlags(options['-KubeletExtraArgs'] ?? ''),
  };
}
