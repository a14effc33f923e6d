// Writes src/apiserver/kinds/{types,resources}.json: the structure of Kubernetes' own kinds, facts only and in our own notation,
// taken from the OpenAPI and discovery documents of the Go module k8s.io/kubernetes.
//
//   node tools/kubernetes-types.mjs [v1.35.0]       needs Go; downloads the module into Go's own cache
//
// Notation of a field: [!][~|-]type[=default][ flag]... where `!` means required, `~` that the API server writes a value of the type even where
// nothing was said (no pointer in Go, and never left out), and `-` that it leaves the empty value out even where it was said (no pointer, omitempty);
// type: string int32 int64 double boolean bytes time microtime quantity intstr any fields raw json, a type's name, `[`type for lists, `{`type for maps;
// a name with `?` stands for one of several shapes; flags: list:atomic|set|map:key,key   map:atomic|granular   merge[:key]   retainKeys   replace
// enum:a|b (percent-encoded; of a list or map: of what is in it). The key `#` of a type holds flags of the type itself, `union:discriminator:field=Value,field=Value` among them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const GROUP_VERSIONS = [
  'v1', 'apps/v1', 'batch/v1', 'policy/v1', 'autoscaling/v1', 'autoscaling/v2', 'storage.k8s.io/v1', 'scheduling.k8s.io/v1',
  'coordination.k8s.io/v1', 'events.k8s.io/v1', 'discovery.k8s.io/v1', 'networking.k8s.io/v1', 'rbac.authorization.k8s.io/v1',
  'node.k8s.io/v1', 'apiextensions.k8s.io/v1', 'admissionregistration.k8s.io/v1', 'apiregistration.k8s.io/v1',
  'authentication.k8s.io/v1', 'authorization.k8s.io/v1', 'certificates.k8s.io/v1', 'flowcontrol.apiserver.k8s.io/v1', 'resource.k8s.io/v1',
];
/** metrics.k8s.io is an aggregated API: its types live in another module and are few. */
const METRICS = {
  'metrics.v1beta1.ContainerMetrics': { name: '!string', usage: '!{quantity' },
  'metrics.v1beta1.PodMetrics': {
    apiVersion: 'string', kind: 'string', metadata: 'meta.v1.ObjectMeta', timestamp: '!time', window: '!string',
    containers: '![metrics.v1beta1.ContainerMetrics list:atomic',
  },
  'metrics.v1beta1.NodeMetrics': {
    apiVersion: 'string', kind: 'string', metadata: 'meta.v1.ObjectMeta', timestamp: '!time', window: '!string', usage: '!{quantity',
  },
};
const STANDARD_VERBS = 'create delete deletecollection get list patch update watch';
const PREFIXES = ['io.k8s.api.', 'io.k8s.apimachinery.pkg.apis.', 'io.k8s.apiextensions-apiserver.pkg.apis.', 'io.k8s.kube-aggregator.pkg.apis.'];
const SCALARS = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microtime',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intstr',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'raw',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'fields',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'json',
};
// Kept whole for lists and booleans alike: a schema or an array of them, a schema or a boolean, a list of strings or a schema.
const UNIONS = new Set(['JSONSchemaPropsOrArray', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrStringArray']);

const version = process.argv[2] ?? 'v1.35.0';
const root = new URL('..', import.meta.url).pathname;
const moduleOf = (path) => JSON.parse(execFileSync('go', ['mod', 'download', '-json', path], {
  cwd: mkdtempSync(join(tmpdir(), 'kubernetes-types-')), env: { ...process.env, GOSUMDB: 'off' },
})).Dir;
const module = moduleOf(`k8s.io/kubernetes@${version}`);
const api = join(module, 'api');
const read = (path) => JSON.parse(readFileSync(join(api, path), 'utf8'));

const nameOf = (full) => {
  if (full in SCALARS) return SCALARS[full];
  const prefix = PREFIXES.find((candidate) => full.startsWith(candidate));
  if (!prefix) throw new Error(`no short name for ${full}`);
  const short = full.slice(prefix.length);
  return UNIONS.has(short.split('.').at(-1)) ? `${short}?` : short;
};

function typeOf(schema) {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference) return nameOf(reference.split('/').at(-1));
  if (schema.type === 'array') return `[${typeOf(schema.items)}`;
  if (schema.type === 'object') return schema.additionalProperties ? `{${typeOf(schema.additionalProperties)}` : 'any';
  if (schema.format === 'byte') return 'bytes';
  if (schema.type === 'integer') return schema.format ?? 'int64';
  if (schema.type === 'number') return 'double';
  return schema.type;
}

function flagsOf(schema) {
  const flags = [];
  const list = schema['x-kubernetes-list-type'];
  if (list && schema.type === 'array') flags.push(list === 'map' ? `list:map:${schema['x-kubernetes-list-map-keys'].join(',')}` : `list:${list}`);
  if (schema['x-kubernetes-map-type']) flags.push(`map:${schema['x-kubernetes-map-type']}`);
  const key = schema['x-kubernetes-patch-merge-key'];
  for (const strategy of (schema['x-kubernetes-patch-strategy'] ?? '').split(',').filter(Boolean)) {
    flags.push(strategy === 'merge' && key ? `merge:${key}` : strategy);
  }
  return flags;
}

/**
 * What the documents of the repository leave out, and a server's have, out of the generated Go code: enums by `type.field` (of a list: of its
 * items), and by type which field decides about others.
 */
function readGenerated() {
  const enums = new Map();
  const unions = new Map();
  let type = '';
  let field = '';
  let union;
  for (const line of readFileSync(join(module, 'pkg/generated/openapi/zz_generated.openapi.go'), 'utf8').split('\n')) {
    const started = /^func schema_(?:k8sio_api|pkg_apis)_(\w+)_(v\w+)_(\w+)\(/.exec(line);
    if (started) [type, field, union] = [started.slice(1).join('.'), '', undefined];
    const named = /^\t{5}"([^"]+)": \{$/.exec(line);
    if (named) field = named[1];
    const values = /\bEnum: +\[\]interface\{\}\{(.*)\},$/.exec(line);
    if (values) enums.set(`${type}.${field}`, values[1].split(', ').map((value) => JSON.parse(value)));
    const discriminator = /"discriminator": "(\w+)"/.exec(line);
    if (discriminator) unions.set(type, (union = { discriminator: discriminator[1], fields: [] }));
    const member = union && /^\t{8}"(\w+)": +"(\w+)",$/.exec(line);
    if (member) union.fields.push(`${member[1]}=${member[2]}`);
  }
  return { enums, unions };
}
const { enums, unions } = readGenerated();

