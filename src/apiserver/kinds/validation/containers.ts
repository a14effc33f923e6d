import type { Container, ContainerPort, EnvFromSource, EnvVar, LifecycleHandler, Probe, VolumeDevice } from 'kubernetes-types/core/v1.js';
import { child, duplicate, type FieldError, forbidden, invalid, notFound, notSupported, required } from '../../schema/field-error.js';
import { dns1123Label, portName } from '../../schema/names.js';
import { eachOf, nonNegative, oneOf, portNumber, positive, problemsAsErrors, PROTOCOLS } from './common.js';
import { ENVIRONMENT_FIELDS, fieldReference, resourceReference } from './downward.js';
import { validateResources } from './resources.js';
import { validateContainerSecurity } from './security-context.js';


/** What containers may refer to in their pod. */
export interface PodSurroundings {
  /** Its volumes by name, and whether they are claims: those can be devices. */
  volumes: ReadonlyMap<string, boolean>;
  /** The names of its claims for devices. */
  claims: ReadonlySet<string>;
  /** How long its containers have to end, in seconds. */
  gracePeriod: number;
}

/** What is wrong with a list of containers; `taken` are the names of others. `isInit`: they run before the others, and end unless they always restart. */
export function validateContainers(containers: readonly Container[] | undefined, path: string, { volumes, claims, gracePeriod }: PodSurroundings, taken: Set<string>, isInit = false): FieldError[] {
  const hostPorts = new Set<string>();
  return eachOf(path, containers, (container, place) => [
    ...containerName(container.name, child(place, 'name'), taken),
    ...image(container.image, child(place, 'image')),
    ...oneOf(child(place, 'imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...oneOf(child(place, 'terminationMessagePolicy'), container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']),
    ...ports(container.ports, child(place, 'ports'), hostPorts),
    ...eachOf(child(place, 'env'), container.env, variable),
    ...variableSources(container.envFrom, child(place, 'envFrom')),
    ...mounts(container, child(place, 'volumeMounts'), volumes),
    ...devices(container.volumeDevices, child(place, 'volumeDevices'), volumes),
    ...policies(container, place),
    ...validateResources(container.resources, child(place, 'resources'), claims),
    ...validateContainerSecurity(container.securityContext, child(place, 'securityContext')),
    ...(isInit && (container as { restartPolicy?: string }).restartPolicy !== 'Always' ? livingOnly(container, place) : lifeOf(container, place, gracePeriod)),
  ]);
}

const lifeOf = (container: Container, place: string, gracePeriod: number): FieldError[] => [
  ...probe(container.livenessProbe, child(place, 'livenessProbe'), true),
  ...probe(container.startupProbe, child(place, 'startupProbe'), true),
  ...probe(container.readinessProbe, child(place, 'readinessProbe'), false),
  ...handler(container.lifecycle?.postStart, child(place, 'lifecycle', 'postStart'), gracePeriod),
  ...handler(container.lifecycle?.preStop, child(place, 'lifecycle', 'preStop'), gracePeriod),
];

/** What containers that only run to their end do not have. */
const livingOnly = (container: Container, place: string): FieldError[] =>
  (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const).filter((field) => container[field] !== undefined).map((field) => forbidden(child(place, field), 'may not be set for init containers without restartPolicy=Always'));

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

const VARIABLE = /^[ -<>-~]+$/;
const VARIABLE_PROBLEM = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const;

