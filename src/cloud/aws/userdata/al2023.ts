import { parse, stringify } from 'yaml';
import { NodeClassNotReady } from '../../errors.js';
import { InvalidUserData } from './bootstrap.js';
import type { Bootstrap } from './bootstrap.js';
import { nodeLabelsFlag } from './kubelet-flags.js';
import { isMime, MimeError, NODE_CONFIG, parseMime, renderMime, SHELL_SCRIPT } from './mime.js';
import type { MimePart } from './mime.js';

/** Amazon Linux 2023: the user's parts, then the NodeConfig that nodeadm merges over them, so that Karpenter's values win. */
export function al2023UserData(bootstrap: Bootstrap): string {
  return renderMime([...customParts(bootstrap.custom), { contentType: NODE_CONFIG, body: nodeConfig(bootstrap) }]);
}

function customParts(custom: string): MimePart[] {
  if (custom.trim() === '') return [];
  if (!isMime(custom)) return [{ contentType: isYamlMapping(custom) ? NODE_CONFIG : SHELL_SCRIPT, body: custom }];
  try {
    return parseMime(custom);
  } catch (error) {
    if (error instanceof MimeError) throw new InvalidUserData('AL2023', error.message, { cause: error });
    throw error;
  }
}

function isYamlMapping(text: string): boolean {
  try {
    const value: unknown = parse(text, { logLevel: 'silent' });
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function nodeConfig({ clusterName, clusterEndpoint, caBundle, clusterCIDR, kubelet, labels, taints, instanceStorePolicy }: Bootstrap): string {
  if (clusterCIDR === '') throw new NodeClassNotReady("the cluster's service CIDR, which AL2023 needs, has not been found out");
  const flags = nodeLabelsFlag(labels);
  const document = {
    apiVersion: 'node.eks.aws/v1alpha1',
    kind: 'NodeConfig',
    metadata: {},
    spec: {
      cluster: { apiServerEndpoint: clusterEndpoint, certificateAuthority: caBundle, cidr: clusterCIDR, name: clusterName },
      containerd: {},
      instance: { localStorage: instanceStorePolicy === 'RAID0' ? { strategy: 'RAID0' } : {} },
      kubelet: {
        config: { ...kubelet, ...(taints.length > 0 ? { registerWithTaints: taints } : {}) },
        ...(flags.length > 0 ? { flags } : {}),
      },
    },
  };
  return `# Karpenter Generated NodeConfig\n${stringify(document, { sortMapEntries: true, lineWidth: 0 })}`;
}
