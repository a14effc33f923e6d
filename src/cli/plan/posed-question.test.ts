import { expect } from 'chai';
import { nodeOverlay } from '../../../test/support/overlays.js';
import { inValues, instanceType, nodePool, pod } from '../../../test/support/workloads.js';
import { solve } from '../../scheduling/solve.js';
import { planResult } from './plan-result.js';
import type { PlanResult } from './plan-result.js';
import { pose } from './posed-question.js';
import type { PosedQuestion } from './posed-question.js';
import type { Question } from './question.js';

const ZONE = 'topology.kubernetes.io/zone';
const TYPES = [instanceType('small', { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 1 }, { zone: 'b', price: 1 }])];
const NOW = '2026-01-01T00:00:00Z';

/** An object as a file has it. */
const object = (apiVersion: string, kind: string, name: string, rest: object = {}, metadata: object = {}): object => ({ apiVersion, kind, metadata: { name, ...metadata }, ...rest });
const waiting = (name: string, input: Parameters<typeof pod>[0] = {}, metadata: object = {}): object => {
  const made = pod({ name, ...input });
  return { ...made, apiVersion: 'v1', kind: 'Pod', status: {}, metadata: { ...made.metadata, ...metadata } };
};
const AMOUNTS = { capacity: { cpu: '2', memory: '4Gi', pods: '10' }, allocatable: { cpu: '2', memory: '4Gi', pods: '10' } };
/** A node of the pool with its claim, initialized. */
const machine = (name: string, labels: object = {}): object[] => {
  const all = { 'karpenter.sh/nodepool': 'default', 'karpenter.sh/registered': 'true', 'karpenter.sh/initialized': 'true', 'node.kubernetes.io/instance-type': 'small', [ZONE]: 'a', ...labels };
  return [
    object('v1', 'Node', name, { spec: { providerID: `fake:///${name}` }, status: AMOUNTS }, { labels: all }),
    object('karpenter.sh/v1', 'NodeClaim', `claim-of-${name}`, { spec: { requirements: [], nodeClassRef: { group: 'g', kind: 'K', name: 'n' } }, status: { ...AMOUNTS, providerID: `fake:///${name}` } }, { labels: all }),
  ];
};
const ask = (objects: object[], rest: Partial<Question> = {}): PosedQuestion => pose({
  name: 'q', options: { now: NOW }, objects: [{ ...nodePool('default') }, ...objects] as never, instanceTypes: new Map([['*', TYPES]]), pending: undefined, state: {}, ...rest,
}, () => { throw new Error('the question has its own time'); });
const answer = (posed: PosedQuestion): PlanResult => planResult(solve(posed.snapshot(), posed.pods, posed.options), posed, { parseMs: 0, solveMs: 0 });
const placed = ({ newNodes, existingNodes }: PlanResult): string[] => [...newNodes.flatMap(({ pods }) => pods.map((name) => `${name} new`)), ...existingNodes.flatMap(({ name: node, pods }) => pods.map((name) => `${name} ${node}`))].sort();

