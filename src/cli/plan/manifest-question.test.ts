import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CliError } from '../cli-error.js';
import { planCommand } from './plan-command.js';
import type { PlanFlags } from './plan-command.js';
import type { PlanResult } from './plan-result.js';

const CATALOGUE = JSON.stringify([['small', 2, 0.1], ['large', 8, 0.4]].map(([name, cpu, price]) => ({
  name, capacity: { cpu: String(cpu), memory: `${Number(cpu) * 2}Gi`, pods: '20' },
  requirements: [['node.kubernetes.io/instance-type', name], ['kubernetes.io/arch', 'amd64'], ['kubernetes.io/os', 'linux'], ['topology.kubernetes.io/zone', 'a']].map(([key, value]) => ({ key, operator: 'In', values: [value] })),
  offerings: [{ price, requirements: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] }, { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] }] }],
})));

const POOL = `apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: default}
spec: {template: {spec: {requirements: [], nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}}}}
`;
const container = (resources: string): string => `{containers: [{name: main, image: i, resources: ${resources}}]}`;
const deployment = (name: string, replicas: number, spec: string, extra = ''): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec: {replicas: ${replicas}, selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: ${spec}}}
${extra}`;

describe('plan of manifests', function manifests() {
  this.timeout(60_000);
  let folder: string;
  let catalogue: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-'));
    catalogue = file('catalogue.json', CATALOGUE);
  });
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const plan = async (path: string, flags: Partial<PlanFlags> = { catalogue }): Promise<{ code: number; result: PlanResult; notes: string[] }> => {
    let text = '';
    const notes: string[] = [];
    const code = await planCommand({ offline: [path], output: 'json', repeat: 1, ...flags }, { write: async (piece) => void (text += piece), note: (note) => notes.push(note) });
    return { code, notes, result: JSON.parse(text) as PlanResult };
  };
  const podsOf = ({ newNodes }: PlanResult): string[] => newNodes.flatMap(({ pods }) => pods).sort();

  it('makes the pods that the controllers of a cluster would make', async () => {
    const { code, result } = await plan(file('workloads.yaml', `${POOL}${deployment('web', 2, container('{requests: {cpu: 500m}}'))}---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: ${container('{requests: {cpu: 1}}')}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: load}
spec: {parallelism: 3, completions: 2, template: {spec: {restartPolicy: Never, ${container('{requests: {cpu: 1}}').slice(1)}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: later}
spec: {suspend: true, template: {spec: {restartPolicy: Never, ${container('{requests: {cpu: 1}}').slice(1)}}}
`));
    expect(code).to.equal(0);
    expect(podsOf(result).map((name) => name.replace(/web-\w+-/, 'web-HASH-'))).to.deep.equal(['default/db-0', 'default/db-1', 'default/load-1', 'default/load-2', 'shop/web-HASH-1', 'shop/web-HASH-2']);
  });

  it('takes limits for requests where there are none, of pods as well', async () => {
    const limits = container('{limits: {cpu: 3}}');
    const { result } = await plan(file('limits.yaml', `${POOL}${deployment('web', 1, limits)}---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: ${limits}\n`));
    expect(podsOf(result)).to.have.length(2);
    expect(result.newNodes.flatMap(({ instanceTypes }) => instanceTypes)).to.not.include('small');
  });

  it('sets aside what DaemonSets take, and makes no pods of them', async () => {
    const daemons = `---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec: {selector: {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: ${container('{requests: {cpu: 1}}')}}}
`;
    const workload = deployment('web', 1, container('{requests: {cpu: 1500m}}'));
    const [without, beside] = [await plan(file('alone.yaml', POOL + workload)), await plan(file('daemons.yaml', POOL + workload + daemons))];
    expect([without.result.newNodes[0]?.instanceTypes, beside.result.newNodes[0]?.instanceTypes]).to.deep.equal([['small', 'large'], ['large']]);
    expect(podsOf(beside.result)).to.have.length(1);
  });

  it('makes no pods that are there already', async () => {
    const live = `---
apiVersion: v1
kind: Pod
metadata: {name: web-x, namespace: shop, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u1, controller: true}]}
spec: ${container('{requests: {cpu: 100m}}')}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, uid: u1, resourceVersion: "7", ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u0, controller: true}]}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: ${container('{requests: {cpu: 100m}}')}}}
status: {replicas: 1}
`;
    const { result } = await plan(file('live.yaml', POOL + deployment('web', 2, container('{requests: {cpu: 100m}}')) + live));
    expect(podsOf(result)).to.deep.equal(['shop/web-1-1', 'shop/web-x']);
  });

  it('reads what kubectl prints as a list, JSON too', async () => {
    const items = [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default' }, spec: { containers: [{ name: 'm', image: 'i' }] }, status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } }];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...items, { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'default' }, spec: { template: { spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' } } } } }] });
    expect(podsOf((await plan(file('list.json', list))).result)).to.deep.equal(['default/a']);
  });

  it('counts buffers and overlays while their feature gates are on', async () => {
    const path = file('gates.yaml', `${POOL}${deployment('web', 1, container('{requests: {cpu: 1500m}}'))}---
