import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { KubeObject, OwnerReference } from '../../../operator/kube/object.js';
import { controllerReference } from '../model/pods.js';

const POD_TEMPLATE_HASH = 'pod-template-hash';

/** Like JSON, but the same for equal values whatever the order of their keys. Absent and undefined are one. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{${entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a of the text, spelt in Kubernetes' vowel-less alphabet. */
function safeHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return String(hash).replace(/\d/g, (digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length] as string);
}

/** The hash that names a template's ReplicaSet or revision; `collisionCount` makes another one of it. */
export const templateHash = (template: PodTemplateSpec, collisionCount = 0): string => safeHash(canonicalJson(template) + (collisionCount > 0 ? collisionCount : ''));

/** A template without the label that its ReplicaSet adds. */
function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [POD_TEMPLATE_HASH]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Whether two templates make the same pods. */
export const sameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec): boolean => canonicalJson(withoutHash(a)) === canonicalJson(withoutHash(b));

/** A pod to create from a template, owned by the object that the template belongs to. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject, name: { name: string } | { generateName: string }): {
  metadata: { namespace?: string; labels: Record<string, string>; annotations: Record<string, string>; finalizers?: string[]; ownerReferences: OwnerReference[] } & typeof name;
  spec: NonNullable<PodTemplateSpec['spec']>;
} {
  return {
    metadata: {
      ...name,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      labels: { ...template.metadata?.labels },
      annotations: { ...template.metadata?.annotations },
      ...(template.metadata?.finalizers ? { finalizers: template.metadata.finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone(template.spec ?? { containers: [] }),
  };
}
