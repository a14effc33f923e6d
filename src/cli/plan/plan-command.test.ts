import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { CliError } from '../cli-error.js';
import { planCommand } from './plan-command.js';
import type { PlanFlags } from './plan-command.js';
import type { PlanResult } from './plan-result.js';

const ZONE = 'topology.kubernetes.io/zone';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const isIn = (key: string, ...values: string[]): object => ({ key, operator: 'In', values });

/** A type with an offering in each of two zones. */
const type = (name: string, cpu: string, memory: string, price: number): object => ({
  name, capacity: { cpu, memory, pods: '20' }, overhead: { cpu: '100m' },
  requirements: [isIn('node.kubernetes.io/instance-type', name), isIn('kubernetes.io/arch', 'amd64'), isIn('kubernetes.io/os', 'linux'), isIn(ZONE, 'zone-a', 'zone-b'), isIn(CAPACITY_TYPE, 'on-demand')],
  offerings: ['zone-a', 'zone-b'].map((zone, index) => ({ price: price + index / 100, requirements: [isIn(CAPACITY_TYPE, 'on-demand'), isIn(ZONE, zone)] })),
});
const SMALL = type('small', '2', '4Gi', 0.1);
const LARGE = type('large', '4', '8Gi', 0.2);

const pool = (spec: object = {}): object => ({
  apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'default' },
  spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [], ...spec } } },
});
const pod = (name: string, cpu: string, spec: object = {}, rest: object = {}): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', resources: { requests: { cpu, memory: '1Gi' } } }], ...spec }, ...rest,
});
const question = (objects: object[], rest: object = {}): object => ({ instanceTypes: { '*': [LARGE, SMALL] }, objects: [pool(), ...objects], ...rest });

