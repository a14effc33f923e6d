import type { Container, ContainerPort, EnvVar, LifecycleHandler, Probe, VolumeMount } from 'kubernetes-types/core/v1.js';
import { child, duplicate, type FieldError, forbidden, invalid, notFound, notSupported, required } from '../../schema/field-error.js';
import { dns1123Label, portName } from '../../schema/names.js';
import { eachOf, nonNegative, oneOf, portNumber, positive, problemsAsErrors } from './common.js';
import { validateResources } from './resources.js';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** What is wrong with a list of containers; `volumes` are the names that their mounts may use, `taken` the names of other containers. */
export function validateContainers(containers: readonly Container[] | undefined, path: string, volumes: ReadonlySet<string>, taken: Set<string>): FieldError[] {
  const hostPorts = new Set<string>();
  return eachOf(path, containers, (container, place) => [
    ...containerName(container.name, child(place, 'name'), taken),
    ...image(container.image, child(place, 'image')),
    ...oneOf(child(place, 'imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...oneOf(child(place, 'terminationMessagePolicy'), container.terminationMessagePolicy, ['FallbackToLogsOnError', 'File']),
    ...ports(container.ports, child(place, 'ports'), hostPorts),
    ...eachOf(child(place, 'env'), container.env, variable),
    ...mounts(container.volumeMounts, child(place, 'volumeMounts'), volumes),
    ...validateResources(container.resources, child(place, 'resources')),
    ...probe(container.livenessProbe, child(place, 'livenessProbe'), true),
    ...probe(container.startupProbe, child(place, 'startupProbe'), true),
    ...probe(container.readinessProbe, child(place, 'readinessProbe'), false),
    ...handler(container.lifecycle?.postStart, child(place, 'lifecycle', 'postStart')),
    ...handler(container.lifecycle?.preStop, child(place, 'lifecycle', 'preStop')),
  ]);
}

function containerName(name: string | undefined, field: string, taken: Set<string>): FieldError[] {
  if (!name) return [required(field)];
  if (taken.has(name)) return [duplicate(field, name)];
  taken.add(name);
  return problemsAsErrors(field, name, dns1123Label(name));
}

function image(value: string | undefined, field: string): FieldError[] {
  if (!value) return [required(field)];
  return value === value.trim() ? [] : [invalid(field, value, 'must not have leading or trailing whitespace')];
}

function ports(all: readonly ContainerPort[] | undefined, path: string, hostPorts: Set<string>): FieldError[] {
  const names = new Set<string>();
  return eachOf(path, all, ({ name, containerPort, hostPort, hostIP = '', protocol }, place) => {
    const errors: FieldError[] = [];
    if (name) {
      errors.push(...problemsAsErrors(child(place, 'name'), name, portName(name)));
      if (names.has(name)) errors.push(duplicate(child(place, 'name'), name));
      names.add(name);
    }
    if (!containerPort) errors.push(required(child(place, 'containerPort')));
    else errors.push(...portNumber(child(place, 'containerPort'), containerPort));
    if (hostPort) {
      errors.push(...portNumber(child(place, 'hostPort'), hostPort));
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (hostPorts.has(key)) errors.push(duplicate(child(place, 'hostPort'), key));
      hostPorts.add(key);
    }
    if (!protocol) errors.push(required(child(place, 'protocol')));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(child(place, 'protocol'), protocol, PROTOCOLS));
    return errors;
  });
}

const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'] as const;

function variable({ name, value, valueFrom }: EnvVar, place: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(child(place, 'name')));
  else if (!/^[ -<>-~]+$/.test(name)) errors.push(invalid(child(place, 'name'), name, "a valid environment variable name must consist only of printable ASCII characters other than '='"));
  if (!valueFrom) return errors;
  const field = child(place, 'valueFrom');
  const given = SOURCES.filter((source) => valueFrom[source] !== undefined);
  if (value) errors.push(invalid(field, '', 'may not be specified when `value` is not empty'));
  if (given.length === 0) errors.push(invalid(field, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'));
  if (given.length > 1) errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
  if (valueFrom.fieldRef && !valueFrom.fieldRef.fieldPath) errors.push(required(child(field, 'fieldRef', 'fieldPath')));
  for (const source of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = valueFrom[source];
    if (reference && !reference.name) errors.push(required(child(field, source, 'name')));
    if (reference && !reference.key) errors.push(required(child(field, source, 'key')));
  }
  return errors;
}

function mounts(all: readonly VolumeMount[] | undefined, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const paths = new Set<string>();
  return eachOf(path, all, ({ name, mountPath }, place) => {
    const errors: FieldError[] = [];
    if (!name) errors.push(required(child(place, 'name')));
    else if (!volumes.has(name)) errors.push(notFound(child(place, 'name'), name));
    if (!mountPath) errors.push(required(child(place, 'mountPath')));
    else if (paths.has(mountPath)) errors.push(invalid(child(place, 'mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    return errors;
  });
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function handler(value: (LifecycleHandler & Pick<Probe, 'grpc'>) | undefined, path: string): FieldError[] {
  if (!value) return [];
  const given = HANDLERS.filter((name) => (value as Record<string, unknown>)[name] !== undefined);
  if (given.length === 0) return [required(path, 'must specify a handler type')];
  if (given.length > 1) return [forbidden(child(path, given[1] ?? ''), 'may not specify more than 1 handler type')];
  const errors: FieldError[] = [];
  if (value.exec && (value.exec.command ?? []).length === 0) errors.push(required(child(path, 'exec', 'command')));
  for (const name of ['httpGet', 'tcpSocket'] as const) {
    const port = value[name]?.port;
    if (value[name] === undefined) continue;
    const field = child(path, name, 'port');
    if (typeof port === 'number' || port === undefined) errors.push(...portNumber(field, port ?? 0));
    else errors.push(...problemsAsErrors(field, port, portName(port)));
  }
  return errors;
}

function probe(value: Probe | undefined, path: string, onlyOneSuccess: boolean): FieldError[] {
  if (!value) return [];
  const errors = handler(value, path);
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) errors.push(...nonNegative(child(path, field), value[field]));
  errors.push(...positive(child(path, 'terminationGracePeriodSeconds'), value.terminationGracePeriodSeconds));
  if (onlyOneSuccess && value.successThreshold !== undefined && value.successThreshold !== 1) errors.push(invalid(child(path, 'successThreshold'), value.successThreshold, 'must be 1'));
  return errors;
}

