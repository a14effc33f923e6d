import { posix } from 'node:path';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeSpec, SecretReference, TypedLocalObjectReference, VolumeNodeAffinity } from 'kubernetes-types/core/v1.js';
import { at, child, type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Label, dns1123Subdomain } from '../../schema/names.js';
import { compareQuantities, parseQuantity } from '../../schema/quantity.js';
import { eachOf, oneOf, problemsAsErrors, unchanged } from './common.js';
import { nodeSelectorTerm } from './scheduling.js';
import { validateLabelSelector } from './selectors.js';
import { validateVolumeSource } from './volumes.js';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const LONGEST_DRIVER_NAME = 63;

type Claim = PersistentVolumeClaim & { spec?: PersistentVolumeClaimSpec & { volumeAttributesClassName?: string } };

export const validatePersistentVolumeClaim = ({ spec }: Claim): FieldError[] => validateClaimSpec(spec, 'spec');

/** What is wrong with a claim, whether it is one already or what claims are made of. */
export function validateClaimSpec(spec: Claim['spec'], path: string): FieldError[] {
  const errors = accessModes(spec?.accessModes, child(path, 'accessModes'), 'at least 1 access mode is required');
  errors.push(...validateLabelSelector(spec?.selector, child(path, 'selector')));
  const size = spec?.resources?.requests?.['storage'];
  const quantity = parseQuantity(size);
  if (!quantity) errors.push(required(child(path, 'resources[storage]')));
  else if (quantity.nano <= 0n) errors.push(invalid(child(path, 'resources[storage]'), size, 'must be greater than zero'));
  errors.push(...className(spec?.storageClassName, child(path, 'storageClassName')), ...className(spec?.volumeAttributesClassName, child(path, 'volumeAttributesClassName')));
  errors.push(...oneOf(child(path, 'volumeMode'), spec?.volumeMode, VOLUME_MODES));
  return [...errors, ...(['dataSource', 'dataSourceRef'] as const).flatMap((field) => dataSource(spec?.[field], child(path, field)))];
}

function accessModes(modes: readonly string[] = [], field: string, whyNeeded = ''): FieldError[] {
  const isMixed = modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  return [
    ...(modes.length === 0 ? [required(field, whyNeeded)] : []),
    ...modes.flatMap((mode) => oneOf(field, mode, ACCESS_MODES)),
    ...(isMixed ? [forbidden(field, 'may not use ReadWriteOncePod with other access modes')] : []),
  ];
}

const className = (name: string | undefined, field: string): FieldError[] => (name ? problemsAsErrors(field, name, dns1123Subdomain(name)) : []);