describe('a question of plan --offline', () => {
  it('is asked with node overlays while their feature gate is on', () => {
    const types = ['small', 'large'].map((name) => instanceType(name, { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 1 }]));
    const objects = [
      nodePool('default'), nodeOverlay('cheap', { price: '0.1', requirements: [inValues('node.kubernetes.io/instance-type', 'small')] }), nodeOverlay('conflicting', { price: '9' }),
      { ...nodeOverlay('everywhere'), spec: { capacity: { 'example.com/slice': 4 } } },
    ];
    const posed = (featureGates: Record<string, boolean>) => pose({
      name: 'overlays', options: { featureGates }, objects: objects as never, instanceTypes: new Map([['*', types]]), pending: undefined, state: {},
    }, () => 0).pools[0]?.instanceTypes;
    expect(posed({})).to.equal(types);
    expect(posed({ NodeOverlay: true })?.map(({ offerings: [offering], capacity }) => [offering?.price, capacity['example.com/slice']])).to.deep.equal([[9, 4], [9, 4]]);
  });

  it('is about pods that wait: not bound ones, gated ones, those of DaemonSets, or those that a node is nominated for', () => {
    const objects = [
      waiting('new'), { ...waiting('marked'), status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } },
      { ...waiting('not-looked-at'), status: { phase: 'Pending' } }, { ...waiting('bound', { spec: { nodeName: 'n' } }), status: { phase: 'Running' } }, { ...waiting('preempting'), status: { nominatedNodeName: 'n' } },
      waiting('gated', { spec: { schedulingGates: [{ name: 'g' }] } as never }), waiting('daemon', {}, { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'd' }] }),
    ];
    expect(ask(objects).pods.map(({ metadata }) => metadata?.name)).to.deep.equal(['new', 'marked']);
  });

  it('has the pods of nodes that are marked for deletion placed elsewhere, and puts nothing on these', () => {
    const objects = [...machine('going'), { ...waiting('moved', { spec: { nodeName: 'going' } }), status: { phase: 'Running' } }, waiting('new')];
    expect(placed(answer(ask(objects)))).to.deep.equal(['default/new going']);
    expect(placed(answer(ask(objects, { state: { nodes: [{ name: 'going', markedForDeletion: true }] } })))).to.deep.equal(['default/moved new', 'default/new new']);
  });

  it('knows until when nodes are nominated', () => {
    const { snapshot } = ask(machine('n'), { state: { nodes: [{ name: 'n', nominatedUntil: '2026-01-01T00:00:20.5Z' }] } });
    expect(snapshot().nodes[0]?.nominatedUntil).to.equal(Date.parse(NOW) + 20_500);
  });

  it('takes the operator\'s older copies of machines, and leaves out those that it did not know', () => {
    const objects = [...machine('known'), ...machine('unknown'), waiting('in-b', { spec: { nodeSelector: { [ZONE]: 'b' } } })];
    const [node] = machine('known', { [ZONE]: 'b' });
    const state = { needsStateReasons: ['…'], nodes: [{ name: 'known', node: 'known', nodeClaim: 'claim-of-known', stateNode: node }] } as never;
    expect(ask(objects).snapshot().nodes.map(({ name }) => name)).to.deep.equal(['known', 'unknown']);
    expect(ask(objects, { state }).snapshot().nodes.map(({ name }) => name)).to.deep.equal(['known']);
    expect(placed(answer(ask(objects, { state })))).to.deep.equal(['default/in-b known']);
  });

  it('sets aside for DaemonSets what the operator took for their pods', () => {
    const daemonSet = object('apps/v1', 'DaemonSet', 'agent', { spec: { selector: {}, template: { spec: { containers: [{ name: 'm', resources: { requests: { cpu: '100m' } } }] } } } }, { namespace: 'default', uid: 'd' });
    const live = { ...waiting('agent-1', { cpu: 700, spec: { nodeName: 'n' } }, { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'd' }] }), status: { phase: 'Running' } };
    const cpu = (state: object): string | undefined => ask([daemonSet, live], { state }).snapshot().daemonSetPods[0]?.spec?.containers[0]?.resources?.requests?.['cpu'] as string | undefined;
    expect(cpu({})).to.equal('700m');
    expect(cpu({ needsStateReasons: ['daemonset pod is not cached in state, the template is used: default/agent'] })).to.equal('100m');
    expect(cpu({ daemonSetPods: { 'default/agent': 'default/agent-0' }, daemonSetPodObjects: [waiting('agent-0', { cpu: 300 })] })).to.equal('300m');
    const owned = waiting('agent-2', { cpu: 400 }, { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'd' }] });
    expect(cpu({ daemonSetPods: [owned] })).to.equal('400m');
  });

  it('spreads by the scheduler\'s defaults what a Service or a controller selects', () => {
    const options = { now: NOW, schedulerConfig: { podTopologySpread: { defaultConstraints: [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule' }] } } };
    const pods = ['one', 'two'].map((name) => waiting(name, { labels: { app: 'web' } }));
    const service = object('v1', 'Service', 'web', { spec: { selector: { app: 'web' } } }, { namespace: 'default' });
    expect(answer(ask([...pods, service], { options })).newNodes).to.have.length(2);
    expect(answer(ask(pods, { options })).newNodes).to.have.length(1);
  });

  it('leaves to others the pods that the provider\'s rules exclude, and says why', () => {
    const storageClass = object('storage.k8s.io/v1', 'StorageClass', 'foreign', { provisioner: 'foreign', volumeBindingMode: 'WaitForFirstConsumer' });
    const claim = object('v1', 'PersistentVolumeClaim', 'data', { spec: { storageClassName: 'foreign' } }, { namespace: 'default' });
    const objects = [
      storageClass, claim, waiting('volume', { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } }),
      waiting('restricted', { spec: { nodeSelector: { 'sub.example.com/a': 'b' } } }), waiting('fine'),
    ];
    const { unschedulable, ...rest } = answer(ask(objects, { options: { now: NOW, unsupportedProvisioners: ['foreign'], restrictedLabelDomains: ['example.com'] } }));
    expect(placed({ unschedulable, ...rest })).to.deep.equal(['default/fine new']);
    expect(unschedulable.map(({ pod: name, reason }) => `${name}: ${reason}`)).to.deep.equal([
      'default/volume: provisioner "foreign" is not supported (PersistentVolumeClaim=default/data)', 'default/restricted: label sub.example.com/a is restricted',
    ]);
  });

  it('understands a provider\'s older names of labels and values', () => {
    const options = { now: NOW, normalizedLabels: { 'old.example.com/zone': ZONE }, normalizedLabelValues: { [ZONE]: { bee: 'b' } } };
    const result = answer(ask([waiting('old', { spec: { nodeSelector: { 'old.example.com/zone': 'bee' } } })], { options }));
    expect(result.newNodes[0]?.requirements).to.deep.include(inValues(ZONE, 'b'));
  });

  it('takes reserved capacity unless its feature gate is off', () => {
    const label = 'example.com/reservation-id';
    const [plain] = TYPES;
    const offering = { price: 0.1, available: true, reservationCapacity: 1, requirements: [inValues('karpenter.sh/capacity-type', 'reserved'), inValues(ZONE, 'a'), inValues(label, 'r-1')] };
    const reserved = { ...plain, requirements: [...plain?.requirements ?? [], inValues(label, 'r-1')].map((each) => (each.key === 'karpenter.sh/capacity-type' ? inValues(each.key, 'on-demand', 'reserved') : each)), offerings: [...plain?.offerings ?? [], offering] };
    const capacityType = (featureGates: Record<string, boolean>): unknown => answer(ask([waiting('p')], { options: { now: NOW, featureGates, wellKnownLabels: [label] }, instanceTypes: new Map([['*', [reserved as never]]]) }))
      .newNodes[0]?.requirements.find(({ key }) => key === 'karpenter.sh/capacity-type')?.values;
    expect(capacityType({})).to.deep.equal(['reserved']);
    expect(capacityType({ ReservedCapacity: false })).to.not.deep.equal(['reserved']);
  });
});
