import { at, child, duplicate, type FieldError, invalid, required, tooLong, tooMany } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Label, dns1123Subdomain } from '../../schema/names.js';
import { eachOf, labels, oneOf, problemsAsErrors } from './common.js';
import { csiDriverName } from './persistent-volumes.js';

const MOST = 32;
const MOST_ALTERNATIVES = 8;
const LONGEST_IDENTIFIER = 32;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const IDENTIFIER_PROBLEM =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
const REQUEST_PROBLEM = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

interface Ask { name?: string; deviceClassName?: string; selectors?: Selector[]; allocationMode?: string; count?: number }
interface Request { name?: string; exactly?: Ask; firstAvailable?: Ask[] }
interface Selector { cel?: { expression?: string } }
interface Configuration { requests?: string[]; opaque?: { driver?: string; parameters?: unknown } }
interface ClaimSpec { devices?: { requests?: Request[]; constraints?: { requests?: string[]; matchAttribute?: string; distinctAttribute?: string }[]; config?: Configuration[] } }
interface Claim { spec?: ClaimSpec }
interface Template { spec?: { metadata?: { labels?: Record<string, string> }; spec?: ClaimSpec } }

export const validateResourceClaim = ({ spec }: Claim): FieldError[] => claimSpec(spec, 'spec');

export const validateResourceClaimTemplate = ({ spec }: Template): FieldError[] => [...labels('spec.metadata.labels', spec?.metadata?.labels), ...claimSpec(spec?.spec, 'spec.spec')];

/** What is claimed cannot change. */
export const validateResourceClaimUpdate = ({ spec }: { spec?: unknown }, { spec: before }: { spec?: unknown }): FieldError[] => (sameJson(spec, before) ? [] : [invalid('spec', spec, 'field is immutable')]);

/** Items of a list that is not too long, none of them there twice by its key. */
export function setOf<T>(items: readonly T[] | null | undefined, path: string, most: number, check: (item: T, place: string) => FieldError[], keyOf?: (item: T) => unknown): FieldError[] {
  const all = items ?? [];
  if (all.length > most) return [tooMany(path, all.length, most)];
  const keys = keyOf ? all.map(keyOf) : [];
  return [...eachOf(path, all, check), ...keys.flatMap((key, index) => (keys.indexOf(key) < index ? [duplicate(at(path, index), key)] : []))];
}

function claimSpec(spec: ClaimSpec | undefined, path: string): FieldError[] {
  const { requests, constraints, config } = spec?.devices ?? {};
  const devices = child(path, 'devices');
  const names = new Set((requests ?? []).flatMap(({ name = '', firstAvailable = [] }) => [name, ...firstAvailable.map((alternative) => `${name}/${alternative.name ?? ''}`)]));
  const reference = (name: string, place: string): FieldError[] => {
    const parts = name.split('/');
    if (parts.length > 2) return [invalid(place, name, REQUEST_PROBLEM)];
    return [...parts.flatMap((part) => problemsAsErrors(place, part, dns1123Label(part))), ...(names.has(name) ? [] : [invalid(place, name, REQUEST_PROBLEM)])];
  };
  return [
    ...setOf(requests, child(devices, 'requests'), MOST, request, ({ name = '' }) => name),
    ...setOf(constraints, child(devices, 'constraints'), MOST, (constraint, place) => [
      ...setOf(constraint.requests, child(place, 'requests'), MOST, reference, (name) => name),
      ...(constraint.matchAttribute === undefined ? [required(child(place, 'matchAttribute'))] : fullyQualified(constraint.matchAttribute, child(place, 'matchAttribute'))),
    ]),
    ...setOf(config, child(devices, 'config'), MOST, (each, place) => [...setOf(each.requests, child(place, 'requests'), MOST, reference, (name) => name), ...configuration(each, place)]),
  ];
}

function request({ name = '', exactly, firstAvailable = [] }: Request, place: string): FieldError[] {
  const errors = problemsAsErrors(child(place, 'name'), name, dns1123Label(name));
  if (exactly && firstAvailable.length > 0) return [...errors, invalid(place, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set')];
  if (exactly) return [...errors, ...ask(exactly, child(place, 'exactly'))];
  if (firstAvailable.length === 0) return [...errors, required(place, 'exactly one of `exactly` or `firstAvailable` is required')];
  return [...errors, ...setOf(firstAvailable, child(place, 'firstAvailable'), MOST_ALTERNATIVES, (each, path) => [...problemsAsErrors(child(path, 'name'), each.name ?? '', dns1123Label(each.name ?? '')), ...ask(each, path)], (each) => each.name)];
}

function ask({ deviceClassName, selectors, allocationMode = '', count = 0 }: Ask, path: string): FieldError[] {
  const errors = deviceClassName ? problemsAsErrors(child(path, 'deviceClassName'), deviceClassName, dns1123Subdomain(deviceClassName)) : [required(child(path, 'deviceClassName'))];
  errors.push(...deviceSelectors(selectors, child(path, 'selectors')));
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalid(child(path, 'count'), count, "must not be specified when allocationMode is 'All'"));
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(child(path, 'count'), count, 'must be greater than zero'));
  } else errors.push(...oneOf(child(path, 'allocationMode'), allocationMode, ['All', 'ExactCount']));
  return errors;
}

const deviceSelectors = (selectors: readonly Selector[] | undefined, path: string): FieldError[] => setOf(selectors, path, MOST, ({ cel }, place) => (cel ? [] : [required(child(place, 'cel'))]));

function configuration({ opaque }: Configuration, place: string): FieldError[] {
  if (!opaque) return [required(child(place, 'opaque'))];
  const parameters = child(place, 'opaque.parameters');
  const isObject = typeof opaque.parameters === 'object' && !Array.isArray(opaque.parameters);
  return [
    ...csiDriverName(opaque.driver, child(place, 'opaque.driver')),
    ...(opaque.parameters === undefined || opaque.parameters === null ? [required(parameters)] : isObject ? [] : [invalid(parameters, '<value omitted>', 'must be a valid JSON object')]),
  ];
}

const fullyQualified = (name: string, field: string): FieldError[] => [...attributeName(name, field), ...(name.includes('/') ? [] : [invalid(field, name, 'a fully qualified name must be a domain and a name separated by a slash')])];

/** The name of an attribute of devices, with the domain that it is of, or without. */
export function attributeName(name: string, field: string): FieldError[] {
  const parts = name.split('/');
  if (parts.length > 2) return [];
  const [id = '', domain] = parts.reverse();
  const errors = domain === undefined ? [] : domain === '' ? [invalid(field, '', 'the domain must not be empty')] : csiDriverName(domain, field);
  if (domain !== undefined && id === '') return [...errors, invalid(field, '', 'the name must not be empty')];
  return [...errors, ...(id.length > LONGEST_IDENTIFIER ? [tooLong(field, LONGEST_IDENTIFIER)] : []), ...(IDENTIFIER.test(id) ? [] : [invalid(field, id, IDENTIFIER_PROBLEM)])];
}

interface DeviceClass { spec?: { selectors?: Selector[]; config?: Configuration[] } }

export const validateDeviceClass = ({ spec }: DeviceClass): FieldError[] => [...deviceSelectors(spec?.selectors, 'spec.selectors'), ...setOf(spec?.config, 'spec.config', MOST, configuration)];
