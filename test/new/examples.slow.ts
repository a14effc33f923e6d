import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { pluralOf } from '../../src/operator/index.js';
import { linkDependencies } from '../support/installed-package.js';
import { ROOT, eventually, fetchAsAdministrator } from '../support/sandbox-process.js';

interface Sample { apiVersion: string; kind: string; metadata: { name: string } }
interface Live { status?: { conditions?: { type: string; status: string; message: string }[] } }

/** What the samples come to by themselves; the machines of an embedded cloud never join. */
const EXPECTED: Readonly<Record<string, string>> = { Machine: 'Launched' };

describe('The examples in a sandbox, by npm run dev', function examples() {
  this.timeout(120_000);
  for (const example of readdirSync(join(ROOT, 'examples')).filter((name) => existsSync(join(ROOT, 'examples', name, 'config/samples')))) {
    it(`${example}: its samples become ready`, async () => {
      const folder = join(mkdtempSync(join(tmpdir(), 'karpenter-ts-example-')), example);
      cpSync(join(ROOT, 'examples', example), folder, { recursive: true, filter: (path) => !/\/(node_modules|dist)$/.test(path) });
      linkDependencies(folder);
      const dev = spawn('npm', ['run', 'dev'], { cwd: folder, env: { ...process.env, METRICS_PORT: '0', HEALTH_PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      const ended = new Promise((resolve) => dev.once('close', resolve));
      let output = '';
      for (const stream of [dev.stdout, dev.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
      try {
        await eventually('the operator starts', 60_000, async () => output.includes('"message":"started"') || output);
        const samples = readdirSync(join(folder, 'config/samples')).flatMap((name) => parseAllDocuments(readFileSync(join(folder, 'config/samples', name), 'utf8')).map((document) => document.toJS() as Sample));
        for (const { apiVersion, kind, metadata: { name } } of samples) {
          const scope = /scope: (\w+)/.exec(readFileSync(join(folder, 'config/crd', `${apiVersion.split('/')[0]}_${pluralOf(kind)}.yaml`), 'utf8'))?.[1];
          const path = `/apis/${apiVersion}${scope === 'Namespaced' ? '/namespaces/default' : ''}/${pluralOf(kind)}/${name}`;
          const wanted = EXPECTED[kind] ?? 'Ready';
          await eventually(`${kind} ${name} is ${wanted}`, 60_000, async () => {
            const { status } = (await (await fetchAsAdministrator(join(folder, '.sandbox/kubeconfig'), path)).json()) as Live;
            return status?.conditions?.some((condition) => condition.type === wanted && condition.status === 'True') || `${JSON.stringify(status)}\n${output}`;
          });
        }
        expect(output, 'its role is complete').to.not.include('forbidden');
      } finally {
        process.kill(-(dev.pid as number), 'SIGINT');
        await ended;
        rmSync(join(folder, '..'), { recursive: true, force: true });
      }
    });
  }
});
