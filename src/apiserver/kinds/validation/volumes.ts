import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1123Label } from '../../schema/names.js';
import { parseQuantity } from '../../schema/quantity.js';
import { eachOf, problemsAsErrors } from './common.js';
import { fieldReference, resourceReference, VOLUME_FIELDS } from './downward.js';

/** What each kind of volume cannot do without. */
const NEEDED: Record<string, readonly string[]> = {
  hostPath: ['path'],
  secret: ['secretName'],
  configMap: ['name'],
  persistentVolumeClaim: ['claimName'],
  nfs: ['server', 'path'],
  csi: ['driver'],
  ephemeral: ['volumeClaimTemplate'],
  local: ['path'],
};
const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
const SHORTEST_TOKEN = 600;
const LONGEST_TOKEN = 2 ** 32;

type Source = Record<string, unknown>;

/** What is wrong with what one kind of volume says, beyond what it lacks. */
const CHECKS: Record<string, (source: Source, path: string) => FieldError[]> = {
  hostPath: ({ path = '', type }, place) => [
    ...noBacksteps(path as string, child(place, 'path')),
    ...(type === undefined || HOST_PATH_TYPES.includes(type as string) ? [] : [notSupported(child(place, 'type'), type, HOST_PATH_TYPES)]),
  ],
  local: ({ path = '' }, place) => noBacksteps(path as string, child(place, 'path')),
  nfs: ({ path = '' }, place) => ((path as string).startsWith('/') ? [] : [invalid(child(place, 'path'), path, 'must be an absolute path')]),
  emptyDir: ({ sizeLimit }, place) => ((parseQuantity(sizeLimit)?.nano ?? 0n) < 0n ? [forbidden(child(place, 'sizeLimit'), 'SizeLimit field must be a valid resource quantity')] : []),
  secret: ({ items, defaultMode }, place) => [...mode(defaultMode, child(place, 'defaultMode')), ...files(items as KeyToPath[], child(place, 'items'))],
  configMap: ({ items, defaultMode }, place) => [...mode(defaultMode, child(place, 'defaultMode')), ...files(items as KeyToPath[], child(place, 'items'))],
  downwardAPI: ({ items = [], defaultMode }, place) => [...mode(defaultMode, child(place, 'defaultMode')), ...(items as DownwardAPIVolumeFile[]).flatMap((item) => downwardFile(item, place))],
  projected: (source, place) => [...mode(source['defaultMode'], child(place, 'defaultMode')), ...projections(source as unknown as ProjectedVolumeSource, place)],
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
    return [...errors, ...validateVolumeSource(kind, sources as Record<string, Source>, place)];
  });
}

/** What is wrong with a volume that is of a kind. */
export function validateVolumeSource(kind: string, sources: Readonly<Record<string, Source>>, path: string): FieldError[] {
  const source = sources[kind] ?? {};
  return [...(NEEDED[kind] ?? []).filter((field) => !source[field]).map((field) => required(child(path, kind, field))), ...(CHECKS[kind]?.(source, child(path, kind)) ?? [])];
}

const noBacksteps = (path: string, field: string): FieldError[] => (path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : []);

const mode = (value: unknown, field: string): FieldError[] => (typeof value === 'number' && (value < 0 || value > 0o777) ? [invalid(field, value, 'must be a number between 0 and 0777 (octal), both inclusive')] : []);

/** A path within a volume. */
function localPath(path: string, field: string): FieldError[] {
  if (path.startsWith('/')) return [invalid(field, path, 'must be a relative path')];
  const backsteps = noBacksteps(path, field);
  if (backsteps.length > 0) return backsteps;
  return path.startsWith('..') ? [invalid(field, path, "must not start with '..'")] : [];
}

const files = (items: readonly KeyToPath[] | undefined, path: string): FieldError[] => eachOf(path, items, (item, place) => [
  ...(item.key ? [] : [required(child(place, 'key'))]),
  ...(item.path ? [] : [required(child(place, 'path'))]),
  ...localPath(item.path ?? '', child(place, 'path')),
  ...mode(item.mode, child(place, 'mode')),
]);

function downwardFile({ path = '', fieldRef, resourceFieldRef, mode: ownMode }: Partial<DownwardAPIVolumeFile>, place: string): FieldError[] {
  const errors = [...(path ? [] : [required(child(place, 'path'))]), ...localPath(path, child(place, 'path'))];
  if (fieldRef) errors.push(...fieldReference(fieldRef, child(place, 'fieldRef'), VOLUME_FIELDS));
  if (fieldRef && resourceFieldRef) errors.push(invalid(place, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  else if (resourceFieldRef) errors.push(...resourceReference(resourceFieldRef, child(place, 'resourceFieldRef'), true));
  else if (!fieldRef) errors.push(required(place, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...mode(ownMode, child(place, 'mode'))];
}

/** Sources of one volume, whose files must not be in each other's way. */
function projections({ sources }: ProjectedVolumeSource, path: string): FieldError[] {
  const paths = new Set<string>();
  const taken = (file: string | undefined, value: string): FieldError[] => {
    if (!file) return [];
    const again = paths.has(file);
    paths.add(file);
    return again ? [invalid(path, value, 'conflicting duplicate paths')] : [];
  };
  return (sources ?? []).flatMap((source, index) => {
    const place = at(child(path, 'sources'), index);
    const errors: FieldError[] = [];
    for (const kind of ['secret', 'configMap'] as const) {
      const { name = '', items = [] } = source[kind] ?? {};
      if (!source[kind]) continue;
      if (name === '') errors.push(required(child(place, kind, 'name')));
      errors.push(...files(items, child(place, kind, 'items')), ...items.flatMap((item) => taken(item.path, name)));
    }
    for (const item of source.downwardAPI?.items ?? []) errors.push(...downwardFile(item, child(place, 'downwardAPI')), ...taken(item.path, item.path));
    const { serviceAccountToken: token } = source;
    const field = child(place, 'serviceAccountToken', 'expirationSeconds');
    if (token && (token.expirationSeconds ?? 0) < SHORTEST_TOKEN) errors.push(invalid(field, token.expirationSeconds ?? 0, 'may not specify a duration less than 10 minutes'));
    if (token && (token.expirationSeconds ?? 0) > LONGEST_TOKEN) errors.push(invalid(field, token.expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
    if (token) errors.push(...(token.path ? localPath(token.path, child(path, 'path')) : [required(child(path, 'path'))]));
    return Object.keys(source).length > 1 ? [...errors, forbidden(place, 'may not specify more than 1 volume type per source')] : errors;
  });
}
