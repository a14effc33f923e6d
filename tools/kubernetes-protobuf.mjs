// Writes src/apiserver/http/protobuf-messages.json: the protobuf field numbers of the built-in kinds, facts only and in our own
// notation, taken from the Go modules k8s.io/api and k8s.io/apimachinery.
//
//   node tools/kubernetes-protobuf.mjs [v0.35.0]       needs Go; downloads the modules into Go's own cache
//
// A message is a list of fields, `number name type`, separated by `;`. Types: s string, b bool, i integer, d double, y bytes, time, microtime,
// quantity, intstr, json, schema-or-boolean, schema-or-list, schema-or-strings, or a message's name; in front `*` present even when zero (a Go pointer), `[` list, `{` map; behind `~` the message's fields
// belong to the object around it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = [
  'core/v1', 'apps/v1', 'batch/v1', 'policy/v1', 'autoscaling/v1', 'autoscaling/v2', 'storage/v1', 'scheduling/v1', 'coordination/v1', 'events/v1',
  'discovery/v1', 'networking/v1', 'rbac/v1', 'node/v1', 'authentication/v1', 'authorization/v1', 'admissionregistration/v1', 'certificates/v1', 'flowcontrol/v1', 'resource/v1',
];
/** CustomResourceDefinitions live in a module of their own. */
const EXTENSIONS = 'apiextensions/v1';
const version = process.argv[2] ?? 'v0.35.0';
const moduleDir = (name) => JSON.parse(execFileSync('go', ['mod', 'download', '-json', `${name}@${version}`], {
  cwd: mkdtempSync(join(tmpdir(), 'kubernetes-protobuf-')), env: { ...process.env, GOSUMDB: 'off' },
})).Dir;
const api = moduleDir('k8s.io/api');
const machinery = moduleDir('k8s.io/apimachinery');
const extensions = moduleDir('k8s.io/apiextensions-apiserver');

const SCALARS = {
  'meta.v1.Time': 'time', 'meta.v1.MicroTime': 'microtime', 'resource.Quantity': 'quantity', 'intstr.IntOrString': 'intstr',
  'apiextensions.v1.JSON': 'json', 'apiextensions.v1.JSONSchemaPropsOrBool': 'schema-or-boolean',
  'apiextensions.v1.JSONSchemaPropsOrArray': 'schema-or-list', 'apiextensions.v1.JSONSchemaPropsOrStringArray': 'schema-or-strings',
  'runtime.RawExtension': 'json', 'meta.v1.FieldsV1': 'json', string: 's', float64: 'd', bool: 'b', byte: 'y',
  int: 'i', int32: 'i', int64: 'i', uint32: 'i', uint64: 'i', 'types.UID': 's',
};
const structs = new Map();
const named = new Map();

function read(dir, prefix) {
  for (const file of readdirSync(dir).filter((name) => /^types?(_[a-z]+)?\.go$/.test(name))) {
    const text = readFileSync(join(dir, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
    const imports = new Map([...text.matchAll(/^\s*(?:import\s+)?(\w+)?\s*"k8s\.io\/(api|apimachinery\/pkg(?:\/apis|\/api|\/util)?)\/([\w/]+)"/gm)].map(([, alias, , path]) => [alias ?? path.split('/').at(-1), path.replace('/', '.')]));
    const resolve = (type) => {
      const [qualifier, name] = type.includes('.') ? type.split('.') : [undefined, type];
      if (!qualifier) return type in SCALARS ? type : `${prefix}.${name}`;
      return `${imports.get(qualifier) ?? qualifier}.${name}`;
    };
    for (const [, name, target] of text.matchAll(/^type (\w+) ((?:map\[\w+\]|\[\])?[\w.]+)$/gm)) named.set(`${prefix}.${name}`, shape(target, resolve));
    for (const [, name] of text.matchAll(/^type (\w+) struct ?\{\}$/gm)) structs.set(`${prefix}.${name}`, []);
    for (const [, name, body] of text.matchAll(/^type (\w+) struct \{$([\s\S]*?)^\}/gm)) {
      const fields = [];
      for (const [, goType, json, proto] of body.matchAll(/^\s*(?:\w+\s+)?([*\[\]\w.]+)\s+`json:"([^"]*)"[^`]*?protobuf:"([^"]*)"/gm)) {
        const number = Number(proto.split(',')[1]);
        const inline = json.includes(',inline');
        const name = json.split(',')[0] || proto.match(/name=(\w+)/)?.[1];
        if (Number.isInteger(number)) fields.push({ number, name, inline, shape: shape(goType, resolve) });
      }
      structs.set(`${prefix}.${name}`, fields);
    }
  }
}

function shape(goType, resolve) {
  if (goType.startsWith('*')) return { pointer: true, ...shape(goType.slice(1), resolve) };
  if (goType === '[]byte') return { kind: '', type: 'byte' };
  if (goType.startsWith('[]')) return { kind: '[', type: resolve(goType.slice(2).replace(/^\*/, '')) };
  const map = /^map\[\w+\](.+)$/.exec(goType);
  if (map) return map[1] === '[]byte' ? { kind: '{', type: 'byte' } : map[1].startsWith('[]') ? { kind: '{', type: resolve(map[1].slice(2)), list: true } : { kind: '{', type: resolve(map[1]) };
  return { kind: '', type: resolve(goType) };
}

read(join(machinery, 'pkg/apis/meta/v1'), 'meta.v1');
for (const path of PACKAGES) read(join(api, path), path.replace('/', '.'));
read(join(extensions, 'pkg/apis', EXTENSIONS), EXTENSIONS.replace('/', '.'));

function typeText({ kind, type, pointer }) {
  const mark = pointer ? '*' : '';
  if (type in SCALARS) return mark + kind + SCALARS[type];
  const alias = named.get(type);
  // Named lists are messages of their own where they are elements (ExtraValue, Verbs); elsewhere they are plain lists.
  if (alias) return kind === '' ? mark + typeText(alias) : alias.kind === '[' ? `${mark}${kind}${'items:' + typeText(alias)}` : mark + kind + typeText(alias);
  if (!structs.has(type)) throw new Error(`unknown type ${type}`);
  return mark + kind + type;
}

const messages = {};
const visit = (name) => {
  if (name in messages || !structs.has(name)) return;
  messages[name] = '';
  messages[name] = structs.get(name).sort((left, right) => left.number - right.number).map((field) => {
    const text = typeText(field.shape);
    const message = text.replace(/^\*?[[{]?/, '');
    visit(message);
    return `${field.number} ${field.name ?? ''} ${text}${field.inline ? '~' : ''}`;
  }).join(';');
};
const ROOTS = [];
for (const path of [...PACKAGES, EXTENSIONS]) {
  const prefix = path.replace('/', '.');
  for (const [name, fields] of structs) {
    if (name.startsWith(`${prefix}.`) && fields.some((field) => field.name === 'metadata') && !name.endsWith('List')) ROOTS.push(name);
  }
}
for (const name of [...ROOTS, 'meta.v1.DeleteOptions']) visit(name);
const out = new URL('../src/apiserver/http/protobuf-messages.json', import.meta.url);
writeFileSync(out, `{\n${Object.entries(messages).sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, fields]) => `  ${JSON.stringify(name)}: ${JSON.stringify(fields)}`).join(',\n')}\n}\n`);
console.log(`${Object.keys(messages).length} messages`);