function dataSource(source: TypedLocalObjectReference | undefined, path: string): FieldError[] {
  if (!source) return [];
  const { apiGroup = '', kind = '', name = '' } = source as Partial<TypedLocalObjectReference>;
  return [
    ...(name ? [] : [required(child(path, 'name'))]),
    ...(kind ? [] : [required(child(path, 'kind'))]),
    ...(apiGroup === '' && kind !== 'PersistentVolumeClaim' ? [invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")] : []),
    ...className(apiGroup, child(path, 'apiGroup')),
  ];
}

/** Claims may only grow, be bound, and be given a class if they had none. */
export function validatePersistentVolumeClaimUpdate(claim: Claim, previous: Claim): FieldError[] {
  const isBound = claim.status?.phase === 'Bound';
  const settled = ({ spec }: Claim): object => {
    const { resources, volumeName, storageClassName, volumeAttributesClassName, ...others } = spec ?? {};
    const { storage, ...requests } = resources?.requests ?? {};
    return {
      ...others,
      resources: { ...resources, requests },
      ...(!isBound && { storage: parseQuantity(storage)?.nano.toString(), volumeAttributesClassName }),
      ...(previous.spec?.volumeName && { volumeName }),
      ...(previous.spec?.storageClassName !== undefined && { storageClassName }),
    };
  };
  const errors: FieldError[] = [];
  if (!sameJson(settled(claim), settled(previous))) errors.push(forbidden('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'));
  // What could not be expanded may be asked for less again, but not for less than there is.
  const sizeOf = ({ spec }: Claim): ReturnType<typeof parseQuantity> => parseQuantity(spec?.resources?.requests?.['storage']);
  const [size, before, had] = [sizeOf(claim), sizeOf(previous), parseQuantity(previous.status?.capacity?.['storage'] ?? '0')];
  if (size && before && had && compareQuantities(size, before) < 0 && compareQuantities(size, had) <= 0) errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  return [...errors, ...unchanged('volumeMode', claim.spec?.volumeMode, previous.spec?.volumeMode)];
}

const SETTINGS = new Set(['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeMode', 'volumeAttributesClassName']);
type Volume = PersistentVolume & { spec?: PersistentVolumeSpec & { volumeAttributesClassName?: string } };

export function validatePersistentVolume({ spec }: Volume): FieldError[] {
  const { persistentVolumeReclaimPolicy: reclaimPolicy, hostPath, local, csi, nodeAffinity } = spec ?? {};
  const errors = [...accessModes(spec?.accessModes, 'spec.accessModes'), ...capacity(spec?.capacity), ...oneOf('spec.persistentVolumeReclaimPolicy', reclaimPolicy, ['Delete', 'Recycle', 'Retain']), ...affinity(nodeAffinity, 'spec.nodeAffinity')];
  const [source, ...others] = Object.keys(spec ?? {}).filter((field) => !SETTINGS.has(field));
  if (source === undefined) errors.push(required('spec', 'must specify a volume type'));
  else errors.push(...(source === 'csi' ? csiVolume(csi!, 'spec.csi') : validateVolumeSource(source, spec as unknown as Record<string, Record<string, unknown>>, 'spec')));
  for (const extra of others) errors.push(forbidden(child('spec', extra), 'may not specify more than 1 volume type'));
  if (source === 'local' && local && !nodeAffinity) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  if (hostPath?.path && posix.normalize(hostPath.path) === '/' && reclaimPolicy === 'Recycle') errors.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"));
  errors.push(...className(spec?.storageClassName, 'spec.storageClassName'), ...oneOf('spec.volumeMode', spec?.volumeMode, VOLUME_MODES));
  if (spec?.volumeAttributesClassName === undefined) return errors;
  errors.push(...(spec.volumeAttributesClassName ? className(spec.volumeAttributesClassName, 'spec.volumeAttributesClassName') : [required('spec.volumeAttributesClassName', 'an empty string is disallowed')]));
  return csi ? errors : [...errors, required('spec.csi', 'has to be specified when using volumeAttributesClassName')];
}

/** What is wrong with a volume that is told on the spot, as one that was in-tree. */
export function validateInlineVolume(spec: PersistentVolumeSpec, path: string): FieldError[] {
  const no = (field: keyof PersistentVolumeSpec, isSet: boolean, detail = 'may not be specified in the context of inline volumes'): FieldError[] => (isSet ? [forbidden(child(path, field), detail)] : []);
  const [source] = Object.keys(spec).filter((field) => !SETTINGS.has(field));
  return [
    ...no('claimRef', spec.claimRef !== undefined),
    ...no('capacity', Object.keys(spec.capacity ?? {}).length > 0),
    ...(spec.csi ? csiVolume(spec.csi, child(path, 'csi')) : [required(child(path, 'csi'), 'has to be specified in the context of inline volumes')]),
    ...accessModes(spec.accessModes, child(path, 'accessModes')),
    ...no('persistentVolumeReclaimPolicy', (spec.persistentVolumeReclaimPolicy ?? 'Retain') !== 'Retain', 'may only be Retain in the context of inline volumes'),
    ...no('nodeAffinity', spec.nodeAffinity !== undefined),
    ...(source === undefined ? [required(path, 'must specify a volume type')] : []),
    ...no('storageClassName', Boolean(spec.storageClassName)),
    ...no('volumeMode', (spec.volumeMode ?? 'Filesystem') !== 'Filesystem', 'may not specify volumeMode other than Filesystem in the context of inline volumes'),
  ];
}

/** A volume has a size, and nothing else. */
function capacity(amounts: Record<string, string> = {}): FieldError[] {
  const names = Object.keys(amounts);
  return [
    ...(names.length === 0 ? [required('spec.capacity')] : []),
    ...(names.length === 1 && names[0] === 'storage' ? [] : [notSupported('spec.capacity', names.length === 0 ? null : amounts, ['storage'])]),
    ...names.flatMap((name) => {
      const amount = parseQuantity(amounts[name])?.nano ?? 1n;
      const field = at('spec.capacity', name);
      return [...(amount < 0n ? [invalid(field, Number(amount / 1_000_000_000n), 'must be a valid resource quantity')] : []), ...(amount <= 0n ? [invalid(field, amounts[name], 'must be greater than zero')] : [])];
    }),
  ];
}

function affinity(nodes: VolumeNodeAffinity | undefined, path: string): FieldError[] {
  if (!nodes) return [];
  if (!nodes.required) return [required(child(path, 'required'), 'must specify required node constraints')];
  const terms = nodes.required.nodeSelectorTerms ?? [];
  const field = child(path, 'required', 'nodeSelectorTerms');
  return terms.length === 0 ? [required(field, 'must have at least one node selector term')] : eachOf(field, terms, nodeSelectorTerm);
}

const SECRET_REFERENCES = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const;

const csiVolume = (csi: NonNullable<PersistentVolumeSpec['csi']>, path: string): FieldError[] => [
  ...csiDriverName(csi.driver, child(path, 'driver')),
  ...(csi.volumeHandle ? [] : [required(child(path, 'volumeHandle'))]),
  ...SECRET_REFERENCES.flatMap((field) => secretReference((csi as Partial<Record<typeof field, SecretReference>>)[field], child(path, field))),
];

const secretReference = (secret: SecretReference | undefined, path: string): FieldError[] => (!secret ? [] : [
  ...(secret.name ? problemsAsErrors(child(path, 'name'), secret.name, dns1123Subdomain(secret.name)) : [required(child(path, 'name'))]),
  ...(secret.namespace ? problemsAsErrors(child(path, 'namespace'), secret.namespace, dns1123Label(secret.namespace)) : [required(child(path, 'namespace'))]),
]);

/** The name of a driver, in whatever case. */
export function csiDriverName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  return [...(name.length > LONGEST_DRIVER_NAME ? [tooLong(field, LONGEST_DRIVER_NAME)] : []), ...problemsAsErrors(field, name, dns1123Subdomain(name.toLowerCase()))];
}

export function validatePersistentVolumeUpdate({ spec }: Volume, { spec: before }: Volume): FieldError[] {
  const source = (of: PersistentVolume['spec']): object => Object.fromEntries(Object.entries(of ?? {}).filter(([field]) => !SETTINGS.has(field)));
  return [
    ...(sameJson(source(spec), source(before)) ? [] : [forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')]),
    ...unchanged('volumeMode', spec?.volumeMode, before?.volumeMode),
    ...(before?.nodeAffinity && !sameJson(spec?.nodeAffinity ?? null, before.nodeAffinity) ? [invalid('nodeAffinity', spec?.nodeAffinity, 'field is immutable')] : []),
  ];
}
