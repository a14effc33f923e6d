import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { systemClock, systemRandom } from '../../operator/index.js';
import type { PolicyRule } from '../../operator/index.js';
import { createSandbox } from '../../sandbox/index.js';
import { CliError } from '../cli-error.js';
import { writeKubeconfig } from '../kubeconfig.js';
import type { ShadowFlags } from './shadow-command.js';
import { shadowCommand } from './shadow-command.js';

describe('karpenter-ts shadow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-'));
  const project = join(folder, 'project');
  const printed: string[] = [];
  after(() => rmSync(folder, { recursive: true }));

  const run = (at: string, flags: Partial<ShadowFlags>, signal = new AbortController().signal, hear: (text: string) => void = () => undefined): Promise<number> => {
    printed.length = 0;
    const print = (text: string): void => {
      printed.push(text);
      hear(text);
    };
    return shadowCommand(at, { window: 30_000, manager: [], role: false, output: 'text', ...flags }, print, signal);
  };
  const refusal = async (at: string, flags: Partial<ShadowFlags>): Promise<string> => {
    const error = await run(at, flags).then((code) => new Error(`exit ${code}`), (thrown: Error) => thrown);
    return `${error instanceof CliError ? error.exitCode : 'no'}: ${error.message}`;
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  before(() => {
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'labels', type: 'module', 'karpenter-ts': { module: 'module.js', main: 'main.js' } }));
    // What the compiled module of a project looks like.
    writeFileSync(join(project, 'module.js'), `
      import { ConfigMap, Reconciler, Step, done, reconcilers } from '${new URL('../../operator/index.js', import.meta.url).href}';
      class Labels {
        async label(map, ctx) { if (map.metadata.name === 'mine') await ctx.patch(ctx.object, (draft) => { draft.data = { ...draft.data, by: 'the new version' }; }); return done(); }
      }
      Step()(Labels.prototype, 'label', Object.getOwnPropertyDescriptor(Labels.prototype, 'label'));
      Reconciler({ for: ConfigMap, name: 'labels' })(Labels);
      export const modules = [reconcilers(Labels)];
    `);
  });

  it('says what is wrong, with exit code 2', async () => {
    expect(await refusal(folder, { kubeconfig: '/nowhere/kubeconfig' })).to.match(/^2: cannot read the kubeconfig \(\/nowhere\/kubeconfig\): ENOENT/);
    expect(await refusal(project, { replay: '/nowhere/log' })).to.match(/^2: cannot read \/nowhere\/log: ENOENT/);
    expect(await refusal(project, { replay: file('half', '{"at":17') })).to.match(/^2: .*half: line 1 of the log is not JSON; "karpenter-ts shadow --record FILE" writes lines such as/);
    expect(await refusal(project, { replay: file('kindless', '{"at":1,"type":"ADDED","object":{}}') })).to.include('line 1 of the log has a kind without group, version, kind or plural');
    expect(await refusal(project, { replay: file('empty', '\n') })).to.match(/^2: .*the log is empty$/);
    expect(await refusal(folder, { replay: '/nowhere/log' })).to.match(/^2: --replay is for the operator of a project/);
  });

  it('prints a role of reads, for Karpenter and for projects', async () => {
    for (const [at, name] of [[folder, 'karpenter-shadow'], [project, 'labels-shadow']] as const) {
      expect(await run(at, { role: true })).to.equal(0);
      const role = parse(printed.join('')) as { kind: string; metadata: { name: string }; rules: PolicyRule[] };
      expect([role.kind, role.metadata.name]).to.deep.equal(['ClusterRole', name]);
      expect(new Set(role.rules.flatMap(({ verbs }) => verbs))).to.deep.equal(new Set(['get', 'list', 'watch']));
    }
  });

  it('shadows a project\'s operator, records the cluster, and replays it: exit 1 with the difference', async () => {
    const sandbox = await createSandbox({ clock: systemClock({ background: true }), random: systemRandom, kinds: [], crds: [] });
    try {
      const kubeconfig = join(folder, 'kubeconfig');
      await writeKubeconfig(kubeconfig, sandbox.access);
      await sandbox.transport.send({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name: 'mine' }, data: { by: 'the old version' } }) });
      const record = join(folder, 'cluster.jsonl');
      const stop = new AbortController();
      const code = await run(project, { kubeconfig, record, window: 50 }, stop.signal, (text) => { if (text.includes('only the shadow would do it')) stop.abort(); });
      const found = /only the shadow would do it\n {2}patch ConfigMap default\/mine {2}by labels \(label\) for default\/mine, woken by ConfigMap default\/mine\n {4}data\.by: "the old version" → "the new version"\n/;
      expect(printed.join('')).to.match(found).and.match(/\n1 difference\n$/);
      expect(code).to.equal(1);
      expect(await run(project, { replay: record })).to.equal(1);
      expect(printed.join('')).to.match(found);
      const { body } = await sandbox.transport.send({ method: 'GET', path: '/api/v1/namespaces/default/configmaps/mine', headers: {} });
      for await (const text of body) expect(String(text)).to.include('the old version');
    } finally {
      await sandbox.close();
    }
  });
});
