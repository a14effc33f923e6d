import { expect } from 'chai';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import { solve } from './solve.js';
import type { ObjectLookup, Snapshot } from './snapshot.js';

const ZONE = 'topology.kubernetes.io/zone';
const ZONES = ['a', 'b', 'c'];
const pools = [{ nodePool: nodePool('default'), instanceTypes: [instanceType('small', { cpu: 2, memoryGi: 4 }, ZONES.map((zone) => ({ zone, price: 0.1 })))] }];

/** To how many zones pods can go, by what the solver tells. */
function zonesOf(pods: readonly Pod[], rest: Partial<Snapshot> = {}): Record<string, number> {
  let told = {};
  solve(snapshot(pools, rest), pods, { zones: (counts) => (told = Object.fromEntries(counts)) });
  return told;
}
const web = (spec: Partial<PodSpec>): Pod => pod({ labels: { app: 'web' }, spec });
const requiring = (operator: string, ...values: string[]): Partial<PodSpec> =>
  ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator, values }] }] } } } });
const spread: Partial<PodSpec> = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } }] };
const volume = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };
/** A class whose volumes can be made in these zones, each an alternative. */
const lookup = (...zones: string[]): ObjectLookup => ({
  persistentVolumeClaim: () => ({ spec: { storageClassName: 'class' } }),
  persistentVolume: () => undefined,
  storageClass: () => ({ provisioner: 'x', allowedTopologies: zones.map((zone) => ({ matchLabelExpressions: [{ key: ZONE, values: [zone] }] })) }),
});
const occupied = (...zones: string[]): Partial<Snapshot> => ({ nodes: zones.map((zone) => existingNode(zone, { zone, pods: [{ ...web({}), spec: { containers: [], nodeName: zone } }] })) });

describe('the effective zone of a pending pod', () => {
  it('is the one that its requirements or its volumes leave', () => {
    expect(zonesOf([web({ nodeSelector: { [ZONE]: 'a' } }), web(requiring('In', 'a'))])).to.deep.equal({ a: 2 });
    expect(zonesOf([web(volume)], { lookup: lookup('b') })).to.deep.equal({ b: 1 });
    expect(zonesOf([web({ ...volume, ...requiring('In', 'a', 'b') })], { lookup: lookup('b', 'c') })).to.deep.equal({ b: 1 });
    expect(zonesOf([web({ ...volume, ...requiring('NotIn', 'b') })], { lookup: lookup('b', 'c') })).to.deep.equal({ c: 1 });
  });

  it('is the one that an even spread leaves', () => {
    expect(zonesOf([web(spread)], occupied('a', 'b'))).to.deep.equal({ c: 1 });
    expect(zonesOf([web(spread)], occupied('a'))).to.deep.equal({ flexible: 1 });
    expect(zonesOf([web({ ...spread, ...volume })], { ...occupied('a', 'b'), lookup: lookup('c', 'a') })).to.deep.equal({ c: 1 });
  });

  it('is flexible when there are several, or nothing is asked', () => {
    expect(zonesOf([web({}), web(requiring('In', 'a', 'b')), web(requiring('NotIn', 'a'))])).to.deep.equal({ flexible: 3 });
    expect(zonesOf([web(volume)], { lookup: lookup('a', 'b') })).to.deep.equal({ flexible: 1 });
  });

  it('is none when what is asked contradicts', () => {
    expect(zonesOf([web({ ...volume, nodeSelector: { [ZONE]: 'a' } })], { lookup: lookup('b') })).to.deep.equal({ none: 1 });
    expect(zonesOf([web({ ...spread, ...volume })], { ...occupied('a', 'b'), lookup: lookup('a') })).to.deep.equal({ none: 1 });
  });

  it('is not asked of pods that run, nor of virtual ones', () => {
    const virtual = web({});
    solve(snapshot(pools), [virtual], { virtualPods: new Set([virtual]), zones: (counts) => expect([...counts]).to.deep.equal([]) });
    expect(zonesOf([{ ...web({}), status: { phase: 'Running' } }])).to.deep.equal({});
  });
});
