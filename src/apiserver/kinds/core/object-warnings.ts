import { Buffer } from 'node:buffer';
import type { StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, ResourceQuota, Secret } from 'kubernetes-types/core/v1.js';
import type { RuntimeClass } from 'kubernetes-types/node/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import type { ApiObject } from '../../contracts.js';
import { at, child } from '../../schema/field-error.js';
import { cidrWarnings } from '../../schema/ip-address.js';
import { compareQuantities, formatQuantity, parseQuantity } from '../../schema/quantity.js';
import { deprecationOf, fractionWarning, goneVolumeWarnings, nodeTermWarnings } from './pod-warnings.js';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

function claimWarnings(spec: PersistentVolumeClaimSpec | undefined, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => fractionWarning(parseQuantity(spec?.resources?.[list]?.['storage']), at(child(path, 'resources', list), 'storage')));
}

export const persistentVolumeClaimWarnings = (object: ApiObject): string[] => [
  ...(object.metadata.annotations?.[CLASS_ANNOTATION] === undefined ? [] : [`${at('metadata.annotations', CLASS_ANNOTATION)}: deprecated since v1.8; use "storageClassName" attribute instead`]),
  ...claimWarnings((object as unknown as PersistentVolumeClaim).spec, 'spec'),
];

const VOLUME_ANNOTATIONS: Readonly<Record<string, string>> = {
  [CLASS_ANNOTATION]: 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
};

export function persistentVolumeWarnings(object: ApiObject): string[] {
  const { spec, metadata } = object as unknown as PersistentVolume;
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return [
    ...Object.entries(VOLUME_ANNOTATIONS).filter(([key]) => metadata?.annotations?.[key] !== undefined).map(([key, why]) => `${at('metadata.annotations', key)}: ${why}`),
    ...(spec?.persistentVolumeReclaimPolicy === 'Recycle' ? ['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'] : []),
    ...terms.flatMap((term, index) => nodeTermWarnings(term, at('spec.nodeAffinity.required.nodeSelectorTerms', index), false)),
    ...(spec ? goneVolumeWarnings(spec, 'spec') : []),
  ];
}

export function nodeWarnings(object: ApiObject): string[] {
  const { externalID, podCIDRs = [] } = (object as unknown as Node).spec ?? {};
  return [...(externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []), ...podCIDRs.flatMap((network, index) => cidrWarnings(at('spec.podCIDRs', index), network))];
}

/** Of a certificate and its key, that they are none. */
export function secretWarnings(object: ApiObject): string[] {
  const { type, data } = object as unknown as Secret;
  if (type !== 'kubernetes.io/tls') return [];
  const lacking = (['certificate', 'key'] as const).find((part) => !Buffer.from(data?.[part === 'key' ? 'tls.key' : 'tls.crt'] ?? '', 'base64').toString('latin1').includes('-----BEGIN '));
  return lacking === undefined ? [] : [`tls: failed to find any PEM data in ${lacking} input`];
}

/** Of a new quota. */
export function resourceQuotaWarnings(object: ApiObject, previous?: ApiObject): string[] {
  if (previous) return [];
  const { hard = {} } = (object as unknown as ResourceQuota).spec ?? {};
  return ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => {
    const asked = [`requests.${name}`, ...(name === 'ephemeral-storage' ? [] : [name])].find((each) => hard[each] !== undefined);
    const [request, limit] = [parseQuantity(hard[asked ?? '']), parseQuantity(hard[`limits.${name}`])];
    return request && limit && compareQuantities(request, limit) > 0 ? [`ResourceQuota ${asked} (${formatQuantity(request)}) should be less than limits.${name} (${formatQuantity(limit)})`] : [];
  });
}

export const storageClassWarnings = (object: ApiObject): string[] =>
  ((object as unknown as StorageClass).allowedTopologies ?? []).flatMap(({ matchLabelExpressions = [] }, topology) => matchLabelExpressions.flatMap(({ key }, index) => {
    const why = deprecationOf(key);
    return why === undefined ? [] : [`${child(at(child(at('allowedTopologies', topology), 'matchLabelExpressions'), index), 'key')}: ${why}`];
  }));

export const runtimeClassWarnings = (object: ApiObject): string[] =>
  Object.keys((object as unknown as RuntimeClass).scheduling?.nodeSelector ?? {}).flatMap((key) => (deprecationOf(key) === undefined ? [] : [`scheduling.nodeSelector: ${deprecationOf(key)}`]));

/** Of a new stateful set, besides those of its template. */
export function statefulSetWarnings(object: ApiObject, previous?: ApiObject): string[] {
  const { spec } = object as unknown as StatefulSet;
  if (previous && previous.metadata.generation === object.metadata.generation) return [];
  return [
    ...(spec?.volumeClaimTemplates ?? []).flatMap((claim, index) => claimWarnings(claim.spec, at('spec.volumeClaimTemplates', index))),
    ...((spec?.revisionHistoryLimit ?? 0) < 0 ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'] : []),
  ];
}

const INGRESS_CLASS = 'kubernetes.io/ingress.class';

export function ingressWarnings(object: ApiObject, previous?: ApiObject): string[] {
  const isNamed = (object['spec'] as { ingressClassName?: string } | undefined)?.ingressClassName !== undefined;
  return !previous && !isNamed && object.metadata.annotations?.[INGRESS_CLASS] !== undefined ? [`annotation "${INGRESS_CLASS}" is deprecated, please use 'spec.ingressClassName' instead`] : [];
}
