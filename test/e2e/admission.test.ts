import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { writeKubeconfig } from '../../src/cli/kubeconfig.js';
import { compile, crdOf, createOperator, reconcilers, silentLogger, systemClock, systemRandom, webhookConfigurations } from '../../src/operator/index.js';
import type { Operator } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { EmbeddedSandbox } from '../../src/sandbox/index.js';
import { Kubectl, hasKubectl } from '../conformance/kubectl.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { ShopRules } from '../support/shop.js';

const SERVICE = { namespace: 'default', name: 'shop' };

const shop = (size: number): string => JSON.stringify({ apiVersion: 'shop.example.com/v1', kind: 'Shop', metadata: { name: 'a' }, spec: { size } });

describe('What kubectl shows of an operator\'s webhooks', function admission() {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-'));
  const stop = new AbortController();
  let sandbox: EmbeddedSandbox | undefined;
  let kubectl: Kubectl;
  let operator: Operator;
  let running: Promise<void> | undefined;

  before(async function start() {
    if (!hasKubectl) {
      console.warn('NOT RUN: kubectl is not on the path; what it shows of webhooks is left out');
      this.skip();
    }
    const plan = compile([ShopRules]);
    const port = await freePort();
    sandbox = await createSandbox({
      clock: systemClock(), random: systemRandom, kinds: [], crds: plan.kinds.filter(({ definition }) => definition).map((kind) => crdOf(kind)),
      services: ({ name }) => (name === SERVICE.name ? { host: '127.0.0.1', port } : undefined),
    });
    await writeKubeconfig(join(folder, 'kubeconfig'), sandbox.access);
    kubectl = new Kubectl(join(folder, 'kubeconfig'));
    for (const configuration of webhookConfigurations(plan, 'shop', { service: SERVICE })) await kubectl.ok('apply -f -', JSON.stringify(configuration));
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(join(folder, 'kubeconfig'));
    operator = createOperator({ name: 'shop', kubeconfig, logger: silentLogger, ports: false, processMetrics: false, webhooks: { port, host: '127.0.0.1', service: SERVICE } }).use(reconcilers(ShopRules));
    running = operator.run({ signal: stop.signal });
    await operator.ready();
  });
  after(async () => {
    stop.abort(new Error('over'));
    await running;
    await sandbox?.close();
    kubectl?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is the denial, with field, value and what would be accepted', async () => {
    expect(await kubectl.fails('apply -f -', shop(11))).to.equal('The Shop "a" is invalid: spec.size: Invalid value: 11: has to be 10 at most');
    // The whole answer says who denied it.
    expect((await kubectl.run(['apply', '-v=8', '-f', '-'], { input: shop(11) })).stderr).to.match(/admission webhook \\?"[^"]+" denied the request: /);
    expect(await kubectl.fails('get shops a')).to.contain('"a" not found');
  });

  it('is what was filled in, and warnings beside success', async () => {
    expect(await kubectl.ok('apply -f -', shop(5))).to.equal('shop.shop.example.com/a created');
    expect(await kubectl.ok('get shops a -o jsonpath={.spec.note}')).to.equal('size 5');
    const { code, stdout, stderr } = await kubectl.run(['apply', '-f', '-'], { input: shop(3) });
    expect([code, stdout.trim(), stderr.trim()]).to.deep.equal([0, 'shop.shop.example.com/a configured', 'Warning: shelves beyond the new size are lost']);
    expect((await kubectl.run(['apply', '--dry-run=server', '-f', '-'], { input: shop(2) })).stderr.trim()).to.equal('Warning: shelves beyond the new size are lost');
  });
});