const meaningful = (value) => value !== undefined && value !== '' && value !== 0 && value !== false && typeof value !== 'object';

/** By `type.field`: which values and pointers Go leaves out when they are empty, and which values it writes all the same, lists, maps and times as null. */
function readStructs() {
  const omitted = new Set();
  const omittedPointers = new Set();
  const nullTimes = new Set();
  const nullable = new Set();
  for (const [name, folder] of [['api', ''], ...['apimachinery', 'apiextensions-apiserver', 'kube-aggregator'].map((module) => [module, 'pkg/apis'])]) {
    const root = join(moduleOf(`k8s.io/${name}@${version.replace(/^v1/, 'v0')}`), folder);
    for (const file of readdirSync(root, { recursive: true }).filter((path) => /^\w+\/v1\w*\/types\w*\.go$|^autoscaling\/v2\/types\.go$/.test(path))) {
      const structs = new Map();
      for (const [, struct, body] of readFileSync(join(root, file), 'utf8').matchAll(/^type (\w+) struct \{\n([^]*?)^\}/gm)) structs.set(struct, body);
      const fieldsOf = (struct) => [...(structs.get(struct) ?? '').matchAll(/^\t(?:(\w+)[ \t]+)?(\S+)[ \t]+`.*?json:"([^"]*)".*$/gm)].flatMap(([, , type, json]) => (json === ',inline' ? fieldsOf(type) : [{ type, json }]));
      for (const struct of structs.keys()) {
        for (const { type, json } of fieldsOf(struct)) {
          const [field, ...options] = json.split(',');
          const path = `${file.replace(/\/types.*/, '').replace('/', '.')}.${struct}.${field}`;
          if (/^(\w+\.)?(Micro)?Time$/.test(type) && !options.includes('omitzero')) nullTimes.add(path);
          if (options.includes('omitempty')) (type.startsWith('*') ? omittedPointers : omitted).add(path);
          else if (!type.startsWith('*')) nullable.add(path);
        }
      }
    }
  }
  return { omitted, omittedPointers, nullable, nullTimes };
}
const { omitted, omittedPointers, nullable, nullTimes } = readStructs();

/** Lists that could be null, were they not filled in with the object. */
const WRITTEN_AT_ONCE = /^apiextensions\.v1\.CustomResourceDefinitionStatus\./;

function fieldOf(schema, required, path) {
  const value = meaningful(schema.default) ? `=${schema.default}` : '';
  // Documents give structs an empty default, and the others the zero value of their type; creation times are left out all the same.
  const zero = schema.default !== undefined && !meaningful(schema.default) && schema.type !== 'array' && !(typeof schema.default === 'object' && !schema.allOf);
  const isScalar = ['string', 'boolean', 'integer', 'number'].includes(schema.type) && schema.format !== 'date-time';
  const isList = schema.type === 'array' || (schema.type === 'object' && schema.additionalProperties);
  const leftOut = isScalar ? omitted.has(path) : required && (omitted.has(path) || omittedPointers.has(path));
  const present = (zero && !leftOut && !path.endsWith('.creationTimestamp')) || nullTimes.has(path) || (isList && !required && nullable.has(path) && !WRITTEN_AT_ONCE.test(path));
  return [`${required ? '!' : ''}${present ? '~' : leftOut ? '-' : ''}${typeOf(schema)}${leftOut && schema.default === '' ? '=' : value}`, ...flagsOf(schema), ...(enums.has(path) ? [`enum:${enums.get(path).map(encodeURIComponent).join('|')}`] : [])].join(' ');
}

const types = {};
for (const groupVersion of GROUP_VERSIONS) {
  const file = groupVersion.includes('/') ? `apis__${groupVersion.replace('/', '__')}` : `api__${groupVersion}`;
  for (const [full, schema] of Object.entries(read(`openapi-spec/v3/${file}_openapi.json`).components.schemas)) {
    if (full in SCALARS || UNIONS.has(full.split('.').at(-1))) continue;
    const fields = {};
    const union = unions.get(nameOf(full));
    const flags = [...flagsOf(schema), ...(union ? [`union:${union.discriminator}:${union.fields.join(',')}`] : [])];
    if (flags.length > 0) fields['#'] = flags.join(' ');
    for (const [name, property] of Object.entries(schema.properties ?? {})) fields[name] = fieldOf(property, schema.required?.includes(name) ?? false, `${nameOf(full)}.${name}`);
    types[nameOf(full)] = fields;
  }
}
Object.assign(types, METRICS);

const verbsOf = (verbs) => (verbs.join(' ') === STANDARD_VERBS ? undefined : verbs.join(' '));
const omitEmpty = (value) => Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined && part.length !== 0));

function typeFor(group, kindVersion, kind) {
  const suffixes = [`${group === '' ? 'core' : group.split('.')[0]}.${kindVersion}.${kind}`, `rbac.${kindVersion}.${kind}`];
  const found = suffixes.find((suffix) => suffix in types);
  if (!found) throw new Error(`no type for ${group}/${kindVersion} ${kind}`);
  return found;
}

const resources = [];
const add = (resource) => void resources.push(omitEmpty(resource));
const core = read('discovery/api__v1.json').resources;
for (const entry of core.filter(({ name }) => !name.includes('/'))) {
  add({
    group: '', version: 'v1', kind: entry.kind, type: typeFor('', 'v1', entry.kind), plural: entry.name, singular: entry.singularName,
    scope: entry.namespaced ? 'Namespaced' : 'Cluster', shortNames: entry.shortNames ?? [], categories: entry.categories ?? [], verbs: verbsOf(entry.verbs),
    subresources: core.filter(({ name }) => name.startsWith(`${entry.name}/`)).map((sub) => omitEmpty({
      name: sub.name.slice(entry.name.length + 1), kind: sub.kind, group: sub.group ?? '', version: sub.version ?? 'v1', verbs: sub.verbs.join(' '),
    })),
  });
}
const aggregated = read('discovery/aggregated_v2.json').items;
for (const { metadata, versions } of aggregated) {
  for (const { version: served, resources: entries } of versions) {
    if (!GROUP_VERSIONS.includes(`${metadata.name}/${served}`)) continue;
    for (const entry of entries) {
      const { kind } = entry.responseKind;
      add({
        group: metadata.name, version: served, kind, type: typeFor(metadata.name, served, kind), plural: entry.resource, singular: entry.singularResource,
        scope: entry.scope, shortNames: entry.shortNames ?? [], categories: entry.categories ?? [], verbs: verbsOf(entry.verbs),
        subresources: (entry.subresources ?? []).map((sub) => omitEmpty({
          name: sub.subresource, kind: sub.responseKind.kind, group: sub.responseKind.group || metadata.name, version: sub.responseKind.version || served, verbs: sub.verbs.join(' '),
        })),
      });
    }
  }
}
for (const [kind, plural, singular, scope] of [['NodeMetrics', 'nodes', 'node', 'Cluster'], ['PodMetrics', 'pods', 'pod', 'Namespaced']]) {
  resources.push({ group: 'metrics.k8s.io', version: 'v1beta1', kind, type: `metrics.v1beta1.${kind}`, plural, singular, scope, verbs: 'get list' });
}

const lines = (value) => JSON.stringify(value).replace(/\},"/g, '},\n"').replace(/^\{/, '{\n').replace(/\}$/, '\n}\n');
writeFileSync(join(root, 'src/apiserver/kinds/types.json'), lines(types));
writeFileSync(join(root, 'src/apiserver/kinds/resources.json'), `[\n${resources.map((resource) => JSON.stringify(resource)).join(',\n')}\n]\n`);
console.log(`${Object.keys(types).length} types, ${resources.length} resources of Kubernetes ${version}`);