describe('plan', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, content: object | string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 1));
    return path;
  };
  const run = async (offline: string[], flags: Partial<PlanFlags> = {}): Promise<{ code: number; text: string; notes: string[] }> => {
    let text = '';
    const notes: string[] = [];
    const code = await planCommand({ offline, output: 'text', repeat: 1, ...flags }, { write: async (piece) => void (text += piece), note: (note) => notes.push(note) });
    return { code, text, notes };
  };
  const results = async (offline: string[], flags: Partial<PlanFlags> = {}): Promise<{ code: number; results: PlanResult[]; notes: string[] }> => {
    const { code, text, notes } = await run(offline, { ...flags, output: 'json' });
    return { code, notes, results: text.trimEnd().split('\n').map((line) => JSON.parse(line) as PlanResult) };
  };
  const failure = async (offline: string[], flags: Partial<PlanFlags> = {}): Promise<CliError> => {
    try {
      await run(offline, flags);
    } catch (error) {
      if (error instanceof CliError) return error;
      throw error;
    }
    throw new Error('it did not fail');
  };

  it('answers a question in the words of its format', async () => {
    const { code, results: [result] } = await results([file('fits.json', question([pod('web-0', '1'), pod('web-1', '500m')]))]);
    expect(code).to.equal(0);
    expect(result).to.deep.include({
      newNodes: [{
        nodePool: 'default', pods: ['default/web-0', 'default/web-1'], instanceTypes: ['small', 'large'], price: 0.1,
        requirements: [isIn('karpenter.k8s.aws/ec2nodeclass', 'default'), isIn('karpenter.sh/nodepool', 'default')],
      }],
      existingNodes: [], unschedulable: [], totalPrice: 0.1,
    });
    expect(result?.timings.parseMs).to.be.greaterThan(0);
    expect(result?.timings.solveMs).to.be.greaterThan(0);
  });

  it('reads the same question as YAML, objects in a list or in one line', async () => {
    const asked = question([pod('web-0', '1'), pod('web-1', '500m')], { options: { preferencePolicy: 'Ignore' } });
    const files = [file('same.json', asked), file('same.yaml', stringify(asked, { aliasDuplicateObjects: false })), file('aliases.yaml', stringify(asked)), file('flow.yaml', JSON.stringify(asked))];
    const { results: found } = await results(files);
    const answers = found.map(({ timings: _, ...answer }) => answer);
    expect(answers).to.deep.equal(files.map(() => answers[0]));
    expect(answers[0]?.newNodes[0]?.pods).to.have.length(2);
  });

  it('reads YAML in which an object refers to another one', async () => {
    const text = `instanceTypes: {"*": ${JSON.stringify([SMALL])}}
objects:
- ${JSON.stringify(pool())}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-0}
  spec: &spec {containers: [{name: main, resources: {requests: {cpu: 1500m}}}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-1}
  spec: *spec
`;
    expect((await results([file('anchors.yaml', text)])).results[0]?.newNodes.map(({ pods }) => pods)).to.deep.equal([['default/web-0'], ['default/web-1']]);
    expect((await failure([file('no-anchor.yaml', text.replace('&spec ', ''))])).message).to.match(/no-anchor\.yaml:11:9: not YAML: Unresolved alias.*spec/);
  });

  it('shows people the nodes, how full they are, and what has no place with why', async () => {
    const asked = question([pod('web-0', '950m'), pod('huge-0', '99'), pod('huge-1', '99'), pod('elsewhere', '1', { nodeSelector: { [ZONE]: 'zone-c' } })]);
    const { code, text } = await run([file('text.json', asked)]);
    expect(code).to.equal(3);
    expect(text).to.match(/^.*text\.json: 1 pod of 4 placed, on 1 new node for 0\.1000 USD\/hour and 0 existing nodes$/m);
    expect(text).to.match(/^NODE +POOL +TYPE +ZONE +CAPACITY +USD\/HOUR +CPU +MEMORY +PODS +WHICH$/m);
    expect(text).to.match(/^new 1 +default +small \(or 1 more\) +zone-a +on-demand +0\.1000 +50 % +25 % +1 +default\/web-0$/m);
    expect(text).to.match(/^2 pods with no place to run: default\/huge-0, default\/huge-1$/m);
    expect(text).to.match(/^1 pod with no place to run: default\/elsewhere\n {2}incompatible with nodepool "default".*zone-c/m);
  });

  it('uses nodes that are there, and says how full they become', async () => {
    const node = {
      apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a', labels: { 'node.kubernetes.io/instance-type': 'small', [ZONE]: 'zone-a', 'kubernetes.io/hostname': 'node-a' } }, spec: { providerID: 'a' },
      status: { capacity: { cpu: '2', memory: '4Gi', pods: '20' }, allocatable: { cpu: '2', memory: '4Gi', pods: '20' } },
    };
    const asked = file('existing.json', question([node, pod('old', '1', { nodeName: 'node-a' }, { status: { phase: 'Running' } }), pod('web-0', '500m')]));
    const { results: [result] } = await results([asked]);
    expect(result?.existingNodes).to.deep.equal([{ name: 'node-a', pods: ['default/web-0'] }]);
    expect(result?.totalPrice).to.equal(0);
    expect((await run([asked])).text).to.match(/^node-a +- +small +zone-a +- +- +75 % +50 % +\+1 +default\/web-0$/m);
    expect((await run([asked], { explain: 'default/web-0' })).text).to.equal('default/web-0\n  fits on node node-a, which is there already and costs nothing more\n');
  });

  it('answers files one by one, in their order, with catalogues from the nearest folder that has some', async () => {
    file('cases/catalogues/base.json', [LARGE, SMALL]);
    file('cases/catalogues/delta.json', { $base: 'catalogues/base.json', drop: ['small'], put: [type('tiny', '1500m', '2Gi', 0.05)] });
    const first = file('cases/suite/one.json', { ...question([pod('web-0', '1')]), instanceTypes: { '*': { $ref: 'catalogues/delta.json' } } });
    const second = file('cases/suite/deep/two.json', { ...question([pod('web-0', '1')]), instanceTypes: { '*': { $ref: 'catalogues/base.json' } } });
    const { results: found } = await results([first, second, first]);
    expect(found.map(({ newNodes: [node] }) => node?.instanceTypes)).to.deep.equal([['tiny', 'large'], ['small', 'large'], ['tiny', 'large']]);
  });

  it('places the pods that are asked about and no others, and is the same however often it solves', async () => {
    const asked = file('pending.json', question([pod('web-0', '1'), pod('web-1', '1')], { pending: ['default/web-1'] }));
    const [once, often] = [await results([asked]), await results([asked], { repeat: 4 })];
    expect(once.results[0]?.newNodes.map(({ pods }) => pods)).to.deep.equal([['default/web-1']]);
    expect({ ...often.results[0], timings: undefined }).to.deep.equal({ ...once.results[0], timings: undefined });
  });

  it('explains where one pod goes and what the alternatives cost, or why it goes nowhere', async () => {
    const asked = file('explain.json', question([pod('web-0', '1'), pod('huge', '99')]));
    const { text } = await run([asked], { explain: 'default/web-0' });
    expect(text.split('\n')).to.include.members([
      'default/web-0', '  goes to new node 1 of NodePool default', '  cheapest of 2 types that can carry them: small, on-demand in zone-a, 0.1000 USD/hour', '    then large, on-demand in zone-a, 0.2000 USD/hour',
    ]);
    expect((await run([asked], { explain: 'default/huge' })).text).to.match(/^default\/huge\n {2}fits nowhere:\n {2}NodePool default: \d+ → .*0 by resources\n.*"cpu":"99/);
    expect((await results([asked], { explain: 'default/huge' })).results[0]?.explanation?.[0]).to.equal('fits nowhere:');
  });

  it('makes the pods of buffers that are given by name only', async () => {
    const objects = [
      { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'chunk', namespace: 'default' }, template: { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1' } } }] } } },
      { apiVersion: 'autoscaling.x-k8s.io/v1beta1', kind: 'CapacityBuffer', metadata: { name: 'room', namespace: 'default', uid: 'b' }, spec: { podTemplateRef: { name: 'chunk' }, replicas: 2 } },
    ];
    const names = ['default/capacity-buffer-room-1', 'default/capacity-buffer-room-2'];
    const asked = file('buffer.json', question([pod('web-0', '1'), ...objects], { pending: ['default/web-0', ...names], clusterState: { virtualPods: names } }));
    expect((await results([asked])).results[0]?.newNodes.flatMap(({ pods }) => pods)).to.have.members(['default/web-0', ...names]);
  });

  it('takes the catalogue of the command line where the question has none', async () => {
    const catalogue = file('only-large.json', { '*': [LARGE] });
    const { instanceTypes: _, ...asked } = question([pod('web-0', '1')]) as { instanceTypes: object };
    expect((await results([file('without.json', asked)], { catalogue })).results[0]?.newNodes[0]?.instanceTypes).to.deep.equal(['large']);
    const { notes } = await results([file('with.json', question([pod('web-0', '1')]))], { catalogue });
    expect(notes.join()).to.match(/with\.json says itself what can be launched: --catalogue counts for nothing/);
  });

  it('says which options mean nothing to it', async () => {
    const { notes } = await run([file('options.json', question([], { options: { preferencePolcy: 'Ignore' } }))]);
    expect(notes.join()).to.match(/options\.json: options\.preferencePolcy is not known/);
  });

  describe('refuses, naming file, line and field,', () => {
    const text = (objects: string, rest = ''): string => `{\n"instanceTypes": {"*": []},${rest}\n"objects": [\n${objects}\n]}`;
    const refusals: [string, string, string | object, RegExp][] = [
      ['JSON that stops', 'stops.json', '{"objects": [\n{"kind": "Pod"', /stops\.json:2:\d+: objects\[0\]: not JSON: the text ends/],
      ['JSON that is none', 'comma.json', text('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a",}}'), /comma\.json:4:62: objects\[0\]: not JSON: a key in quotes/],
      ['JSON that is none between objects', 'between.json', text('{"kind": "Pod"} {"kind": "Pod"}'), /between\.json:4:17: objects\[0\]: not JSON: nothing is expected here/],
      ['YAML that is none', 'bad.yaml', 'instanceTypes: {}\nobjects:\n- kind: Pod\n  metadata: {name: [a\n- kind: Pod\n', /bad\.yaml:4:\d+: objects\[0\]: not YAML/],
      ['an object without a kind', 'kind.json', text('{"apiVersion": "v1", "metadata": {"name": "a"}}'), /kind\.json:4:1: objects\[0\]\.kind: is missing/],
      ['a quantity that is none', 'quantity.json', text('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [\n  {"resources": {"requests": {"cpu": "one"}}}]}}'), /quantity\.json:5:38: objects\[0\]\.spec\.containers\[0\]\.resources\.requests\.cpu: "one" is not a quantity; write/],
      ['the same in YAML', 'quantity.yaml', 'instanceTypes: {"*": []}\nobjects:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec:\n    containers:\n    - resources:\n        requests:\n          nvidia.com/gpu: one\n', /quantity\.yaml:10:27: objects\[0\]\.spec\.containers\[0\]\.resources\.requests\["nvidia\.com\/gpu"\]: "one" is not a quantity/],
      ['an operator that does not exist', 'operator.json', question([pod('a', '1', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Is', values: ['b'] }] }] } } } })]), /operator\.json:\d+:\d+: objects\[1\].*matchExpressions\[0\]\.operator: "Is" must be one of In, NotIn/],
      ['a setting that does not exist', 'policy.json', question([], { options: { preferencePolicy: 'respect' } }), /policy\.json:\d+:\d+: options\.preferencePolicy: "respect" must be one of Respect, Ignore/],
      ['an instance type without a price', 'price.json', { ...question([]), instanceTypes: { '*': [{ name: 'a', capacity: {}, offerings: [{ available: true }] }] } }, /price\.json:\d+:\d+: instanceTypes\["\*"\]\[0\]\.offerings\[0\]\.price: is missing/],
      ['a catalogue that is not there', 'ref.json', { ...question([]), instanceTypes: { '*': { $ref: 'catalogues/no.json' } } }, /ref\.json:\d+:\d+: instanceTypes\["\*"\]\.\$ref: .*catalogues\/no\.json does not exist/],
      ['a pending pod that is no object', 'unknown.json', question([pod('a', '1')], { pending: ['default/a', 'default/b'] }), /unknown\.json:\d+:\d+: pending\[1\]: "default\/b" is no pod of objects/],
      ['objects that are no list', 'list.json', { instanceTypes: { '*': [] }, objects: {} }, /list\.json:\d+:\d+: objects: \{\} must be a list/],
      ['an object that is there twice', 'twice.json', question([pod('a', '1'), pod('b', '1'), pod('a', '1')]), /twice\.json: objects\[3\]: Pod default\/a is there twice, first as objects\[1\]/],
      ['a question without types', 'types.json', { objects: [] }, /types\.json: instanceTypes: is missing/],
      ['a file without anything', 'nothing.yaml', '# nothing\n', /nothing\.yaml: holds neither/],
    ];
    for (const [what, name, content, message] of refusals) {
      it(what, async () => {
        const error = await failure([file(name, content)]);
        expect(error.message).to.match(message);
        expect(error.exitCode).to.equal(1);
      });
    }

    it('a file that is not there', async () => {
      expect((await failure([join(folder, 'no.json')])).message).to.equal(`${join(folder, 'no.json')}: no such file or directory`);
    });

    it('what the command line does not say rightly, with exit code 2', async () => {
      const manifests = file('pool.yaml', stringify(pool()));
      const cases: [Promise<CliError>, RegExp][] = [
        [failure([manifests]), /holds manifests: say what can be launched with --catalogue FILE, or with --region REGION/],
        [failure([manifests], { catalogue: 'a', region: 'b' }), /give one of them/],
        [failure([manifests], { region: 'mars' }), /--region mars: it must be the name of an AWS region/],
        [failure([file('explained.json', question([]))], { explain: 'default/nobody' }), /--explain default\/nobody: no such pod/],
      ];
      for (const [thrown, message] of cases) {
        expect((await thrown).message).to.match(message);
        expect((await thrown).exitCode).to.equal(2);
      }
    });
  });
});
