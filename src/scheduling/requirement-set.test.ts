import { expect } from 'chai';
import fc from 'fast-check';
import { LabelSet, Requirements } from '../api/requirements.js';
import type { Requirement, RequirementOperator } from '../api/requirement.js';
import { membersOf } from './bits.js';
import { RequirementSets } from './requirement-set.js';

const VALUES = ['1', '5', '9', '12', 'a', 'b', '-3', '007'];
const operators = fc.constantFrom<RequirementOperator>('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Gte', 'Lte');
const requirement = (keys: readonly string[]): fc.Arbitrary<Requirement> =>
  fc.record({ key: fc.constantFrom(...keys), operator: operators, list: fc.subarray(VALUES, { minLength: 0 }), bound: fc.integer({ min: 0, max: 12 }) })
    .map(({ key, operator, list, bound }) => ({
      key, operator, values: operator === 'In' || operator === 'NotIn' ? list : ['Gt', 'Lt', 'Gte', 'Lte'].includes(operator) ? [String(bound)] : [],
    }));
const requirements = fc.array(requirement(['example.com/size', 'topology.kubernetes.io/zone', 'kubernetes.io/arch']), { maxLength: 4 });
const WELL_KNOWN = new Set(['topology.kubernetes.io/zone', 'kubernetes.io/arch']);

describe('interned requirements', () => {
  it('hold, intersect and admit as the string algebra says', () => {
    const sets = new RequirementSets(WELL_KNOWN);
    const key = sets.vocabulary.key('example.com/size');
    const single = requirement(['example.com/size']).map(({ operator, values }) => LabelSet.of(operator, values));
    fc.assert(fc.property(single, single, fc.constantFrom(...VALUES, 'never-seen', '11'), (a, b, value) => {
      const [left, right] = [sets.values.fromLabelSet(key, a), sets.values.fromLabelSet(key, b)];
      const both = left.intersect(right);
      expect(left.hasText(value)).to.equal(a.has(value));
      expect(left.allowsAbsence).to.equal(a.allowsAbsence);
      expect(left.intersects(right)).to.equal(a.intersects(b));
      expect(both.hasText(value)).to.equal(a.intersect(b).has(value));
      expect(both.toLabelSet().describe('size')).to.equal(a.intersect(b).describe('size'));
      expect(sets.values.fromLabelSet(key, a.intersect(b))).to.equal(both);
    }));
  });

  it('merge and conflict as the string algebra says, for nodes that do not exist yet', () => {
    const sets = new RequirementSets(WELL_KNOWN);
    fc.assert(fc.property(requirements, requirements, (a, b) => {
      const [left, right] = [Requirements.of(...a), Requirements.of(...b)];
      const [has, wants] = [sets.from(left), sets.from(right)];
      expect(has.admits(wants)).to.equal(left.compatible(right, WELL_KNOWN));
      expect(has.merge(wants)).to.equal(sets.from(left.intersect(right)));
      expect(has.merge(wants).toRequirements().toString()).to.equal(left.intersect(right).toString());
    }));
  });

  it('decide about the labels of a node as the string algebra says', () => {
    const sets = new RequirementSets(WELL_KNOWN);
    const labels = fc.dictionary(fc.constantFrom('example.com/size', 'topology.kubernetes.io/zone'), fc.constantFrom(...VALUES));
    fc.assert(fc.property(labels, requirements, (has, wants) => {
      const conflict = sets.from(Requirements.of(...wants)).conflictOfLabels(has, 'node-a');
      expect(conflict === undefined).to.equal(Requirements.fromLabels(has).compatible(Requirements.of(...wants), new Set()));
    }));
  });

  it('are the same object when they are equal', () => {
    const sets = new RequirementSets(WELL_KNOWN);
    const one = sets.of([{ key: 'a', operator: 'In', values: ['x', 'y'] }, { key: 'b', operator: 'Exists' }]);
    const other = sets.of([{ key: 'b', operator: 'Exists' }, { key: 'a', operator: 'In', values: ['y', 'x', 'x'] }]);
    expect(one).to.equal(other);
    expect(membersOf(one.get(sets.vocabulary.key('a'))?.bits ?? new Uint32Array())).to.have.length(2);
  });
});
