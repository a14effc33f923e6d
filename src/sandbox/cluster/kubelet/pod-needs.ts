import type { Container, Volume } from 'kubernetes-types/core/v1.js';
import type { Pod } from '../model/kinds.js';
import { claimNames } from '../model/pods.js';
import { BY_VOLUME } from '../shell/informers.js';
import type { Informers } from '../shell/informers.js';

type Reference = { name: string; key?: string; optional?: boolean };

const missing = (informers: Informers, pod: Pod, kind: 'secret' | 'configmap', { name, key, optional }: Reference): string | undefined => {
  if (optional || (kind === 'configmap' && name === 'kube-root-ca.crt')) return undefined;
  const path = `${pod.metadata.namespace}/${name}`;
  const object = kind === 'secret' ? informers.secrets.get(path) : informers.configMaps.get(path);
  if (!object) return `${kind} "${name}" not found`;
  if (key === undefined || object.data?.[key] !== undefined) return undefined;
  return `couldn't find key ${key} in ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${path}`;
};

/** The first Secret or ConfigMap that a container's environment refers to in vain; undefined when all are there. */
export function missingEnvironment(informers: Informers, pod: Pod, { env = [], envFrom = [] }: Container): string | undefined {
  for (const { secretRef, configMapRef } of envFrom) {
    const problem = (secretRef?.name && missing(informers, pod, 'secret', { ...secretRef, name: secretRef.name }))
      || (configMapRef?.name && missing(informers, pod, 'configmap', { ...configMapRef, name: configMapRef.name }));
    if (problem) return problem;
  }
  for (const { valueFrom } of env) {
    const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    const problem = (secretKeyRef?.name && missing(informers, pod, 'secret', { ...secretKeyRef, name: secretKeyRef.name }))
      || (configMapKeyRef?.name && missing(informers, pod, 'configmap', { ...configMapKeyRef, name: configMapKeyRef.name }));
    if (problem) return problem;
  }
  return undefined;
}

function missingVolume(informers: Informers, pod: Pod, volume: Volume): string | undefined {
  const projected = (volume.projected?.sources ?? []).flatMap(({ secret, configMap }) => [
    secret?.name ? missing(informers, pod, 'secret', { ...secret, name: secret.name } as Reference) : undefined,
    configMap?.name ? missing(informers, pod, 'configmap', { ...configMap, name: configMap.name } as Reference) : undefined,
  ]);
  return projected.find((problem) => problem !== undefined)
    ?? (volume.secret?.secretName ? missing(informers, pod, 'secret', { name: volume.secret.secretName, optional: volume.secret.optional === true }) : undefined)
    ?? (volume.configMap?.name ? missing(informers, pod, 'configmap', { name: volume.configMap.name, optional: volume.configMap.optional === true }) : undefined);
}

/** What keeps a pod's volumes from being mounted, for its FailedMount event; undefined when all are there. */
export function volumeProblem(informers: Informers, pod: Pod): string | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const problem = missingVolume(informers, pod, volume);
    if (problem) return `MountVolume.SetUp failed for volume "${volume.name}" : ${problem}`;
  }
  return undefined;
}

/** The first claim of a pod that is not bound and attached to its node yet. */
export function unattachedClaim(informers: Informers, pod: Pod): string | undefined {
  return claimNames(pod).find((name) => {
    const claim = informers.claims.get(`${pod.metadata.namespace}/${name}`);
    const volume = claim?.spec.volumeName ? informers.volumes.get(claim.spec.volumeName) : undefined;
    if (claim?.status.phase !== 'Bound' || !volume) return true;
    if (!volume.spec.csi) return false;
    return !informers.attachments.find(BY_VOLUME, volume.metadata.name).some(({ spec, status }) => spec.nodeName === pod.spec.nodeName && status.attached === true);
  });
}
