import type { HTTPIngressPath, Ingress, IngressBackend, IngressClass } from 'kubernetes-types/networking/v1.js';
import { child, type FieldError, forbidden, invalid, required, tooLong } from '../../schema/field-error.js';
import { ipFamily } from '../../schema/ip-address.js';
import { dns1035Label, dns1123Subdomain, pathSegment, portName } from '../../schema/names.js';
import { domainPrefixedPath, eachOf, oneOf, portNumber, problemsAsErrors, unchanged } from './common.js';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_PARTS = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDINGS = ['/..', '/.'];
const WILDCARD = /^\*\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const WILDCARD_PROBLEM =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const hostProblems = (host: string): string[] => (host.includes('*') ? (WILDCARD.test(host) ? [] : [WILDCARD_PROBLEM]) : dns1123Subdomain(host));

export function validateIngress({ spec }: Ingress): FieldError[] {
  const { rules, defaultBackend, tls, ingressClassName } = spec ?? {};
  return [
    ...((rules ?? []).length === 0 && !defaultBackend ? [invalid('spec', rules, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(defaultBackend ? backend(defaultBackend, 'spec.defaultBackend') : []),
    ...eachOf('spec.rules', rules, ({ host, http }, place) => [
      ...(host && ipFamily(host) !== 0 ? [invalid(child(place, 'host'), host, 'must be a DNS name, not an IP address')] : []),
      ...(host ? problemsAsErrors(child(place, 'host'), host, hostProblems(host)) : []),
      ...(http && (http.paths ?? []).length === 0 ? [required(child(place, 'http.paths'))] : []),
      ...eachOf(child(place, 'http.paths'), http?.paths, httpPath),
    ]),
    ...eachOf('spec.tls', tls, ({ hosts, secretName }, place) => [
      ...eachOf(child(place, 'hosts'), hosts, (host, field) => problemsAsErrors(field, host, hostProblems(host))),
      ...(secretName ? problemsAsErrors(child(place, 'secretName'), secretName, dns1123Subdomain(secretName)) : []),
    ]),
    ...(ingressClassName === undefined ? [] : problemsAsErrors('spec.ingressClassName', ingressClassName, dns1123Subdomain(ingressClassName))),
  ];
}

/** A new ingress says its class in one way. */
export function validateNewIngress({ metadata, spec }: Ingress): FieldError[] {
  const annotated = metadata?.annotations?.[CLASS_ANNOTATION];
  const differs = annotated !== undefined && spec?.ingressClassName !== undefined && annotated !== spec.ingressClassName;
  return differs ? [invalid(child('annotations', CLASS_ANNOTATION), annotated, 'must match `ingressClassName` when both are specified')] : [];
}

function httpPath({ path = '', pathType, backend: to }: Partial<HTTPIngressPath>, place: string): FieldError[] {
  const field = child(place, 'path');
  if (!pathType) return [required(child(place, 'pathType'), 'pathType must be specified')];
  const errors: FieldError[] = [];
  const isExact = pathType === 'Exact' || pathType === 'Prefix';
  if (isExact || pathType === 'ImplementationSpecific') {
    if ((isExact || path !== '') && !path.startsWith('/')) errors.push(invalid(field, path, 'must be an absolute path'));
    if (isExact) {
      for (const part of BAD_PARTS) if (path.includes(part)) errors.push(invalid(field, path, `must not contain '${part}'`));
      for (const ending of BAD_ENDINGS) if (path.endsWith(ending)) errors.push(invalid(field, path, `cannot end with '${ending}'`));
    }
  } else errors.push(...oneOf(child(place, 'pathType'), pathType, PATH_TYPES));
  return [...errors, ...backend(to ?? {}, child(place, 'backend'))];
}

function backend({ resource, service }: IngressBackend, path: string): FieldError[] {
  if (resource && service) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return [...(resource.kind ? [] : [required(child(path, 'resource.kind'))]), ...(resource.name ? [] : [required(child(path, 'resource.name'))])];
  if (!service) return [invalid(path, '', 'resource or service backend is required')];
  const field = child(path, 'service.name');
  const errors = service.name ? problemsAsErrors(field, service.name, dns1035Label(service.name)) : [required(field)];
  const { name, number } = service.port ?? {};
  if (name && number) return [...errors, invalid(path, '', 'cannot set both port name & port number')];
  if (name) return [...errors, ...problemsAsErrors(child(path, 'service.port.name'), name, portName(name))];
  return [...errors, ...(number ? portNumber(child(path, 'service.port.number'), number) : [required(path, 'port name or number is required')])];
}

const LONGEST_CONTROLLER = 250;

export function validateIngressClass({ spec }: IngressClass): FieldError[] {
  const { controller = '', parameters } = spec ?? {};
  const errors = [...(controller.length > LONGEST_CONTROLLER ? [tooLong('spec.controller', LONGEST_CONTROLLER)] : []), ...domainPrefixedPath('spec.controller', controller)];
  if (!parameters) return errors;
  const { apiGroup, scope = 'Cluster', namespace } = parameters;
  if (apiGroup !== undefined) errors.push(...problemsAsErrors('spec.parameters.apiGroup', apiGroup, dns1123Subdomain(apiGroup)));
  for (const field of ['kind', 'name'] as const) errors.push(...(parameters[field] ? problemsAsErrors(`spec.parameters.${field}`, parameters[field], pathSegment(parameters[field])) : [required(`spec.parameters.${field}`)]));
  errors.push(...oneOf('spec.parameters.scope', scope, ['Cluster', 'Namespace']));
  if (scope === 'Namespace' && !namespace) errors.push(required('spec.parameters.namespace', "`parameters.scope` is set to 'Namespace'"));
  if (scope === 'Cluster' && namespace !== undefined) errors.push(forbidden('spec.parameters.namespace', "`parameters.scope` is set to 'Cluster'"));
  return errors;
}

export const validateIngressClassUpdate = ({ spec }: IngressClass, { spec: before }: IngressClass): FieldError[] => unchanged('spec.controller', spec?.controller, before?.controller);