function variable({ name, value, valueFrom }: EnvVar, place: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(child(place, 'name')));
  else if (!VARIABLE.test(name)) errors.push(invalid(child(place, 'name'), name, VARIABLE_PROBLEM));
  if (!valueFrom) return errors;
  const field = child(place, 'valueFrom');
  const given = SOURCES.filter((source) => (valueFrom as Record<string, unknown>)[source] !== undefined);
  if (value) errors.push(invalid(field, '', 'may not be specified when `value` is not empty'));
  if (given.length === 0) errors.push(invalid(field, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'));
  if (given.length > 1) errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
  if (valueFrom.fieldRef) errors.push(...fieldReference(valueFrom.fieldRef, child(field, 'fieldRef'), ENVIRONMENT_FIELDS));
  if (valueFrom.resourceFieldRef) errors.push(...resourceReference(valueFrom.resourceFieldRef, child(field, 'resourceFieldRef'), false));
  for (const source of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = valueFrom[source];
    if (reference && !reference.name) errors.push(required(child(field, source, 'name')));
    if (reference && !reference.key) errors.push(required(child(field, source, 'key')));
  }
  return errors;
}

const variableSources = (sources: readonly EnvFromSource[] | undefined, path: string): FieldError[] => eachOf(path, sources, ({ prefix = '', configMapRef, secretRef }, place) => [
  ...(prefix === '' || VARIABLE.test(prefix) ? [] : [invalid(child(place, 'prefix'), prefix, VARIABLE_PROBLEM)]),
  ...(configMapRef && !configMapRef.name ? [required(child(place, 'configMapRef', 'name'))] : []),
  ...(secretRef && !secretRef.name ? [required(child(place, 'secretRef', 'name'))] : []),
  ...(!configMapRef && !secretRef ? [invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`')] : []),
  ...(configMapRef && secretRef ? [invalid(path, '', 'may not have more than one field specified at a time')] : []),
]);

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

/** Of some of it Kubernetes does not say which of the mounts is meant. */
function mounts({ volumeMounts, securityContext }: Container, path: string, volumes: PodSurroundings['volumes']): FieldError[] {
  const paths = new Set<string>();
  return eachOf(path, volumeMounts, ({ name, mountPath, subPath = '', subPathExpr = '', mountPropagation }, place) => {
    const errors: FieldError[] = [];
    if (!name) errors.push(required(child(place, 'name')));
    else if (!volumes.has(name)) errors.push(notFound(child(place, 'name'), name));
    if (!mountPath) errors.push(required(child(place, 'mountPath')));
    else if (paths.has(mountPath)) errors.push(invalid(child(place, 'mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    errors.push(...descending(subPath, child(path, 'subPath')));
    if (subPath !== '' && subPathExpr !== '') errors.push(invalid(child(place, 'subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
    errors.push(...descending(subPathExpr, child(path, 'subPathExpr')), ...oneOf(child(path, 'mountPropagation'), mountPropagation, PROPAGATIONS));
    if (mountPropagation === 'Bidirectional' && !securityContext?.privileged) errors.push(forbidden(child(path, 'mountPropagation'), 'Bidirectional mount propagation is available only to privileged containers'));
    return errors;
  });
}

function descending(path: string, field: string): FieldError[] {
  if (path.startsWith('/')) return [invalid(field, path, 'must be a relative path')];
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];
}

function devices(all: readonly VolumeDevice[] | undefined, path: string, volumes: PodSurroundings['volumes']): FieldError[] {
  return eachOf(path, all, ({ name = '', devicePath = '' }: Partial<VolumeDevice>, place) => [
    ...(name === '' ? [required(child(place, 'name'))] : []),
    ...(!volumes.has(name) ? [notFound(child(place, 'name'), name)] : volumes.get(name) ? [] : [invalid(child(place, 'name'), name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')]),
    ...(devicePath === '' ? [required(child(place, 'devicePath'))] : []),
    ...(devicePath.split('/').includes('..') ? [invalid(child(place, 'devicePath'), devicePath, "can not contain backsteps ('..')")] : []),
  ]);
}

/** When a container is started again, and what of it can be changed without that. */
function policies(container: Container, place: string): FieldError[] {
  const { resizePolicy, restartPolicy } = container as Container & { resizePolicy?: { resourceName: string; restartPolicy: string }[]; restartPolicy?: string };
  const field = child(place, 'resizePolicy');
  return [
    ...(resizePolicy ?? []).flatMap(({ resourceName, restartPolicy: policy }) => [...oneOf(field, resourceName, ['cpu', 'memory']), ...oneOf(field, policy, ['NotRequired', 'RestartContainer'])]),
    ...oneOf(child(place, 'restartPolicy'), restartPolicy, ['Always', 'Never', 'OnFailure']),
  ];
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

const SCHEMES = ['HTTP', 'HTTPS'];
const HEADER = /^[-A-Za-z0-9]+$/;
const HEADER_PROBLEM = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

function handler(value: (LifecycleHandler & Pick<Probe, 'grpc'>) | undefined, path: string, gracePeriod = Infinity): FieldError[] {
  if (!value) return [];
  const given = HANDLERS.filter((name) => (value as Record<string, unknown>)[name] !== undefined);
  if (given.length === 0) return [required(path, 'must specify a handler type')];
  const errors: FieldError[] = given.slice(1).map((name) => forbidden(child(path, name), 'may not specify more than 1 handler type'));
  // Only the first of several is looked at.
  return [...errors, ...handling({ [given[0]!]: (value as Record<string, unknown>)[given[0]!] }, path, gracePeriod)];
}

function handling(value: LifecycleHandler & Pick<Probe, 'grpc'>, path: string, gracePeriod: number): FieldError[] {
  const errors: FieldError[] = [];
  if (value.exec && (value.exec.command ?? []).length === 0) errors.push(required(child(path, 'exec', 'command')));
  for (const name of ['httpGet', 'tcpSocket'] as const) {
    const port = value[name]?.port;
    if (value[name] === undefined) continue;
    const field = child(path, name, 'port');
    if (typeof port === 'number' || port === undefined) errors.push(...portNumber(field, port ?? 0));
    else errors.push(...problemsAsErrors(field, port, portName(port)));
  }
  if (value.httpGet) errors.push(...(value.httpGet.path ? [] : [required(child(path, 'httpGet', 'path'))]), ...oneOf(child(path, 'httpGet', 'scheme'), value.httpGet.scheme, SCHEMES), ...(value.httpGet.httpHeaders ?? []).filter(({ name }) => !HEADER.test(name)).map(({ name }) => invalid(child(path, 'httpGet', 'httpHeaders'), name, HEADER_PROBLEM)));
  if (value.grpc) errors.push(...portNumber(child(path, 'grpc', 'port'), value.grpc.port));
  const { seconds = 0 } = (value as { sleep?: { seconds?: number } }).sleep ?? {};
  if (seconds < 0 || seconds > gracePeriod) errors.push(invalid(child(path, 'sleep'), seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`));
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

