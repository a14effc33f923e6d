// Writes src/apiserver/authorization/default-roles.json: the roles and bindings that every cluster has from birth, facts only and in
// our own notation, taken from the Go module k8s.io/kubernetes.
//
//   node tools/default-roles.mjs [v1.35.0]          needs Go; downloads the module into Go's own cache
//
// One object a line. A rule is [verbs, groups, resources, names] or [verbs, paths], each a list separated by spaces; `core` is the
// group without a name. A subject is `Group:NAME`, `User:NAME` or `ServiceAccount:NAMESPACE:NAME`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const FILES = ['cluster-roles', 'cluster-role-bindings', 'controller-roles', 'controller-role-bindings', 'namespace-roles', 'namespace-role-bindings'];

const version = process.argv[2] ?? 'v1.35.0';
const root = new URL('..', import.meta.url).pathname;
const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${version}`], {
  cwd: mkdtempSync(join(tmpdir(), 'default-roles-')), env: { ...process.env, GOSUMDB: 'off' },
}));

const words = (list = []) => list.map((word) => word || 'core').join(' ');
const ruleOf = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }) =>
  nonResourceURLs ? [words(verbs), words(nonResourceURLs)] : [words(verbs), words(apiGroups), words(resources), ...(resourceNames ? [words(resourceNames)] : [])];
const subjectOf = ({ kind, namespace, name }) => [kind, ...(namespace ? [namespace] : []), name].join(':');

function lineOf({ kind, metadata: { namespace, name, labels }, rules, aggregationRule, roleRef, subjects }) {
  const { 'kubernetes.io/bootstrapping': _same, ...other } = labels ?? {};
  return {
    kind, ...(namespace && { namespace }), name,
    ...(Object.keys(other).length > 0 && { labels: other }),
    ...(aggregationRule && { aggregates: aggregationRule.clusterRoleSelectors.map(({ matchLabels }) => matchLabels) }),
    ...(rules && { rules: rules.map(ruleOf) }),
    ...(roleRef && { role: `${roleRef.kind}:${roleRef.name}`, subjects: (subjects ?? []).map(subjectOf) }),
  };
}

const lines = FILES.flatMap((file) => parse(readFileSync(join(Dir, 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata', `${file}.yaml`), 'utf8')).items.map(lineOf));
writeFileSync(join(root, 'src/apiserver/authorization/default-roles.json'), `[\n${lines.map((line) => JSON.stringify(line)).join(',\n')}\n]\n`);
process.stdout.write(`${lines.length} roles and bindings of Kubernetes ${version}\n`);
