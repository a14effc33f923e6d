import type { Volume } from 'kubernetes-types/core/v1.js';
import { child, duplicate, type FieldError, forbidden, required } from '../../schema/field-error.js';
import { dns1123Label } from '../../schema/names.js';
import { eachOf, problemsAsErrors } from './common.js';

/** What each kind of volume cannot do without. */
const NEEDED: Record<string, readonly string[]> = {
  hostPath: ['path'],
  secret: ['secretName'],
  configMap: ['name'],
  persistentVolumeClaim: ['claimName'],
  nfs: ['server', 'path'],
  csi: ['driver'],
  ephemeral: ['volumeClaimTemplate'],
};

/** What is wrong with a pod's volumes. */
export function validateVolumes(volumes: readonly Volume[] | undefined, path: string): FieldError[] {
  const names = new Set<string>();
  return eachOf(path, volumes, (volume, place) => {
    const errors: FieldError[] = [];
    const { name, ...sources } = volume;
    if (!name) errors.push(required(child(place, 'name')));
    else if (names.has(name)) errors.push(duplicate(child(place, 'name'), name));
    else errors.push(...problemsAsErrors(child(place, 'name'), name, dns1123Label(name)));
    names.add(name);
    const kinds = Object.keys(sources);
    if (kinds.length === 0) errors.push(required(place, 'must specify a volume type'));
    for (const extra of kinds.slice(1)) errors.push(forbidden(child(place, extra), 'may not specify more than 1 volume type'));
    const kind = kinds[0] ?? '';
    const source = (sources as Record<string, Record<string, unknown>>)[kind] ?? {};
    for (const field of NEEDED[kind] ?? []) if (!source[field]) errors.push(required(child(place, kind, field)));
    return errors;
  });
}
