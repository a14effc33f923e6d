// Writes what the Helm charts have in common with crds/ and config/; with --check says what is not up to date, and fails.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

const root = new URL('..', import.meta.url).pathname;
const read = (path) => readFileSync(join(root, path), 'utf8');
const list = (folder) => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []);

/** The Service that converts objects is that of the release. */
const templated = (crd) => crd.replace(
  /( +service:\n +namespace: ).*(\n +name: ).*(\n +path: .*\n +port: ).*/,
  '$1{{ .Values.webhook.serviceNamespace | default .Release.Namespace }}$2{{ .Values.webhook.serviceName }}$3{{ .Values.webhook.port }}',
);
/** The rules of the first role of a file. */
const rulesOf = (text) => stringify(parseAllDocuments(text)[0].toJS().rules, { lineWidth: 0, flowCollectionPadding: false });

/** What a folder of a chart must have, by name of the file. */
const crds = list('crds').filter((file) => file !== 'kustomization.yaml').map((file) => [file, read(`crds/${file}`)]);
const folders = {
  'charts/karpenter/crds': new Map(crds),
  'charts/karpenter-crd/templates': new Map(crds.map(([file, text]) => [file, templated(text)])),
  'charts/karpenter/files/rbac': new Map(['config/rbac', 'config/explain'].flatMap((folder) => list(folder).filter((file) => file.endsWith('role.yaml')).map((file) => [file, rulesOf(read(`${folder}/${file}`))]))),
  'charts/karpenter/files': new Map(['alerts.yaml', 'dashboard.json'].map((file) => [file, read(`config/prometheus/${file}`)])),
};

let differences = 0;
for (const [folder, files] of Object.entries(folders)) {
  const extra = list(folder).filter((file) => /\.\w+$/.test(file) && !files.has(file));
  const stale = [...files].filter(([file, text]) => !existsSync(join(root, folder, file)) || read(`${folder}/${file}`) !== text);
  differences += extra.length + stale.length;
  if (process.argv.includes('--check')) {
    for (const file of [...extra, ...stale.map(([name]) => name)]) console.error(`${join(folder, file)} is not up to date; run "make manifests"`);
    continue;
  }
  for (const file of extra) rmSync(join(root, folder, file));
  for (const [file, text] of stale) {
    mkdirSync(dirname(join(root, folder, file)), { recursive: true });
    writeFileSync(join(root, folder, file), text);
  }
}
if (process.argv.includes('--check') && differences > 0) process.exit(1);
