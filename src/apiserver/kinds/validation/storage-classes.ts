import type { TopologySelectorTerm } from 'kubernetes-types/core/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import { at, child, duplicate, type FieldError, invalid, required, tooLong } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { qualifiedName } from '../../schema/names.js';
import { eachOf, oneOf, problemsAsErrors, unchanged, unchangedOr } from './common.js';

const LARGEST_PARAMETERS = 256 * 1024;
const MOST_PARAMETERS = 512;

export const validateStorageClass = ({ provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies }: StorageClass): FieldError[] => [
  ...driver(provisioner, 'provisioner'),
  ...parametersOf(parameters),
  ...oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']),
  ...oneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
  ...topologies(allowedTopologies ?? [], 'allowedTopologies'),
];

/** What makes volumes: a name in whatever case. */
const driver = (name: string | undefined, field: string): FieldError[] => (name ? problemsAsErrors(field, name.toLowerCase(), qualifiedName(name.toLowerCase())) : [required(field)]);

function parametersOf(parameters: Record<string, string> = {}): FieldError[] {
  const names = Object.keys(parameters);
  if (names.length > MOST_PARAMETERS) return [tooLong('parameters', MOST_PARAMETERS)];
  const size = names.reduce((sum, name) => sum + name.length + parameters[name]!.length, 0);
  return [...names.filter((name) => name === '').map((name) => invalid('parameters', name, 'field can not be empty.')), ...(size > LARGEST_PARAMETERS ? [tooLong('parameters', LARGEST_PARAMETERS)] : [])];
}

function topologies(terms: readonly TopologySelectorTerm[], path: string): FieldError[] {
  const seen: object[] = [];
  return eachOf(path, terms, ({ matchLabelExpressions = [] }, place) => {
    const field = child(place, 'matchLabelExpressions');
    const meaning: Record<string, string[]> = {};
    const errors = eachOf(field, matchLabelExpressions, ({ key = '', values: listed }: { key?: string; values?: string[] | null }, each) => {
      const values = listed ?? [];
      const again = Object.hasOwn(meaning, key);
      meaning[key] = [...new Set(values)].sort();
      return [
        ...(values.length === 0 ? [required(child(each, 'values'))] : []),
        ...values.flatMap((value, index) => (values.indexOf(value) < index ? [duplicate(at(child(each, 'values'), index), value)] : [])),
        ...problemsAsErrors(child(each, 'key'), key, qualifiedName(key)),
        ...(again ? [duplicate(child(each, 'key'), key)] : []),
      ];
    });
    // A term that says nothing counts as one that was there before, once for every term.
    const same = matchLabelExpressions.length === 0 ? terms.length : seen.filter((other) => sameJson(other, meaning)).length;
    seen.push(meaning);
    return [...errors, ...Array.from({ length: same }, () => duplicate(field, ''))];
  });
}

export const validateStorageClassUpdate = (object: StorageClass, previous: StorageClass): FieldError[] => [
  ...unchangedOr('parameters', object.parameters, previous.parameters, 'updates to parameters are forbidden.'),
  ...unchangedOr('provisioner', object.provisioner, previous.provisioner, 'updates to provisioner are forbidden.'),
  ...unchangedOr('reclaimPolicy', object.reclaimPolicy, previous.reclaimPolicy, 'updates to reclaimPolicy are forbidden.'),
  ...unchanged('volumeBindingMode', object.volumeBindingMode, previous.volumeBindingMode),
];

interface AttributesClass { driverName?: string; parameters?: Record<string, string> }

export const validateVolumeAttributesClass = ({ driverName, parameters }: AttributesClass): FieldError[] => [
  ...driver(driverName, 'driverName'),
  ...parametersOf(parameters),
  ...(Object.keys(parameters ?? {}).length === 0 ? [required('parameters', 'must contain at least one key/value pair')] : []),
];

export const validateVolumeAttributesClassUpdate = (object: AttributesClass, previous: AttributesClass): FieldError[] => [
  ...unchangedOr('driverName', object.driverName, previous.driverName, 'updates to driverName are forbidden.'),
  ...unchangedOr('parameters', object.parameters, previous.parameters, 'updates to parameters are forbidden.'),
];
