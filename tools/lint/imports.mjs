// The import table of docs/architecture.md: which room may import which.
import { dirname, join, normalize } from 'node:path';
import { lineOf, sources } from './sources.mjs';

/**
 * Room → what it may import: other rooms by path prefix, `type:` where only types may cross.
 * The most specific prefix names a file's room; a room may always import itself.
 */
const TABLE = {
  'src/operator/engine': ['src/operator/dsl', 'src/operator'],
  'src/operator/queue': ['src/operator'],
  'src/operator/dsl': ['src/operator'],
  'src/operator/testing': ['src/operator', 'src/apiserver'],
  'src/operator': ['src/operator'],
  'src/apiserver': [],
  'src/api': ['src/operator'],
  'src/scheduling': ['src/api', 'src/operator/duration', 'type:src/operator/kube', 'type:src/cloud'],
  'src/disruption': ['src/api', 'src/operator/duration', 'type:src/cloud', 'src/scheduling'],
  'src/cluster': ['src/operator', 'src/api', 'src/scheduling', 'type:src/cloud'],
  'src/cloud': ['src/api', 'type:src/scheduling', 'src/operator'],
  'src/cloud/aws': ['src/cloud', 'src/api', 'type:src/scheduling', 'src/operator'],
  'src/sandbox': ['src/apiserver', 'src/api', 'src/cloud/aws/catalogue', 'src/operator/kube', 'src/operator'],
  'src/cli': ['src', 'reconcilers'],
  reconcilers: ['src/operator', 'src/api', 'src/scheduling', 'src/disruption', 'src/cluster', 'src/cloud'],
  templates: ['src/operator'],
  test: ['src', 'reconcilers'],
};

/** Libraries that a room must not touch. */
const FORBIDDEN_PACKAGES = {
  'src/operator/engine': [/^rxjs/, /^inversify/, /^@kubernetes\//, /^undici/],
  'src/operator/dsl': [/^rxjs/, /^@kubernetes\//, /^undici/],
  'src/scheduling': [/./],
  'src/disruption': [/^(?!croner)/],
  // aws-sdk.ts requires them: see there what importing one costs.
  'src/cloud/aws': [/^@aws-sdk\//],
};

const PUBLIC_ENTRY = /^karpenter-ts\/(.+)$/;
const rooms = Object.keys(TABLE).sort((a, b) => b.length - a.length);
const roomOf = (path) => rooms.find((room) => path === room || path.startsWith(`${room}/`));
const within = (path, prefix) => path === prefix || path.startsWith(`${prefix}/`) || path === `${prefix}.ts`;

export function checkImports(root) {
  const problems = [];
  for (const { path, text } of sources(root, ['src', 'reconcilers', 'templates', 'test'])) {
    const room = roomOf(path);
    if (!room) { problems.push(`${path}: belongs to no room of the import table`); continue; }
    const isTest = path.endsWith('.test.ts');
    for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)) {
      const typeOnly = match[1] !== undefined;
      const specifier = match[2];
      const at = `${path}:${lineOf(text, match.index)}`;
      const entry = PUBLIC_ENTRY.exec(specifier);
      if (!specifier.startsWith('.') && !entry) {
        const banned = FORBIDDEN_PACKAGES[room]?.find((pattern) => pattern.test(specifier));
        const onlyTypes = typeOnly && /^(kubernetes-types|@aws-sdk)\//.test(specifier);
        if (banned && !onlyTypes && !specifier.startsWith('node:') && !isTest) problems.push(`${at}: ${room} must not import the package ${specifier}`);
        continue;
      }
      const target = entry ? (entry[1] === 'reconcilers' ? 'reconcilers' : `src/${entry[1]}`) : normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts');
      if (isTest && within(target, 'test/support')) continue;
      if (within(target, room)) continue;
      if ((room === 'reconcilers' || room === 'templates') && !entry) { problems.push(`${at}: ${room} use the public entries (karpenter-ts/…), not ${specifier}`); continue; }
      const allowed = TABLE[room].some((rule) => (rule.startsWith('type:') ? (typeOnly || isTest) && within(target, rule.slice(5)) : within(target, rule)))
        || (isTest && room.startsWith('src/operator') && (within(target, 'src/apiserver') || within(target, 'src/operator')))
        || (isTest && (within(target, 'src/operator/testing') || room === 'reconcilers'))
        || (isTest && room === 'src/cloud/aws' && within(target, 'src/sandbox/aws'));
      if (!allowed) problems.push(`${at}: ${room} may not import ${target}${typeOnly ? ' (types)' : ''}; it may import ${TABLE[room].join(', ') || 'nothing of ours'}`);
    }
  }
  return problems;
}
