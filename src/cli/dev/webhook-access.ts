import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests } from '../manifest-files.js';
import type { Manifest } from '../manifest-files.js';
import type { Project } from '../project/project.js';

/** The configurations that "karpenter-ts manifests" writes. */
const CONFIGURATIONS = 'config/webhook/manifests.yaml';

/** Where an operator of `new operator` listens unless `WEBHOOK_PORT` says where. */
export const WEBHOOK_PORT = 8443;

/** What API servers say while nobody answers behind a webhook: the operator is about to start, or is not there. */
export const isUnanswered = (message: string): boolean => /failed calling webhook|conversion webhook for .* failed/.test(message);

/**
 * What leads the sandbox's API server to the webhooks of an operator on this machine: CRDs and configurations that name its port, and its Service as
 * another name of this machine.
 */
export async function webhookManifests({ folder, name }: Project, crds: readonly Manifest[], port: number): Promise<Manifest[]> {
  const file = join(folder, CONFIGURATIONS);
  const configurations = existsSync(file) ? (await readManifests([file])).manifests : [];
  const led = [...crds, ...configurations].map((manifest): Manifest => ({ ...manifest, object: onPort(manifest.object, { name, port }) as Manifest['object'] }));
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: name }, spec: { type: 'ExternalName', externalName: 'localhost' } };
  return [...led, ...(configurations.length > 0 || crds.some(({ object: crd }) => isConverted(crd)) ? [{ file, object }] : [])];
}

const isConverted = ({ spec }: Manifest['object']): boolean => (spec as { conversion?: { strategy?: string } } | undefined)?.conversion?.strategy === 'Webhook';

/** The value with another port wherever it refers to the operator's Service. */
function onPort(value: unknown, service: { name: string; port: number }): unknown {
  if (Array.isArray(value)) return value.map((item) => onPort(item, service));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const reference = inner as { name?: unknown; namespace?: unknown } | null;
    return [key, key === 'service' && reference?.name === service.name && reference.namespace === service.name ? { ...reference, port: service.port } : onPort(inner, service)];
  });
  return Object.fromEntries(fields);
}
