import { expect } from 'chai';
import type { Pod, PodAffinityTerm, PodSpec } from 'kubernetes-types/core/v1.js';
import { instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import { WELL_KNOWN_LABELS } from '../api/labels.js';
import { compile } from './compiled.js';
import { movableTo } from './movable-pods.js';
import type { PodClass } from './pod-class.js';
import { prepare } from './prepare.js';
import { Solver } from './solver.js';

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const TYPES = [instanceType('large', { cpu: 32, memoryGi: 128 }, ['a', 'b'].flatMap((zone) => ['spot', 'on-demand'].map((capacityType) => ({ zone, capacityType, price: 1 }))))];

const named = (app: string, spec: Partial<PodSpec> = {}): Pod => pod({ name: app, labels: { app }, spec });
const term = (app: string, topologyKey: string): PodAffinityTerm => ({ topologyKey, labelSelector: { matchLabels: { app } } });
const required = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: PodAffinityTerm[]): Partial<PodSpec> => ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const spread = (rest: object = {}): Partial<PodSpec> => ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, ...rest }] });

/** For each pod by name what another node must be for it, beyond what the pool says; undefined when it must stay. */
function movable(...pods: Pod[]): Record<string, string | undefined> {
  const input = snapshot([{ nodePool: nodePool('default'), instanceTypes: TYPES }]);
  const steps = prepare(input, compile(input, WELL_KNOWN_LABELS, 'reservation'), pods, {}, []);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const { queue, run } = step.value;
  const solver = new Solver(run);
  for (const queued of queue) solver.place(queued);
  return Object.fromEntries(solver.drafts.flatMap((draft) => draft.pods.map((each, index) =>
    [each.metadata?.name ?? '', movableTo(draft.classes[index] as PodClass, draft, run.topology)?.toRequirements().toString()])));
}

describe('pods of a planned node', () => {
  it('can be on any other that has what they ask for', () => {
    expect(movable(named('any'), named('careful', { nodeSelector: { 'karpenter.sh/capacity-type': 'on-demand' } })))
      .to.deep.equal({ any: '', careful: 'karpenter.sh/capacity-type In [on-demand]' });
  });

  it('stay in the zone in which others count them, whether they are spread, apart, together, or only counted', () => {
    const inA = { nodeSelector: { [ZONE]: 'a' } };
    for (const spec of [spread(), spread({ whenUnsatisfiable: 'ScheduleAnyway' }), required('podAffinity', term('web', ZONE)), required('podAntiAffinity', term('web', ZONE))]) {
      expect(movable(named('web', { ...spec, ...inA }))).to.deep.equal({ web: `${ZONE} In [a]` });
      expect(movable(named('web', inA), named('www', spec))['web']).to.equal(`${ZONE} In [a]`);
    }
  });

  it('stay in the zone that their node settled for, though they did not ask for it', () => {
    expect(movable(named('web', spread()))['web']).to.match(/zone In \[[ab]\]$/);
  });

  it('stay on their node when its zone is open', () => {
    expect(movable(named('web', required('podAntiAffinity', term('web', ZONE))))).to.deep.equal({ web: undefined });
  });

  it('stay with the company that they want on their host, and so does the company', () => {
    expect(movable(named('web'), named('web-follower', required('podAffinity', term('web', HOSTNAME))), named('any'))).to.deep.equal({ web: undefined, 'web-follower': undefined, any: '' });
  });

  it('may leave hosts that they share with none, or with few', () => {
    expect(movable(named('web', required('podAntiAffinity', term('web', HOSTNAME))))).to.deep.equal({ web: '' });
    expect(movable(named('web', spread({ topologyKey: HOSTNAME })))).to.deep.equal({ web: '' });
  });

  it('stay where another node could change whether they count', () => {
    const onlySpot = { nodeSelector: { 'karpenter.sh/capacity-type': 'spot' } };
    const inA = { nodeSelector: { [ZONE]: 'a' } };
    // Counted by a spread over spot machines, a pod that may be on any must not become one of them, nor cease to be.
    expect(movable(named('web', inA), named('other', { ...spread(), ...onlySpot }))['web']).to.be.undefined;
    expect(movable(named('web', inA), named('other', { ...spread({ nodeAffinityPolicy: 'Ignore' }), ...onlySpot }))['web']).to.equal(`${ZONE} In [a]`);
  });
});
