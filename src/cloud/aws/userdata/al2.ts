import { isIP } from 'node:net';
import { InvalidUserData } from './bootstrap.js';
import type { Bootstrap } from './bootstrap.js';
import { kubeletFlags } from './kubelet-flags.js';
import { isMime, MimeError, parseMime, renderMime, SHELL_SCRIPT } from './mime.js';
import type { MimePart } from './mime.js';

/** Amazon Linux 2: the user's parts, then a shell script that calls the AMI's bootstrap script. */
export function al2UserData(bootstrap: Bootstrap): string {
  return renderMime([...customParts(bootstrap.custom), { contentType: SHELL_SCRIPT, body: script(bootstrap) }]);
}

function customParts(custom: string): MimePart[] {
  if (custom.trim() === '') return [];
  if (!isMime(custom)) return [{ contentType: SHELL_SCRIPT, body: custom }];
  try {
    return parseMime(custom);
  } catch (error) {
    if (error instanceof MimeError) throw new InvalidUserData('AL2', error.message, { cause: error });
    throw error;
  }
}

function script({ clusterName, clusterEndpoint, caBundle, kubelet, labels, taints, instanceStorePolicy }: Bootstrap): string {
  const dns = kubelet.clusterDNS?.[0];
  const flags = kubeletFlags(kubelet, labels, taints);
  const options = [
    ...(dns !== undefined && isIP(dns) === 6 ? ['--ip-family ipv6'] : []),
    ...(dns === undefined ? [] : [`--dns-cluster-ip '${dns}'`]),
    ...(kubelet.maxPods === undefined ? [] : ['--use-max-pods false']),
    ...(flags === '' ? [] : [`--kubelet-extra-args '${flags}'`]),
    ...(instanceStorePolicy === 'RAID0' ? ['--local-disks raid0'] : []),
  ];
  const authority = caBundle === '' ? '' : ` --b64-cluster-ca '${caBundle}'`;
  return [
    '#!/bin/bash -xe',
    'exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1',
    [`/etc/eks/bootstrap.sh '${clusterName}' --apiserver-endpoint '${clusterEndpoint}'${authority}`, ...options].join(' \\\n'),
    '',
  ].join('\n');
}
