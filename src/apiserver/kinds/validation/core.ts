import { Buffer } from 'node:buffer';
import type { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Secret, Taint } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, forbidden, invalid, required, tooLong } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { labelValue, qualifiedName } from '../../schema/names.js';
import { compareQuantities, parseQuantity } from '../../schema/quantity.js';
import { eachOf, oneOf, problemsAsErrors, unchanged } from './common.js';

const LARGEST_CONFIG = 1024 * 1024;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function configKeys(field: string, data: Record<string, string> | undefined): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => {
    if (key.length > 253) return [invalid(at(field, key), key, 'must be no more than 253 characters')];
    if (key === '.' || key.startsWith('..')) return [invalid(at(field, key), key, key === '.' ? "must not be '.'" : "must not start with '..'")];
    if (CONFIG_KEY.test(key)) return [];
    return [invalid(at(field, key), key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")];
  });
}

const sizeOf = (...parts: (Record<string, string> | undefined)[]): number => parts.flatMap((part) => Object.values(part ?? {})).reduce((total, text) => total + Buffer.byteLength(text), 0);

export function validateConfigMap({ data, binaryData }: ConfigMap): FieldError[] {
  const twice = Object.keys(data ?? {}).filter((key) => binaryData && Object.hasOwn(binaryData, key));
  return [
    ...configKeys('data', data),
    ...configKeys('binaryData', binaryData),
    ...twice.map((key) => invalid(at('data', key), key, 'duplicate of key present in binaryData')),
    ...(sizeOf(data, binaryData) > LARGEST_CONFIG ? [tooLong('', LARGEST_CONFIG)] : []),
  ];
}

/** What was declared immutable stays so, contents and declaration. */
function frozen(object: ConfigMap | Secret, previous: ConfigMap | Secret): FieldError[] {
  if (!previous.immutable) return [];
  const stays = 'field is immutable when `immutable` is set';
  const errors: FieldError[] = object.immutable ? [] : [forbidden('immutable', stays)];
  if (!sameJson(object.data ?? {}, previous.data ?? {})) errors.push(forbidden('data', stays));
  if (!sameJson((object as ConfigMap).binaryData ?? {}, (previous as ConfigMap).binaryData ?? {})) errors.push(forbidden('binaryData', stays));
  return errors;
}

export const validateConfigMapUpdate: (object: ConfigMap, previous: ConfigMap) => FieldError[] = frozen;

/** Keys that secrets of a known type have to have. */
const SECRET_KEYS: Record<string, readonly string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

const SECRET_ACCOUNT = 'kubernetes.io/service-account.name';

export const validateSecret = ({ type = '', data, metadata }: Secret): FieldError[] => [
  ...configKeys('data', data),
  ...(SECRET_KEYS[type] ?? []).filter((key) => data?.[key] === undefined).map((key) => required(at('data', key))),
  ...(sizeOf(data) > LARGEST_CONFIG ? [tooLong('data', LARGEST_CONFIG)] : []),
  ...(type === 'kubernetes.io/service-account-token' && !metadata?.annotations?.[SECRET_ACCOUNT] ? [required(at('metadata.annotations', SECRET_ACCOUNT))] : []),
];

export const validateSecretUpdate = (object: Secret, previous: Secret): FieldError[] => [...unchanged('type', object.type, previous.type), ...frozen(object, previous)];

export function validatePersistentVolumeClaim({ spec }: PersistentVolumeClaim): FieldError[] {
  const modes = spec?.accessModes ?? [];
  const errors: FieldError[] = modes.length === 0 ? [required('spec.accessModes', 'at least 1 access mode is required')] : eachOf('spec.accessModes', modes, (mode) => oneOf('spec.accessModes', mode, ACCESS_MODES));
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) errors.push(forbidden('spec.accessModes', 'may not use ReadWriteOncePod with other access modes'));
  const size = spec?.resources?.requests?.['storage'];
  const quantity = parseQuantity(size);
  if (!quantity) errors.push(required('spec.resources[storage]'));
  else if (quantity.nano <= 0n) errors.push(invalid('spec.resources[storage]', size, 'must be greater than zero'));
  return [...errors, ...oneOf('spec.volumeMode', spec?.volumeMode, ['Block', 'Filesystem'])];
}