apiVersion: autoscaling.x-k8s.io/v1beta1
kind: CapacityBuffer
metadata: {name: room, namespace: shop}
spec: {scalableRef: {apiGroup: apps, kind: Deployment, name: web}, replicas: 2}
---
apiVersion: autoscaling.x-k8s.io/v1beta1
kind: CapacityBuffer
metadata: {name: lost, namespace: shop}
spec: {podTemplateRef: {name: nothing}, replicas: 1}
---
apiVersion: karpenter.sh/v1alpha1
kind: NodeOverlay
metadata: {name: cheap}
spec: {requirements: [{key: node.kubernetes.io/instance-type, operator: In, values: [large]}], price: "0.01"}
`);
    const without = await plan(path);
    expect([podsOf(without.result).length, without.result.newNodes[0]?.instanceTypes]).to.deep.equal([1, ['small', 'large']]);
    const { result, notes } = await plan(path, { catalogue, featureGates: 'CapacityBuffer=true,NodeOverlay=true' });
    expect(podsOf(result).slice(0, 2)).to.deep.equal(['shop/capacity-buffer-room-1', 'shop/capacity-buffer-room-2']);
    expect(result.totalPrice).to.equal(0.01);
    expect(notes).to.deep.equal(['CapacityBuffer shop/lost counts for nothing: PodTemplate shop/nothing not found']);
  });

  it('leaves out kinds that nobody knows, and says so', async () => {
    const { notes } = await plan(file('kinds.yaml', `${POOL}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\nrequirements: []\n`));
    expect(notes).to.deep.equal([`${join(folder, 'kinds.yaml')}:9: no apiVersion and kind: skipped, not a Kubernetes object`, 'Widget w is left out: no such kind is known here']);
  });

  const refusals: [string, string, RegExp][] = [
    ['a field that does not exist', POOL.replace('requirements', 'requirments'), /:4:\d+: spec\.template\.spec\.requirments: .*did you mean "requirements"/],
    ['what the rules of a NodePool forbid', POOL.replace('requirements: []', 'requirements: [{key: a, operator: In, values: []}]'), /:4:\d+: spec\.template\.spec\.requirements.*operator 'In' must have/],
    ['a Deployment that an API server would refuse', POOL + deployment('web', 1, container('{requests: {cpu: 1}}')).replace('matchLabels: {app: web}', 'matchLabels: {app: other}'), /:9:\d+: spec\.template\.metadata\.labels/],
  ];
  for (const [index, [what, text, message]] of refusals.entries()) {
    it(`refuses ${what}, naming file, line and field`, async () => {
      const error = await plan(file(`refused-${index}.yaml`, text)).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(CliError);
      expect((error as CliError).message).to.match(message);
      expect((error as CliError).exitCode).to.equal(1);
    });
  }

  it("plans the guide's manifests as printed, on what AWS sells in a region", async () => {
    const { code, result, notes } = await plan('config/samples/guide', { region: 'us-west-2' });
    expect(code).to.equal(0);
    expect(result.newNodes.map(({ nodePool, pods, instanceTypes }) => [nodePool, pods.length, instanceTypes[0]])).to.have.deep.members([
      ['frontend', 5, 't3.medium'], ['backend-services', 3, 'c5.large'], ['database', 1, 'r5.xlarge'],
    ]);
    expect(notes.some((note) => note.includes('01-snippet'))).to.equal(true);
    const { result: elsewhere } = await plan('config/samples/guide', { region: 'eu-central-1' });
    expect(elsewhere.newNodes.map(({ instanceTypes }) => instanceTypes[0])).to.have.members(['t3.medium', 'c5.large', 'r5.xlarge']);
  });
});
