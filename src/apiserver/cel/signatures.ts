import { type CelType, parameter, readType, splitTypes } from './type.js';

/** One way to call a function. */
export interface Overload {
  /** Called as `target.name(…)`; the target is the first of the parameters. */
  readonly isMember: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** Type parameters by name. */
  readonly generic: readonly string[];
}

const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const SUMMABLE = ['int', 'uint', 'double', 'duration'];
const NUMBERS = ['int', 'uint', 'double'];

const comparisons = ['<', '<=', '>', '>='].flatMap((sign) => [
  ...NUMBERS.flatMap((one) => NUMBERS.map((other) => `_${sign}_(${one}, ${other}): bool`)),
  ...['bool', 'string', 'bytes', 'timestamp', 'duration'].map((each) => `_${sign}_(${each}, ${each}): bool`),
]);
const arithmetic = ['+', '-', '*', '/'].flatMap((sign) => NUMBERS.map((each) => `_${sign}_(${each}, ${each}): ${each}`));
const sizes = ['string', 'bytes', 'list(A)', 'map(A, B)'].flatMap((each) => [`size(${each}): int`, `${each}.size(): int`]);
const times = ['getFullYear', 'getMonth', 'getDayOfYear', 'getDayOfMonth', 'getDate', 'getDayOfWeek', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'].flatMap((name) => [`timestamp.${name}(): int`, `timestamp.${name}(string): int`]);
const ofLists = COMPARABLE.flatMap((each) => [`list(${each}).isSorted(): bool`, `list(${each}).min(): ${each}`, `list(${each}).max(): ${each}`, `list(${each}).sort(): list(${each})`]);
const formats = ['dns1123Label', 'dns1123Subdomain', 'dns1035Label', 'qualifiedName', 'dns1123LabelPrefix', 'dns1123SubdomainPrefix', 'dns1035LabelPrefix', 'labelValue', 'uri', 'uuid', 'byte', 'date', 'datetime'].map((name) => `format.${name}(): kubernetes.NamedFormat`);

/** What expressions may call in Kubernetes 1.35. A target before a dot makes a member; other dots belong to the name. */
const SIGNATURES: readonly string[] = [
  ...comparisons, ...arithmetic, ...sizes, ...times, ...ofLists, ...formats,
  '_?_:_(bool, A, A): A', '!_(bool): bool', '_==_(A, A): bool', '_!=_(A, A): bool', '-_(int): int', '-_(double): double', '_%_(int, int): int', '_%_(uint, uint): uint',
  '_+_(string, string): string', '_+_(bytes, bytes): bytes', '_+_(list(A), list(A)): list(A)', '_+_(duration, duration): duration', '_+_(duration, timestamp): timestamp', '_+_(timestamp, duration): timestamp',
  '_-_(duration, duration): duration', '_-_(timestamp, duration): timestamp', '_-_(timestamp, timestamp): duration',
  '_[_](list(A), int): A', '_[_](map(A, B), A): B', '_[_](optional_type(list(V)), int): optional_type(V)', '_[_](optional_type(map(K, V)), K): optional_type(V)',
  '_[?_](list(V), int): optional_type(V)', '_[?_](optional_type(list(V)), int): optional_type(V)', '_[?_](map(K, V), K): optional_type(V)', '_[?_](optional_type(map(K, V)), K): optional_type(V)',
  '@in(A, list(A)): bool', '@in(A, map(A, B)): bool',
  'type(A): type(A)', 'dyn(A): dyn', 'bool(bool): bool', 'bool(string): bool', 'bytes(bytes): bytes', 'bytes(string): bytes',
  ...['double', 'int', 'string', 'uint'].map((from) => `double(${from}): double`), ...['int', 'double', 'duration', 'string', 'timestamp', 'uint'].map((from) => `int(${from}): int`),
  ...['string', 'bool', 'bytes', 'double', 'duration', 'int', 'timestamp', 'uint', 'net.IP', 'net.CIDR'].map((from) => `string(${from}): string`), ...['uint', 'double', 'int', 'string'].map((from) => `uint(${from}): uint`),
  ...['duration', 'int', 'string'].map((from) => `duration(${from}): duration`), ...['timestamp', 'int', 'string'].map((from) => `timestamp(${from}): timestamp`),
  ...['Hours', 'Minutes', 'Seconds', 'Milliseconds'].map((unit) => `duration.get${unit}(): int`),
  ...['contains', 'endsWith', 'startsWith', 'matches'].map((name) => `string.${name}(string): bool`), 'matches(string, string): bool',
  'string.charAt(int): string', 'string.indexOf(string): int', 'string.indexOf(string, int): int', 'string.lastIndexOf(string): int', 'string.lastIndexOf(string, int): int', 'string.lowerAscii(): string', 'string.upperAscii(): string',
  'string.replace(string, string): string', 'string.replace(string, string, int): string', 'string.split(string): list(string)', 'string.split(string, int): list(string)', 'string.substring(int): string', 'string.substring(int, int): string', 'string.trim(): string',
  'string.format(list(dyn)): string', 'strings.quote(string): string', 'list(string).join(): string', 'list(string).join(string): string', 'string.find(string): string', 'string.findAll(string): list(string)', 'string.findAll(string, int): list(string)',
  ...SUMMABLE.map((each) => `list(${each}).sum(): ${each}`), 'list(A).indexOf(A): int', 'list(A).lastIndexOf(A): int', 'list(T).slice(int, int): list(T)', 'list(list(T)).flatten(): list(T)', 'list(dyn).flatten(int): list(dyn)', 'list(T).distinct(): list(T)', 'list(T).reverse(): list(T)', 'lists.range(int): list(int)', 'list(V).first(): optional_type(V)', 'list(V).last(): optional_type(V)', 'optional.unwrap(list(optional_type(V))): list(V)', 'list(optional_type(V)).unwrapOpt(): list(V)',
  ...['contains', 'equivalent', 'intersects'].map((name) => `sets.${name}(list(T), list(T)): bool`),
  'optional.of(V): optional_type(V)', 'optional.ofNonZeroValue(V): optional_type(V)', 'optional.none(): optional_type(V)', 'optional_type(V).value(): V', 'optional_type(V).hasValue(): bool', 'optional_type(V).or(optional_type(V)): optional_type(V)', 'optional_type(V).orValue(V): V',
  'url(string): kubernetes.URL', 'isURL(string): bool', ...['Scheme', 'Host', 'Hostname', 'Port', 'EscapedPath'].map((part) => `kubernetes.URL.get${part}(): string`), 'kubernetes.URL.getQuery(): map(string, list(string))',
  'quantity(string): kubernetes.Quantity', 'isQuantity(string): bool', 'kubernetes.Quantity.asApproximateFloat(): double', 'kubernetes.Quantity.asInteger(): int', 'kubernetes.Quantity.isInteger(): bool', 'sign(kubernetes.Quantity): int',
  ...['add', 'sub'].flatMap((name) => [`kubernetes.Quantity.${name}(kubernetes.Quantity): kubernetes.Quantity`, `kubernetes.Quantity.${name}(int): kubernetes.Quantity`]),
  ...['kubernetes.Quantity', 'kubernetes.Semver'].flatMap((each) => [`${each}.isGreaterThan(${each}): bool`, `${each}.isLessThan(${each}): bool`, `${each}.compareTo(${each}): int`]),
  'semver(string): kubernetes.Semver', 'semver(string, bool): kubernetes.Semver', 'isSemver(string): bool', 'isSemver(string, bool): bool', 'kubernetes.Semver.major(): int', 'kubernetes.Semver.minor(): int', 'kubernetes.Semver.patch(): int',
  'ip(string): net.IP', 'isIP(string): bool', 'ip.isCanonical(string): bool', 'net.IP.family(): int', ...['Unspecified', 'Loopback', 'LinkLocalMulticast', 'LinkLocalUnicast', 'GlobalUnicast'].map((what) => `net.IP.is${what}(): bool`),
  'cidr(string): net.CIDR', 'isCIDR(string): bool', 'net.CIDR.containsIP(string): bool', 'net.CIDR.containsIP(net.IP): bool', 'net.CIDR.containsCIDR(string): bool', 'net.CIDR.containsCIDR(net.CIDR): bool', 'net.CIDR.ip(): net.IP', 'net.CIDR.prefixLength(): int', 'net.CIDR.masked(): net.CIDR',
  'kubernetes.authorization.Authorizer.path(string): kubernetes.authorization.PathCheck', 'kubernetes.authorization.Authorizer.group(string): kubernetes.authorization.GroupCheck', 'kubernetes.authorization.Authorizer.serviceAccount(string, string): kubernetes.authorization.Authorizer',
  'kubernetes.authorization.GroupCheck.resource(string): kubernetes.authorization.ResourceCheck', ...['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'].map((part) => `kubernetes.authorization.ResourceCheck.${part}(string): kubernetes.authorization.ResourceCheck`),
  ...['PathCheck', 'ResourceCheck'].map((check) => `kubernetes.authorization.${check}.check(string): kubernetes.authorization.Decision`),
  ...['allowed(): bool', 'errored(): bool', 'reason(): string', 'error(): string'].map((part) => `kubernetes.authorization.Decision.${part}`),
  'kubernetes.NamedFormat.validate(string): optional_type(list(string))', 'format.named(string): optional_type(kubernetes.NamedFormat)',
];

/** Types that functions are members of; before a dot anything else is part of a name. */
const TARGETS = /^((?:string|bytes|timestamp|duration|kubernetes\.(?:authorization\.)?\w+|net\.\w+|optional_type\(V\)|(?:list|map)\(.+?\)+))\.(\w+)\(/;

const overloads = new Map<string, Overload[]>();
for (const signature of SIGNATURES) {
  const target = TARGETS.exec(signature);
  const [, name = '', given = '', result = ''] = /^([^(]+)\((.*)\): (.+)$/.exec(target ? signature.slice(target[1]!.length + 1) : signature)!;
  const parameters = [...(target ? [target[1]!] : []), ...splitTypes(given)].map(readType);
  const generic = [...new Set(signature.match(/\b[A-Z]\b/g) ?? [])];
  overloads.set(name, [...(overloads.get(name) ?? []), { isMember: target !== null, parameters, result: readType(result), generic }]);
}

/** The ways to call a function; undefined: there is none of that name. */
export const overloadsOf = (name: string): readonly Overload[] | undefined => overloads.get(name);

/** Copies of an overload's types with type parameters that no other call has. */
export function instantiate({ parameters, result, generic }: Overload, fresh: () => CelType): { parameters: CelType[]; result: CelType } {
  if (generic.length === 0) return { parameters: [...parameters], result };
  const names = new Map(generic.map((name) => [name, fresh()]));
  const rename = (of: CelType): CelType => (of.kind === 'parameter' ? (names.get(of.name) ?? parameter(of.name)) : of.parameters.length === 0 ? of : { ...of, parameters: of.parameters.map(rename) });
  return { parameters: parameters.map(rename), result: rename(result) };
}
