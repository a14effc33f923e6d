// Recorded cases and their catalogues, packed for test/cases (see the README there).
//   node tools/cases.mjs import FOLDER          packs FOLDER/scheduling and FOLDER/disruption anew
//   node tools/cases.mjs export FOLDER [TEXT]   unpacks the cases whose path contains TEXT, as files that `karpenter-ts plan` reads
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

const TARGET = new URL('../test/cases/', import.meta.url).pathname;
const KINDS = ['scheduling', 'disruption'];

const jsonFiles = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const path = join(folder, entry.name);
  return entry.isDirectory() ? jsonFiles(path) : entry.name.endsWith('.json') ? [path] : [];
}).sort();

function pack(name, lines) {
  const text = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const packed = brotliCompressSync(text, { params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: text.length } });
  writeFileSync(`${TARGET}${name}.jsonl.br`, packed);
  console.log(`${name}: ${lines.length} lines, ${text.length} bytes, packed ${packed.length}`);
}

const unpack = (name) => brotliDecompressSync(readFileSync(`${TARGET}${name}.jsonl.br`)).toString().trim().split('\n').map((line) => JSON.parse(line));

function importFrom(folder) {
  const catalogues = new Map();
  for (const kind of KINDS) {
    const cases = [];
    for (const file of jsonFiles(join(folder, kind))) {
      const path = relative(join(folder, kind), file);
      const content = JSON.parse(readFileSync(file, 'utf8'));
      if (!path.startsWith('catalogues/')) cases.push({ path: path.replace(/\.json$/, ''), ...content });
      else {
        const known = catalogues.get(path);
        if (known && JSON.stringify(known) !== JSON.stringify(content)) throw new Error(`${path} differs between the folders`);
        catalogues.set(path, content);
      }
    }
    pack(kind, cases);
  }
  pack('catalogues', [...catalogues].map(([path, content]) => ({ path, content })));
}

function exportTo(folder, text = '') {
  const write = (path, content) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  };
  for (const kind of KINDS) for (const { path, ...content } of unpack(kind)) if (path.includes(text)) write(join(folder, `${path}.json`), content);
  for (const { path, content } of unpack('catalogues')) write(join(folder, path), content);
}

const [command, folder, text] = process.argv.slice(2);
if (command === 'import' && folder) importFrom(folder);
else if (command === 'export' && folder) exportTo(folder, text);
else {
  console.error('usage: node tools/cases.mjs import FOLDER | export FOLDER [TEXT]');
  process.exit(2);
}