/** Claims may only grow, be bound, and be given a class if they had none. */
export function validatePersistentVolumeClaimUpdate(claim: PersistentVolumeClaim, previous: PersistentVolumeClaim): FieldError[] {
  const bound = claim.status?.phase === 'Bound';
  const settled = ({ spec }: PersistentVolumeClaim): object => {
    const { volumeName, storageClassName, resources, volumeAttributesClassName, ...others } = spec ?? {};
    const { storage, ...requests } = resources?.requests ?? {};
    return {
      ...others, ...(previous.spec?.volumeName && { volumeName }), ...(previous.spec?.storageClassName !== undefined && { storageClassName }), resources: { ...resources, requests },
      ...(!bound && { storage: parseQuantity(storage)?.nano.toString(), volumeAttributesClassName }),
    };
  };
  const errors = sameJson(settled(claim), settled(previous)) ? [] : [forbidden('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims')];
  const [size, before, real] = [claim.spec?.resources?.requests, previous.spec?.resources?.requests, previous.status?.capacity].map((amounts) => parseQuantity(amounts?.['storage'] ?? '0'));
  // What could not be expanded may be asked for less again, but not for less than there is.
  if (size && before && real && compareQuantities(size, before) < 0 && compareQuantities(size, real) <= 0) errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  return errors;
}

const VOLUME_FIELDS = new Set(['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeMode', 'volumeAttributesClassName']);

export function validatePersistentVolume({ spec }: PersistentVolume): FieldError[] {
  const errors: FieldError[] = [];
  if ((spec?.accessModes ?? []).length === 0) errors.push(required('spec.accessModes'));
  errors.push(...eachOf('spec.accessModes', spec?.accessModes, (mode) => oneOf('spec.accessModes', mode, ACCESS_MODES)));
  if (spec?.capacity?.['storage'] === undefined) errors.push(required('spec.capacity'));
  const sources = Object.keys(spec ?? {}).filter((field) => !VOLUME_FIELDS.has(field));
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
  for (const extra of sources.slice(1)) errors.push(forbidden(child('spec', extra), 'may not specify more than 1 volume type'));
  return [...errors, ...oneOf('spec.persistentVolumeReclaimPolicy', spec?.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain'])];
}

export function validatePersistentVolumeUpdate({ spec }: PersistentVolume, { spec: before }: PersistentVolume): FieldError[] {
  const source = (of: PersistentVolume['spec']): object => Object.fromEntries(Object.entries(of ?? {}).filter(([field]) => !VOLUME_FIELDS.has(field)));
  return sameJson(source(spec), source(before)) ? unchanged('spec.volumeMode', spec?.volumeMode, before?.volumeMode) : [forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')];
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const validateNode = ({ spec }: Node): FieldError[] => validateTaints(spec?.taints, 'spec.taints');

function validateTaints(taints: readonly Taint[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return eachOf(path, taints, ({ key, value, effect }, place) => {
    const errors = [...problemsAsErrors(child(place, 'key'), key ?? '', qualifiedName(key ?? '')), ...problemsAsErrors(child(place, 'value'), value ?? '', labelValue(value ?? ''))];
    if (!effect) errors.push(required(child(place, 'effect')));
    else errors.push(...oneOf(child(place, 'effect'), effect, EFFECTS));
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) errors.push(duplicate(place, { key, ...(value && { value }), effect }));
    seen.add(pair);
    return errors;
  });
}

/** A node is one machine: its provider id can be set once. */
export function validateNodeUpdate({ spec }: Node, { spec: before }: Node): FieldError[] {
  const changed = before?.providerID && spec?.providerID !== before.providerID;
  return changed ? [forbidden('spec.providerID', 'node updates may not change spec.providerID except from "" to valid')] : [];
}
