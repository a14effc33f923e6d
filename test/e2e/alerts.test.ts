import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { SandboxProcess, eventually } from '../support/sandbox-process.js';

interface Series {
  labels: Record<string, string>;
  value: number;
}

interface Rules {
  spec: { groups: { rules: { alert: string; expr: string }[] }[] };
}

/** `name{label="value"} 1`, by name. */
function seriesIn(text: string): Map<string, Series[]> {
  const found = new Map<string, Series[]>();
  for (const [, name = '', labels = '', value = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const series = { labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', content = '']) => [key, content])), value: Number(value) };
    found.set(name, [...(found.get(name) ?? []), series]);
  }
  return found;
}

interface Selector {
  name: string;
  labels: string[];
}

/** Labels that Prometheus itself gives to what it scrapes. */
const TARGET_LABELS = ['instance', 'job'];

/** The selectors of an expression, with the labels that they name and those that the expression groups or matches by. */
const selectors = (expression: string, legend = ''): Selector[] => {
  const grouping = [...expression.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  return [...expression.matchAll(/\b((?:karpenter|operator|controller_runtime|workqueue|rest_client|aws_sdk_go|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name, labels: [...matchers.matchAll(/(\w+)(?:=~?|![=~])"/g)].map(([, label = '']) => label).concat(grouping, shown).filter((label) => !TARGET_LABELS.includes(label)),
  }));
};

/** The selectors that no series answers. */
const unanswered = (wanted: readonly Selector[], now: ReadonlyMap<string, Series[]>): string[] =>
  wanted.filter(({ name, labels }) => !now.get(name)?.some((series) => labels.every((label) => label in series.labels))).map(({ name, labels }) => `${name}{${labels.join()}}`);

interface Dashboard {
  templating: { list: { type: string; query: string | { query: string } }[] };
  panels: { title: string; targets?: { expr: string; legendFormat: string }[] }[];
}

const rulesOf = (path: string): { alert: string; expr: string }[] => (parse(readFileSync(path, 'utf8')) as Rules).spec.groups.flatMap(({ rules }) => rules);
const pod = (name: string, nodeSelector: Record<string, string>): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeSelector, containers: [{ name: 'a', image: 'a', resources: { requests: { cpu: '200m', memory: '128Mi' } } }] },
});

describe("the guide's alerts, and the dashboard", function alerts() {
  this.timeout(90_000);
  const sandbox = new SandboxProcess();
  let url = '';
  const scrape = async () => seriesIn(await (await fetch(url)).text());
  const pending = async () => (await scrape()).get('karpenter_pods_state')?.find(({ labels }) => labels['state'] === 'pending')?.value;

  before(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/metrics`;
    const path = join(sandbox.folder, 'pods.yaml');
    writeFileSync(path, [pod('ordinary', {}), pod('exhausted', { 'node.kubernetes.io/instance-type': 'm5.large' })].map((object) => stringify(object)).join('---\n'));
    await sandbox.start('--speed', '60', '--metrics-port', String(port), '--aws-fault', 'exhausted=m5.large/*/*', '--apply', 'config/samples/nodepool.yaml', path);
    await eventually('one pod runs, and the claim of the other could not be', 60_000, async () => {
      const now = await scrape();
      const running = now.get('karpenter_pods_state')?.some(({ labels }) => labels['name'] === 'ordinary' && labels['phase'] === 'Running');
      return (running && now.has('karpenter_nodeclaims_disrupted_total') && (now.get('karpenter_nodes_allocated_cpu_cores')?.some(({ value }) => value > 0))) || [...now.keys()].join(' ');
    });
  });
  after(() => sandbox.stop());

  it('KarpenterNodeClaimFailure sees the claim that found no capacity', async () => {
    const failed = (await scrape()).get('karpenter_nodeclaims_created_total')?.filter(({ labels }) => labels['reason'] === 'failed') ?? [];
    expect(failed).to.have.length(1);
    expect(failed[0]?.labels['nodepool']).to.equal('default');
    expect(failed[0]?.value).to.be.greaterThan(0);
  });

  it('KarpenterNodeUtilizationLow is a share of what the nodes have', async () => {
    const now = await scrape();
    const [allocatable, allocated] = ['karpenter_nodes_allocatable_cpu_cores', 'karpenter_nodes_allocated_cpu_cores'].map((name) => now.get(name) ?? []);
    const free = (allocatable ?? []).map(({ labels, value }) => value - (allocated?.find((other) => JSON.stringify(other.labels) === JSON.stringify(labels))?.value ?? NaN));
    const total = (allocatable ?? []).reduce((sum, { value }) => sum + value, 0);
    expect(total).to.be.greaterThan(0);
    expect(free.reduce((sum, value) => sum + value, 0) / total).to.be.within(0, 0.95);
  });

  it('KarpenterHighPendingPods fires for eleven pods, and not before', async () => {
    expect(await pending()).to.equal(1);
    for (let index = 0; index < 10; index += 1) {
      const response = await sandbox.fetch('/api/v1/namespaces/default/pods', {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(pod(`nowhere-${index}`, { 'example.com/absent': 'yes' })),
      });
      expect(response.status).to.equal(201);
    }
    await eventually('eleven pods are pending', 30_000, async () => (await pending()) === 11 || String(await pending()));
  });

  for (const path of ['config/prometheus/alerts.yaml', 'config/samples/guide/28-prometheusrule-karpenter-alerts.yaml']) {
    it(`${path} asks for series and labels that exist`, async () => {
      const now = await scrape();
      const rules = rulesOf(path);
      expect(rules.map(({ alert }) => alert)).to.have.members(['KarpenterNodeClaimFailure', 'KarpenterHighPendingPods', 'KarpenterNodeUtilizationLow']);
      expect(unanswered(rules.flatMap(({ expr }) => selectors(expr)), now)).to.deep.equal([]);
    });
  }

  it('config/prometheus/dashboard.json asks for series and labels that exist, once nodes have come and gone', async () => {
    const { panels, templating } = JSON.parse(readFileSync('config/prometheus/dashboard.json', 'utf8')) as Dashboard;
    const wanted = panels.flatMap(({ title, targets }) => (targets ?? []).map((target) => ({ title, found: selectors(target.expr, target.legendFormat) })));
    expect(wanted.filter(({ found }) => found.length === 0).map(({ title }) => title), 'panels whose query names no metric').to.deep.equal([]);
    for (const { query } of templating.list.filter(({ type }) => type === 'query')) {
      const [, name = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(typeof query === 'string' ? query : query.query) ?? [];
      wanted.push({ title: 'variable', found: [{ name, labels: [label] }] });
    }
    // What is left empty is consolidated.
    const deleted = await sandbox.fetch('/api/v1/namespaces/default/pods/ordinary', { method: 'DELETE' });
    expect(deleted.status).to.equal(200);
    await eventually('every query has an answer', 60_000, async () => {
      const lacking = unanswered(wanted.flatMap(({ found }) => found), await scrape());
      return lacking.length === 0 || lacking.join('\n');
    });
  });
});
