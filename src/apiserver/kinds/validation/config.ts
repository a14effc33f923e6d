import { Buffer } from 'node:buffer';
import type { ConfigMap, Secret } from 'kubernetes-types/core/v1.js';
import { at, type FieldError, forbidden, invalid, required, tooLong } from '../../schema/field-error.js';
import { jsonSyntaxError } from '../../schema/json-syntax.js';
import { sameJson } from '../../schema/json.js';
import { unchanged } from './common.js';

const LARGEST_CONFIG = 1024 * 1024;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;

function configKeys(field: string, data: Record<string, string> | undefined): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => {
    if (key.length > 253) return [invalid(at(field, key), key, 'must be no more than 253 characters')];
    if (key === '.' || key.startsWith('..')) return [invalid(at(field, key), key, key.length < 3 ? `must not be '${key}'` : "must not start with '..'")];
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

const SERVICE_ACCOUNT = 'kubernetes.io/service-account.name';

/** What secrets of a known type have to have. */
const SECRET_CHECKS: Readonly<Record<string, (secret: Secret) => FieldError[]>> = {
  'kubernetes.io/basic-auth': ({ data }) => (data?.['username'] === undefined && data?.['password'] === undefined ? [required('data[username]'), required('data[password]')] : []),
  'kubernetes.io/dockercfg': ({ data }) => jsonObject(data, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': ({ data }) => jsonObject(data, '.dockerconfigjson'),
  'kubernetes.io/service-account-token': ({ metadata }) => (metadata?.annotations?.[SERVICE_ACCOUNT] ? [] : [required(at('metadata.annotations', SERVICE_ACCOUNT))]),
  'kubernetes.io/ssh-auth': ({ data }) => (data?.['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]),
  'kubernetes.io/tls': ({ data }) => ['tls.crt', 'tls.key'].filter((key) => data?.[key] === undefined).map((key) => required(at('data', key))),
};

function jsonObject(data: Secret['data'], key: string): FieldError[] {
  if (data?.[key] === undefined) return [required(at('data', key))];
  const text = Buffer.from(data[key], 'base64').toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return typeof value === 'object' && kind !== 'array' ? [] : [redacted(key, `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`)];
  } catch {
    return [redacted(key, jsonSyntaxError(text))];
  }
}

const redacted = (key: string, problem: string): FieldError => invalid(at('data', key), '<secret contents redacted>', problem);

export const validateSecret = (secret: Secret): FieldError[] => [
  ...configKeys('data', secret.data),
  ...(SECRET_CHECKS[secret.type ?? '']?.(secret) ?? []),
  ...(sizeOf(secret.data) > LARGEST_CONFIG ? [tooLong('data', LARGEST_CONFIG)] : []),
];

export const validateSecretUpdate = (object: Secret, previous: Secret): FieldError[] => [...unchanged('type', object.type, previous.type), ...frozen(object, previous)];
