import type { Bootstrap } from './bootstrap.js';
import { kubeletFlags } from './kubelet-flags.js';

/** Windows: the user's commands, then the AMI's bootstrap script, in one PowerShell block. */
export function windowsUserData({ clusterName, clusterEndpoint, caBundle, kubelet, labels, taints, custom }: Bootstrap): string {
  const flags = kubeletFlags(kubelet, labels, taints);
  const dns = kubelet.clusterDNS?.[0];
  const call = [
    `& $EKSBootstrapScriptFile -EKSClusterName '${clusterName}' -APIServerEndpoint '${clusterEndpoint}'`,
    ...(caBundle === '' ? [] : [`-Base64ClusterCA '${caBundle}'`]),
    ...(flags === '' ? [] : [`-KubeletExtraArgs '${flags}'`]),
    ...(dns === undefined ? [] : [`-DNSClusterIP '${dns}'`]),
  ].join(' ');
  return [
    '<powershell>',
    ...(custom === '' ? [] : [custom.replace(/\n$/, '')]),
    '[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"',
    call,
    '</powershell>',
  ].join('\n');
}
