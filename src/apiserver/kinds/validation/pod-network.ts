import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { at, child, type FieldError, invalid, required } from '../../schema/field-error.js';
import { ipErrors } from '../../schema/ip-address.js';
import { dns1123Subdomain } from '../../schema/names.js';
import { eachOf, problemsAsErrors } from './common.js';

const MOST_NAMESERVERS = 3;
const MOST_SEARCHES = 32;
const LONGEST_SEARCH_LIST = 2048;
const SEARCH = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;
const SEARCH_PROBLEM = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SEARCH.source.slice(1, -1)}')`;

/** What is wrong with the names and addresses that a pod gets, and with its ports on the host's network. */
export const validatePodNetwork = (spec: PodSpec, path: string): FieldError[] => [
  ...dns(spec, child(path, 'dnsConfig')),
  ...eachOf(child(path, 'hostAliases'), spec.hostAliases, ({ ip = '', hostnames }: { ip?: string; hostnames?: string[] }, place) => [
    ...ipErrors(child(place, 'ip'), ip),
    ...eachOf(child(place, 'hostnames'), hostnames, (name, field) => problemsAsErrors(field, name, dns1123Subdomain(name))),
  ]),
  ...(spec.hostNetwork ? (['containers', 'initContainers'] as const).flatMap((kind) => eachOf(child(path, kind), spec[kind], hostPorts)) : []),
];

const hostPorts = ({ ports }: Container, place: string): FieldError[] =>
  eachOf(child(place, 'ports'), ports, ({ hostPort, containerPort }, field) => (hostPort !== containerPort ? [invalid(child(field, 'hostPort'), hostPort ?? 0, 'must match `containerPort` when `hostNetwork` is true')] : []));

function dns({ dnsPolicy, dnsConfig }: PodSpec, path: string): FieldError[] {
  if (dnsPolicy === 'None' && !dnsConfig) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  const { nameservers = [], searches = [], options } = dnsConfig ?? {};
  if (dnsPolicy === 'None' && nameservers.length === 0) return [required(child(path, 'nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  return [
    ...(nameservers.length > MOST_NAMESERVERS ? [invalid(child(path, 'nameservers'), nameservers, `must not have more than ${MOST_NAMESERVERS} nameservers`)] : []),
    ...nameservers.flatMap((address, index) => ipErrors(at(child(path, 'nameservers'), index), address)),
    ...(searches.length > MOST_SEARCHES ? [invalid(child(path, 'searches'), searches, `must not have more than ${MOST_SEARCHES} search paths`)] : []),
    ...(searches.join(' ').length > LONGEST_SEARCH_LIST ? [invalid(child(path, 'searches'), searches, `must not have more than ${LONGEST_SEARCH_LIST} characters (including spaces) in the search list`)] : []),
    ...searches.flatMap((search, index) => (search === '.' || SEARCH.test(search.replace(/\.$/, '')) ? [] : [invalid(at(child(path, 'searches'), index), search, SEARCH_PROBLEM)])),
    ...eachOf(child(path, 'options'), options, ({ name }, place) => (name ? [] : [required(place, 'must not be empty')])),
  ];
}
