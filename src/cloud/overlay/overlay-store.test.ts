import { expect } from 'chai';
import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { NodePool } from '../../api/nodepool.js';
import { nodeOverlay } from '../../../test/support/overlays.js';
import { inValues, instanceType, nodePool } from '../../../test/support/workloads.js';
import type { CloudProvider } from '../provider.js';
import { overlaid, undecorated } from './overlaid-provider.js';
import { evaluateOverlays } from './overlay-evaluation.js';
import { OverlayStore, UnevaluatedNodePool } from './overlay-store.js';

const TYPE = 'node.kubernetes.io/instance-type';
const types = [instanceType('small', { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 1 }])];
const pool = nodePool('one');
const cheap = nodeOverlay('cheap', { price: '0.1' });

describe('the store of overlays', () => {
  let store: OverlayStore;
  const update = (overlays: readonly NodeOverlay[], pools: readonly NodePool[] = [pool], known = pools): boolean =>
    store.update(evaluateOverlays(overlays, known.map((nodePool) => ({ nodePool, instanceTypes: types }))), pools, known);
  const price = (): number | undefined => store.apply(pool, types)[0]?.offerings[0]?.price;

  beforeEach(() => {
    store = new OverlayStore();
  });

  it('refuses to speak of a pool before it was evaluated', () => {
    expect(() => store.apply(pool, types)).to.throw(UnevaluatedNodePool, 'nodepool "one" is awaiting evaluation');
    update([]);
    expect(store.apply(pool, types)).to.equal(types);
    expect(() => store.apply(nodePool('later'), types)).to.throw(UnevaluatedNodePool);
  });

  it('keeps to what it knew of a pool whose types cannot be listed just now, and forgets pools that are gone', () => {
    update([cheap]);
    update([cheap], [pool], []);
    expect(price()).to.equal(0.1);
    update([cheap], []);
    expect(() => store.apply(pool, types)).to.throw(UnevaluatedNodePool);
  });

  it('says whether an evaluation makes a difference, and keeps its types if not', () => {
    expect(update([cheap])).to.equal(true);
    const before = store.apply(pool, types);
    expect(update([nodeOverlay('cheap', { price: '0.1' })])).to.equal(false);
    expect(store.apply(pool, types)).to.equal(before);
    expect(update([nodeOverlay('cheap', { price: '0.2' })])).to.equal(true);
    expect(price()).to.equal(0.2);
    expect(update([cheap], [pool, nodePool('two')])).to.equal(true);
    expect(update([], [pool, nodePool('two')])).to.equal(true);
    expect(price()).to.equal(1);
  });

  it('knows what became of each generation of an overlay', () => {
    const [a, b] = [nodeOverlay('a', { price: '1' }), nodeOverlay('b', { price: '2' })];
    expect(store.verdictOf(a)).to.equal(undefined);
    let told = 0;
    store.events.subscribe(() => { told += 1; });
    update([a, b]);
    expect(told).to.equal(1);
    expect(store.verdictOf(b)).to.equal('accepted');
    expect(store.verdictOf(a)).to.include({ reason: 'Conflict' });
    expect(store.verdictOf(nodeOverlay('b', { price: '2' }, 2))).to.equal(undefined);
  });

  it('has prices of types that are named and nothing else, the heaviest overlay\'s first', () => {
    update([
      nodeOverlay('light', { price: '1', requirements: [inValues(TYPE, 'x', 'y')] }),
      nodeOverlay('heavy', { price: '2', weight: 5, requirements: [inValues('beta.kubernetes.io/instance-type', 'y')] }),
      nodeOverlay('adjusted', { priceAdjustment: '+1', weight: 6, requirements: [inValues(TYPE, 'z')] }),
      nodeOverlay('zonal', { price: '4', weight: 7, requirements: [inValues(TYPE, 'z'), inValues('topology.kubernetes.io/zone', 'a')] }),
      nodeOverlay('negated', { price: '5', weight: 8, requirements: [{ key: TYPE, operator: 'NotIn', values: ['z'] }] }),
    ]);
    expect(['x', 'y', 'z'].map((type) => store.priceOf(type))).to.deep.equal([1, 2, undefined]);
    const version = store.pricesVersion;
    update([nodeOverlay('light', { price: '1', requirements: [inValues(TYPE, 'x')] })]);
    expect(store.pricesVersion).to.not.equal(version);
  });
});

describe('a provider under overlays', () => {
  const provider = {
    name: 'fake',
    getInstanceTypes: async () => types,
    repairPolicies(this: CloudProvider) { return [this.name]; },
  } as unknown as CloudProvider;

  it('has other instance types, and is the same otherwise', async () => {
    const store = new OverlayStore();
    const decorated = overlaid(provider, store);
    const refusal = await decorated.getInstanceTypes(pool).then(() => undefined, (error: unknown) => error);
    expect(refusal).to.be.instanceOf(UnevaluatedNodePool);
    store.update(evaluateOverlays([cheap], [{ nodePool: pool, instanceTypes: types }]), [pool], [pool]);
    expect((await decorated.getInstanceTypes(pool))[0]?.offerings[0]?.price).to.equal(0.1);
    expect(decorated.repairPolicies()).to.deep.equal(['fake']);
    expect(await undecorated(decorated).getInstanceTypes(pool)).to.equal(types);
    expect(undecorated(provider)).to.equal(provider);
  });
});
