import { expect } from 'chai';
import { inValues, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import { WELL_KNOWN_LABELS } from '../api/labels.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { compile } from './compiled.js';
import { HostLoad } from './host-rules.js';
import { Machines } from './machines.js';
import type { Item } from './packing-stock.js';
import type { Pool } from './pool.js';
import { Repacking } from './repack.js';
import type { Kept, Packing } from './repack.js';
import { WorkBudget } from './work-budget.js';

const RESOURCES = ['cpu', 'memory'];
const GiB = 2 ** 30;

const machine = (name: string, cpu: number, memoryGi: number, price: number): InstanceType => instanceType(name, { cpu: cpu + 0.1, memoryGi: memoryGi + 0.01 }, [{ zone: 'a', price }]);
const LABELS = new Set(WELL_KNOWN_LABELS);
const compiledOf = (instanceTypes: InstanceType[]): ReturnType<typeof compile> => compile(snapshot([{ nodePool: nodePool('default'), instanceTypes }]), LABELS, 'reservation');
const { sets } = compiledOf([]);
const poolOf = (...instanceTypes: InstanceType[]): Pool => compiledOf(instanceTypes).pools[0] as Pool;

const item = ({ template }: Pool, name: string, count: number, cpu: number, memoryGi: number, rest: Partial<Item> = {}): Item => ({
  pods: Array.from({ length: count }, (_, index) => pod({ name: `${name}${index}` })), requirements: template, hosts: { restricting: [], counting: [] },
  vector: { indexes: [0, 1], amounts: [cpu * 1000, memoryGi * GiB] }, value: cpu * 0.04 + memoryGi * 0.005, alternatives: 1, ...rest,
});

interface Setting { kept?: readonly Kept[]; limit?: number; charge?: number; work?: number }

function packed(pool: Pool, items: readonly Item[], { kept = [], limit = Number.POSITIVE_INFINITY, charge = 0, work = 1e6 }: Setting = {}): Packing | undefined {
  const offers = pool.rows.map((_, row) => ({ row, price: pool.pricesUnder(pool.template)[row] as number }));
  const steps = new Repacking(new Machines(pool, RESOURCES), [...items].sort((a, b) => b.value - a.value), offers, new WorkBudget(work), charge).run(kept, limit);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The type that each node is cheapest as, with its pods. */
const outline = (packing: Packing | undefined): string[] | undefined => packing?.nodes.map(({ pool, rows, requirements, pods }) =>
  `${pool.typesByPrice(rows, requirements)[0]?.type.name}: ${pods.map(({ metadata }) => metadata?.name).join(' ')}`).sort();

describe('a packing', () => {
  it('takes the machine with the most worth for its price, as often as there are pods for it', () => {
    const pool = poolOf(machine('two', 2, 8, 0.1), machine('eight', 8, 32, 0.5));
    const packing = packed(pool, [item(pool, 'web', 4, 1, 2)]);
    expect(outline(packing)).to.deep.equal(['two: web0 web1', 'two: web2 web3']);
    expect(packing?.price).to.be.closeTo(0.2, 1e-12);
  });

  it('ends with one machine for all that is left where that is cheaper', () => {
    // A machine of four is the best value; the last of nine pods gets a small one.
    const pool = poolOf(machine('one', 1, 4, 0.06), machine('four', 4, 16, 0.2));
    expect(outline(packed(pool, [item(pool, 'web', 9, 1, 2)]))).to.deep.equal(['four: web0 web1 web2 web3', 'four: web4 web5 web6 web7', 'one: web8']);
    // Two small ones would do for the last two, but one of four costs less than their prices with what nodes cost beside.
    const dear = poolOf(machine('one', 1, 4, 0.11), machine('four', 4, 16, 0.3));
    expect(outline(packed(dear, [item(dear, 'web', 2, 1, 2)]))).to.deep.equal(['one: web0', 'one: web1']);
    expect(outline(packed(dear, [item(dear, 'web', 2, 1, 2)], { charge: 0.1 }))).to.deep.equal(['four: web0 web1']);
  });

  it('names the price of the cheapest machine that its pods fit on', () => {
    const pool = poolOf(machine('four', 4, 16, 0.2), machine('three', 3, 16, 0.19));
    const packing = packed(pool, [item(pool, 'web', 3, 1, 1)]);
    expect(outline(packing)).to.deep.equal(['three: web0 web1 web2']);
    expect(packing?.price).to.equal(0.19);
  });

  it('fills nodes that stay without making them dearer', () => {
    const pool = poolOf(machine('two', 2, 8, 0.1), machine('four', 4, 16, 0.25));
    const kept: Kept = { requirements: pool.template, totals: Float64Array.of(1500, GiB), hosts: new HostLoad(), alternatives: 2, pods: [pod({ name: 'stays' })] };
    expect(outline(packed(pool, [item(pool, 'web', 5, 0.5, 1)], { kept: [kept] }))).to.deep.equal(['two: stays web0', 'two: web1 web2 web3 web4']);
  });

  it('decides nothing about nodes that stay which was open', () => {
    const inZones = (name: string): InstanceType => instanceType(name, { cpu: 4.1, memoryGi: 16.01 }, ['a', 'b'].map((zone) => ({ zone, price: 0.2 })));
    const pool = poolOf(inZones('four'));
    const kept: Kept = { requirements: pool.template, totals: Float64Array.of(1000, GiB), hosts: new HostLoad(), alternatives: 1, pods: [pod({ name: 'stays' })] };
    const requirements = sets.of([inValues('topology.kubernetes.io/zone', 'a')]);
    expect(outline(packed(pool, [item(pool, 'web', 1, 1, 1, { requirements })], { kept: [kept] }))).to.deep.equal(['four: stays', 'four: web0']);
    const settled = { ...kept, requirements: pool.template.merge(requirements) };
    expect(outline(packed(pool, [item(pool, 'web', 1, 1, 1, { requirements })], { kept: [settled] }))).to.deep.equal(['four: stays web0']);
  });

  it('takes pods back until enough types are left', () => {
    const pool = poolOf(machine('a', 4, 16, 0.2), machine('b', 4, 16, 0.21), machine('c', 3, 16, 0.19), machine('large', 8, 32, 0.3));
    expect(outline(packed(pool, [item(pool, 'web', 8, 1, 1)]))).to.deep.equal(['large: web0 web1 web2 web3 web4 web5 web6 web7']);
    const packing = packed(pool, [item(pool, 'web', 8, 1, 1, { alternatives: 3 })]);
    expect(packing?.nodes.map(({ pods }) => pods.length)).to.deep.equal([4, 4]);
    expect(packing?.nodes.every(({ rows }) => pool.typeCount(rows) >= 3)).to.be.true;
    expect(packed(pool, [item(pool, 'web', 8, 1, 1, { alternatives: 5 })])).to.be.undefined;
  });

  it('is none when it is not cheaper, or when it would take too much work', () => {
    const pool = poolOf(machine('two', 2, 8, 0.1));
    const items = [item(pool, 'web', 4, 1, 2)];
    expect(packed(pool, items, { limit: 0.2 })).to.be.undefined;
    expect(packed(pool, items, { limit: 0.2001 })?.price).to.be.closeTo(0.2, 1e-12);
    expect(packed(pool, items, { work: 0 })).to.be.undefined;
  });

  it('tells many sizes apart roughly, and fits them exactly', () => {
    const pool = poolOf(machine('four', 4, 16, 0.2), machine('sixteen', 16, 64, 0.9));
    const items = Array.from({ length: 300 }, (_, index) => item(pool, `p${index}-`, 1, 0.3 + index / 300, 0.5 + ((index * 7) % 300) / 300));
    const packing = packed(pool, items);
    expect(packing?.nodes.flatMap(({ pods }) => pods)).to.have.length(300);
    for (const { totals } of packing?.nodes ?? []) {
      expect(totals[0]).to.be.at.most(16_000);
      expect(totals[1]).to.be.at.most(64.02 * GiB);
    }
    // 0.8 CPUs and 1 GiB on average: full machines of four carry no more than five.
    expect(packing?.price).to.be.within(0.2 * 60, 0.2 * 60 * 1.07);
  });
});
