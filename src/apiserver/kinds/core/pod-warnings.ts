import type { Container, ContainerPort, NodeSelectorTerm, PodAffinityTerm, PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../../contracts.js';
import { at, child } from '../../schema/field-error.js';
import { ipWarnings } from '../../schema/ip-address.js';
import { dns1123Label, labelValue } from '../../schema/names.js';
import { formatQuantity, parseQuantity, type Quantity } from '../../schema/quantity.js';

const DEPRECATED_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};
/** Why a label of nodes is no longer to be used; undefined: it may be. */
export const deprecationOf = (label: string): string | undefined => (Object.hasOwn(DEPRECATED_LABELS, label) ? DEPRECATED_LABELS[label] : undefined);

/** Kinds of volumes that nothing can mount any more, and why. */
const GONE: Readonly<Record<string, string>> = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
};

/** Of a volume of such a kind, in a pod or on its own. */
export const goneVolumeWarnings = (volume: object, path: string): string[] =>
  Object.entries(GONE).filter(([kind]) => Object.hasOwn(volume, kind)).map(([kind, why]) => `${child(path, kind === 'storageos' ? 'storageOS' : kind)}: ${why}`);

const NANO = 1_000_000_000n;
/** Bytes come whole. */
export const fractionWarning = (amount: Quantity | undefined, field: string): string[] => (amount && amount.nano % NANO !== 0n ? [`${field}: fractional byte value ${JSON.stringify(formatQuantity(amount))} is invalid, must be an integer`] : []);

/** What Kubernetes warns of in a new pod. */
export const podWarnings = (object: ApiObject): string[] => [
  ...nameWarnings(object, "the Pod's hostname"),
  ...specWarnings(object['spec'] as PodSpec | undefined, 'spec'),
];

/** What it warns of in what makes pods out of a template, at `path`, and names them after itself in a way that can surprise. */
export const templateWarnings = (path: string, templateOf: (object: ApiObject) => PodTemplateSpec | undefined, { isNamed = true } = {}) => (object: ApiObject, previous?: ApiObject): string[] => {
  if (previous && previous.metadata.generation === object.metadata.generation) return [];
  return [...(previous || !isNamed ? [] : nameWarnings(object, 'Pod names and hostnames')), ...specWarnings(templateOf(object)?.spec, child(path, 'spec'))];
};

function nameWarnings({ metadata: { name = '' } }: ApiObject, where: string): string[] {
  const problems = dns1123Label(name);
  return problems.length === 0 ? [] : [`metadata.name: this is used in ${where}, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`];
}

function specWarnings(spec: PodSpec | undefined, path: string): string[] {
  if (!spec) return [];
  const containers = (['initContainers', 'containers'] as const).flatMap((kind) => (spec[kind] ?? []).map((container, index) => ({ container, place: at(child(path, kind), index) })));
  return [
    ...placement(spec, path),
    ...(spec.volumes ?? []).flatMap((volume, index) => [
      ...goneVolumeWarnings(volume, at(child(path, 'volumes'), index)),
      ...(volume.projected?.sources ?? []).filter((source) => Object.keys(source).length === 0).map(() => `volume ${JSON.stringify(volume.name)} (Projected) has no sources provided`),
    ]),
    ...repeated(spec.hostAliases, 'ip', child(path, 'hostAliases')),
    ...repeated(spec.imagePullSecrets, 'name', child(path, 'imagePullSecrets')),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name = '' }, index) => (name === '' ? [`${child(at(child(path, 'imagePullSecrets'), index), 'name')}: invalid empty name ""`] : [])),
    ...containers.flatMap(({ container, place }) => [...fractions(container, place), ...hidden(container, place)]),
    ...overlaps(containers.flatMap(({ container, place }) => (container.ports ?? []).map((port, index) => ({ port, place: at(child(place, 'ports'), index) })))),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0 ? [`${child(path, 'terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`] : []),
    ...(['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
      const { requiredDuringSchedulingIgnoredDuringExecution: required = [], preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } = spec.affinity?.[kind] ?? {};
      const place = child(path, 'affinity', kind);
      return [
        ...required.flatMap((term, index) => matchingNothing(term, at(child(place, 'requiredDuringSchedulingIgnoredDuringExecution'), index))),
        ...preferred.flatMap(({ podAffinityTerm }, index) => matchingNothing(podAffinityTerm, child(at(child(place, 'preferredDuringSchedulingIgnoredDuringExecution'), index), 'podAffinityTerm'))),
      ];
    }),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((address, index) => ipWarnings(at(child(path, 'dnsConfig', 'nameservers'), index), address)),
    ...(spec.hostAliases ?? []).flatMap(({ ip = '' }: { ip?: string }, index) => ipWarnings(child(at(child(path, 'hostAliases'), index), 'ip'), ip)),
  ];
}

