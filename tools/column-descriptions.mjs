// Writes src/apiserver/table/column-descriptions.json: how kube-apiserver describes the columns of its tables, by resource and name. Asks a real one; needs Go, or KUBEBUILDER_ASSETS.
//
//   make build && node tools/column-descriptions.mjs
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { startControlPlane } from '../dist/test/support/control-plane.js';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const plane = await startControlPlane({});
const dispatcher = new Agent({ connect: { ca: plane.ca } });
const read = async (path, accept = 'application/json') => {
  const { body, statusCode } = await request(plane.url + path, { dispatcher, headers: { accept, authorization: `Bearer ${plane.adminToken}` } });
  const value = await body.json();
  return statusCode === 200 ? value : undefined;
};
const groups = ['/api/v1', ...(await read('/apis')).groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
const described = {};
for (const path of groups) {
  const group = path.split('/')[2] === 'v1' && path.startsWith('/api/') ? '' : path.split('/')[2];
  for (const { name, verbs } of (await read(path))?.resources ?? []) {
    if (name.includes('/') || !verbs.includes('list')) continue;
    const table = await read(`${path}/${name}`, TABLE);
    const columns = (table?.columnDefinitions ?? []).filter(({ description }) => description !== '').map(({ name: column, description }) => [column, description]);
    if (columns.length > 0) described[group ? `${name}.${group}` : name] = Object.fromEntries(columns);
  }
}
// What several say of a column is kept once.
const texts = [...new Set(Object.values(described).flatMap((columns) => Object.values(columns)))].sort();
const resources = Object.fromEntries(Object.entries(described).sort(([left], [right]) => (left < right ? -1 : 1)).map(([resource, columns]) => [resource, Object.fromEntries(Object.entries(columns).map(([column, text]) => [column, texts.indexOf(text)]))]));
writeFileSync(new URL('../src/apiserver/table/column-descriptions.json', import.meta.url), `${JSON.stringify({ texts, resources }, null, 1)}\n`);
console.log(`${texts.length} descriptions for ${Object.keys(resources).length} resources`);
await dispatcher.destroy();
await plane.stop();
process.exit(0);
