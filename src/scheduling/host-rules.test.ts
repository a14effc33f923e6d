import { expect } from 'chai';
import { HostLoad, hostRulesOf } from './host-rules.js';
import type { HostRules } from './host-rules.js';
import type { ClassTopology } from './topology.js';
import type { TopologyGroup } from './topology-group.js';
import type { TopologyKind } from './topology-term.js';

const group = (kind: TopologyKind, maxSkew = 1, ofHosts = true): TopologyGroup => ({ ofHosts, term: { kind, maxSkew } } as unknown as TopologyGroup);
const rules = (restricting: readonly TopologyGroup[], counting: readonly TopologyGroup[]): HostRules =>
  hostRulesOf({ restricting: restricting.map((each) => ({ group: each })), counting: counting.map((each) => ({ group: each })) } as unknown as ClassTopology);
const loaded = (...pods: readonly (readonly [HostRules, number])[]): HostLoad => {
  const load = new HostLoad();
  for (const [each, count] of pods) load.add(each, count);
  return load;
};

const plain = rules([], []);

describe('rules about hosts', () => {
  it('leave out terms about other domains, and those that want company', () => {
    expect(rules([group('topology spread', 1, false), group('pod affinity')], [group('pod anti-affinity', 1, false)])).to.equal(plain);
    expect(loaded([plain, 100]).roomFor(plain)).to.equal(Number.POSITIVE_INFINITY);
  });

  it('let one pod of a kind that keeps itself away onto a host', () => {
    const apart = group('pod anti-affinity');
    const own = rules([apart], [apart]);
    expect(new HostLoad().roomFor(own)).to.equal(1);
    expect(loaded([own, 1]).roomFor(own)).to.equal(0);
    expect(loaded([own, 1]).roomFor(plain)).to.equal(Number.POSITIVE_INFINITY);
  });

  it('keep pods off hosts with those that they avoid, and those off hosts with them', () => {
    const avoids = group('pod anti-affinity');
    const shy = rules([avoids], []);
    const loud = rules([], [avoids]);
    expect(new HostLoad().roomFor(shy)).to.equal(Number.POSITIVE_INFINITY);
    expect(loaded([shy, 5]).roomFor(shy)).to.equal(Number.POSITIVE_INFINITY);
    expect(loaded([loud, 1]).roomFor(shy)).to.equal(0);
    expect(loaded([shy, 1]).roomFor(loud)).to.equal(0);
    expect(loaded([loud, 3]).roomFor(loud)).to.equal(Number.POSITIVE_INFINITY);
  });

  it('let as many pods onto a host as their spread allows, others that it counts included', () => {
    const spread = group('topology spread', 3);
    const own = rules([spread], [spread]);
    const counted = rules([], [spread]);
    expect(new HostLoad().roomFor(own)).to.equal(3);
    expect(loaded([own, 1], [counted, 1]).roomFor(own)).to.equal(1);
    expect(loaded([own, 1], [counted, 1]).roomFor(counted)).to.equal(1);
    expect(loaded([counted, 7]).roomFor(counted)).to.equal(Number.POSITIVE_INFINITY);
    expect(loaded([counted, 7]).roomFor(own)).to.equal(0);
  });

  it('let pods that their own spread does not count onto hosts with no more than it allows', () => {
    const spread = group('topology spread', 2);
    const watching = rules([spread], []);
    const counted = rules([], [spread]);
    expect(loaded([counted, 2]).roomFor(watching)).to.equal(Number.POSITIVE_INFINITY);
    expect(loaded([counted, 3]).roomFor(watching)).to.equal(0);
    expect(loaded([watching, 9], [counted, 1]).roomFor(counted)).to.equal(1);
  });

  it('are applied to a copy of what is on a host', () => {
    const apart = group('pod anti-affinity');
    const own = rules([apart], [apart]);
    const base = new HostLoad();
    new HostLoad(base).add(own, 1);
    expect(base.roomFor(own)).to.equal(1);
    base.add(own, 1);
    expect(new HostLoad(base).roomFor(own)).to.equal(0);
  });
});
