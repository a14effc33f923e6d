import type { NodeSelector } from 'kubernetes-types/core/v1.js';
import { at, child, type FieldError, invalid, required, tooLong } from '../../schema/field-error.js';
import { dns1123Label, dns1123Subdomain } from '../../schema/names.js';
import { eachOf, problemsAsErrors, unchanged } from './common.js';
import { attributeName, setOf } from './device-claims.js';
import { csiDriverName } from './persistent-volumes.js';
import { nodeSelectorTerm } from './scheduling.js';

const MOST_DEVICES = 128;
const MOST_ATTRIBUTES = 32;
const LONGEST_VALUE = 64;
const LONGEST_POOL_NAME = 253;
const SEMVER = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

interface Attribute { int?: number; bool?: boolean; string?: string; version?: string }
interface Device { name?: string; attributes?: Record<string, Attribute>; capacity?: Record<string, unknown> }
interface Pool { name?: string; resourceSliceCount?: number; generation?: number }
interface Slice { spec?: { driver?: string; pool?: Pool; nodeName?: string; nodeSelector?: NodeSelector; allNodes?: boolean; perDeviceNodeSelection?: boolean; devices?: Device[] } }

const PLACES = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

export function validateResourceSlice({ spec = {} }: Slice): FieldError[] {
  const { driver, pool, nodeName, nodeSelector, devices } = spec;
  const errors = [...csiDriverName(driver, 'spec.driver'), ...poolErrors(pool ?? {}, 'spec.pool')];
  const places: string[] = [];
  if (nodeName) {
    places.push('`nodeName`');
    errors.push(...problemsAsErrors('spec.nodeName', nodeName, dns1123Subdomain(nodeName)));
  } else if (nodeName === '') errors.push(invalid('spec.nodeName', nodeName, 'must be either unset or set to a non-empty string'));
  if (nodeSelector) {
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    const field = 'spec.nodeSelector.nodeSelectorTerms';
    places.push('`nodeSelector`');
    errors.push(...(terms.length === 0 ? [required(field, 'must have at least one node selector term')] : eachOf(field, terms, nodeSelectorTerm)));
    if (terms.length !== 1) errors.push(invalid(field, nodeSelector.nodeSelectorTerms, 'must have exactly one node selector term'));
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[field]) places.push(`\`${field}\``);
    else if (spec[field] === false) errors.push(invalid(`spec.${field}`, false, 'must be either unset or set to true'));
  }
  if (places.length === 0) errors.push(required('spec', PLACES));
  if (places.length > 1) errors.push(invalid('spec', `{${places.join(', ')}}`, `${PLACES}, but multiple fields are set`));
  return [...errors, ...setOf(devices, 'spec.devices', MOST_DEVICES, device, ({ name = '' }) => name)];
}

function poolErrors({ name = '', resourceSliceCount = 0, generation = 0 }: Pool, path: string): FieldError[] {
  const field = child(path, 'name');
  return [
    ...(name === '' ? [required(field)] : [...(name.length > LONGEST_POOL_NAME ? [tooLong(field, LONGEST_POOL_NAME)] : []), ...name.split('/').flatMap((part) => problemsAsErrors(field, part, dns1123Subdomain(part)))]),
    ...(resourceSliceCount > 0 ? [] : [invalid(child(path, 'resourceSliceCount'), resourceSliceCount, 'must be greater than zero')]),
    ...(generation < 0 ? [invalid(child(path, 'generation'), generation, 'must be greater than or equal to zero')] : []),
  ];
}

function device({ name = '', attributes = {}, capacity = {} }: Device, place: string): FieldError[] {
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  return [
    ...problemsAsErrors(child(place, 'name'), name, dns1123Label(name)),
    ...(count > MOST_ATTRIBUTES ? [invalid(place, count, `the total number of attributes and capacities must not exceed ${MOST_ATTRIBUTES}`)] : []),
    ...Object.entries(attributes).flatMap(([key, value]) => [...attributeName(key, at(child(place, 'attributes'), key)), ...attribute(value, at(child(place, 'attributes'), key))]),
    ...Object.keys(capacity).flatMap((key) => attributeName(key, at(child(place, 'capacity'), key))),
  ];
}

function attribute({ int, bool, string, version }: Attribute, place: string): FieldError[] {
  const errors: FieldError[] = [];
  if (version !== undefined && !SEMVER.test(version)) errors.push(invalid(child(place, 'version'), version, 'must be a string compatible with semver.org spec 2.0.0'));
  for (const [field, value] of Object.entries({ string, version })) if ((value?.length ?? 0) > LONGEST_VALUE) errors.push(tooLong(child(place, field), LONGEST_VALUE));
  const given = [int, bool, string, version].filter((value) => value !== undefined).length;
  if (given === 1) return errors;
  return [...errors, invalid(place, given === 0 ? '' : { IntValue: int ?? null, BoolValue: bool ?? null, StringValue: string ?? null, VersionValue: version ?? null }, 'exactly one value must be specified')];
}

export const validateResourceSliceUpdate = ({ spec }: Slice, { spec: before }: Slice): FieldError[] => [
  ...unchanged('spec.pool.name', spec?.pool?.name, before?.pool?.name),
  ...unchanged('spec.driver', spec?.driver, before?.driver),
  ...unchanged('spec.nodeName', spec?.nodeName, before?.nodeName),
];