const matchingNothing = ({ labelSelector }: Pick<PodAffinityTerm, 'labelSelector'>, place: string): string[] => (labelSelector ? [] : [`${child(place, 'labelSelector')}: a null labelSelector results in matching no pod`]);

const deprecated = (key: string, field: string): string[] => (deprecationOf(key) === undefined ? [] : [`${field}: ${key} is ${deprecationOf(key)}`]);

/** Of one of the terms that a node can fit. */
export const nodeTermWarnings = ({ matchExpressions = [] }: NodeSelectorTerm, field: string, checksValues: boolean): string[] => matchExpressions.flatMap(({ key, values = [] }, index) => {
  const expression = at(child(field, 'matchExpressions'), index);
  return [...deprecated(key, child(expression, 'key')), ...(checksValues ? values.flatMap((value, position) => labelValue(value).map((problem) => `${at(child(expression, 'values'), position)}: ${value} is invalid, ${problem}`)) : [])];
});

/** Labels of nodes that are called otherwise now. */
function placement({ nodeSelector = {}, affinity, topologySpreadConstraints = [] }: PodSpec, path: string): string[] {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } = affinity?.nodeAffinity ?? {};
  const place = child(path, 'affinity', 'nodeAffinity');
  return [
    ...Object.keys(nodeSelector).flatMap((key) => (deprecationOf(key) === undefined ? [] : [`${at(child(path, 'nodeSelector'), key)}: ${deprecationOf(key)}`])),
    ...(required?.nodeSelectorTerms ?? []).flatMap((each, index) => nodeTermWarnings(each, at(child(place, 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'), index), false)),
    ...preferred.flatMap(({ preference }, index) => nodeTermWarnings(preference, child(at(child(place, 'preferredDuringSchedulingIgnoredDuringExecution'), index), 'preference'), true)),
    ...topologySpreadConstraints.flatMap((constraint, index) => {
      const field = at(child(path, 'topologySpreadConstraints'), index);
      return [...deprecated(constraint.topologyKey, child(field, 'topologyKey')), ...matchingNothing(constraint, field)];
    }),
  ];
}

function repeated<T extends object>(items: readonly T[] = [], field: keyof T & string, path: string): string[] {
  const seen = new Set<unknown>();
  return items.flatMap((item, index) => {
    const again = seen.has(item[field]);
    seen.add(item[field]);
    return again ? [`${child(at(path, index), field)}: duplicate ${field} ${JSON.stringify(item[field] ?? '')}`] : [];
  });
}

const fractions = ({ resources }: Container, place: string): string[] =>
  (['memory', 'ephemeral-storage'] as const).flatMap((name) => (['limits', 'requests'] as const).flatMap((list) => fractionWarning(parseQuantity(resources?.[list]?.[name]), at(child(place, 'resources', list), name))));

/** Variables that are defined again without the value they had. */
function hidden({ env = [] }: Container, place: string): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const reference = `$(${name})`;
    const hides = seen.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference));
    seen.add(name);
    return hides ? [`${at(child(place, 'env'), index)}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`] : [];
  });
}

interface PlacedPort { port: ContainerPort; place: string }

function overlaps(ports: readonly PlacedPort[]): string[] {
  const same = ports.flatMap(({ port, place }, index) => ports.slice(0, index).filter(({ port: other }) => other.containerPort === port.containerPort && other.protocol === port.protocol).flatMap((other) => overlap(port, place, other)));
  const names = ports.flatMap(({ port, place }, index) => {
    const first = port.name ? ports.slice(0, index).find(({ port: other }) => other.name === port.name) : undefined;
    return first ? [`${place}: duplicate port name ${JSON.stringify(port.name)} with ${first.place}, services and probes that select ports by name will use ${first.place}`] : [];
  });
  return [...same, ...names];
}

function overlap({ hostIP = '', hostPort = 0 }: ContainerPort, place: string, { port: { hostIP: otherIP = '', hostPort: otherPort = 0 }, place: otherPlace }: PlacedPort): string[] {
  if (hostIP === otherIP && hostPort === otherPort) return [`${place}: duplicate port definition with ${otherPlace}`];
  if (hostPort === 0 || otherPort === 0) return [`${place}: overlapping port definition with ${otherPlace}`];
  return hostPort === otherPort && (hostIP === '') !== (otherIP === '') ? [`${place}: dangerously ambiguous port definition with ${otherPlace}`] : [];
}
