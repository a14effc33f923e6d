import { expect } from 'chai';
import fc from 'fast-check';
import type { Requirement, RequirementOperator } from './requirement.js';
import { LabelSet, Requirements } from './requirements.js';

const KEY = 'example.com/size';
const set = (operator: RequirementOperator, ...values: string[]): LabelSet => LabelSet.of(operator, values);
const one = (operator: RequirementOperator, ...values: string[]): Requirements => Requirements.of({ key: KEY, operator, values });

const values = fc.constantFrom('1', '5', '9', 'a', 'b', '-3', '007');
const requirement: fc.Arbitrary<LabelSet> = fc.oneof(
  fc.tuple(fc.constantFrom<RequirementOperator>('In', 'NotIn'), fc.array(values, { maxLength: 3 })).map(([operator, list]) => set(operator, ...list)),
  fc.constantFrom(set('Exists'), set('DoesNotExist')),
  fc.tuple(fc.constantFrom<RequirementOperator>('Gt', 'Lt', 'Gte', 'Lte'), fc.integer({ min: 0, max: 9 })).map(([operator, bound]) => set(operator, String(bound))),
);

describe('requirements', () => {
  const intersections: [string, LabelSet, LabelSet, string][] = [
    ['In with NotIn', set('In', 'a', 'b'), set('NotIn', 'b'), 'size In [a]'],
    ['two disjoint In', set('In', 'a'), set('In', 'b'), 'size DoesNotExist'],
    ['two NotIn', set('NotIn', 'a'), set('NotIn', 'b'), 'size NotIn [a b]'],
    ['In with Gte keeps the integers that are large enough', set('In', '1', '9', 'x'), set('Gte', '5'), 'size In [9]'],
    ['Gt 5 with Lt 6', set('Gt', '5'), set('Lt', '6'), 'size DoesNotExist'],
    ['Exists with Gte', set('Exists'), set('Gte', '5'), 'size Exists >=5'],
  ];
  for (const [name, a, b, expected] of intersections) {
    it(`intersects ${name}`, () => expect(a.intersect(b).describe('size')).to.equal(expected));
  }

  const compatibility: [string, Requirements, Requirements, boolean, boolean][] = [
    ['absent key, In', Requirements.empty, one('In', 'a'), false, true],
    ['absent key, Exists', Requirements.empty, one('Exists'), false, true],
    ['absent key, Gte', Requirements.empty, one('Gte', '5'), false, true],
    ['absent key, NotIn', Requirements.empty, one('NotIn', 'a'), true, true],
    ['absent key, DoesNotExist', Requirements.empty, one('DoesNotExist'), true, true],
    ['In [a], NotIn [a]', one('In', 'a'), one('NotIn', 'a'), false, false],
    ['In [a], DoesNotExist', one('In', 'a'), one('DoesNotExist'), false, false],
    ['NotIn [a], DoesNotExist', one('NotIn', 'a'), one('DoesNotExist'), true, true],
    ['DoesNotExist, Exists', one('DoesNotExist'), one('Exists'), false, false],
  ];
  for (const [name, has, wants, strict, undefinedAllowed] of compatibility) {
    it(`decides compatibility of ${name}`, () => {
      expect(has.compatible(wants, new Set()), 'strict').to.equal(strict);
      expect(has.compatible(wants, new Set([KEY])), 'undefined allowed').to.equal(undefinedAllowed);
    });
  }

  it('explains which key conflicts, and hints at a typo', () => {
    const zone = 'topology.kubernetes.io/zone';
    const have = Requirements.of({ key: zone, operator: 'In', values: ['a'] });
    expect(have.incompatibility(Requirements.of({ key: zone, operator: 'In', values: ['b'] }))).to.equal(`key ${zone}, ${zone} In [b] not in ${zone} In [a]`);
    expect(have.incompatibility(Requirements.of({ key: 'zone', operator: 'In', values: ['a'] }))).to.include(`typo of "${zone}"?`);
  });

  it('normalises the older names of labels', () => {
    const old = Requirements.of({ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'In', values: ['a'] });
    expect(old.get('topology.kubernetes.io/zone').has('a')).to.equal(true);
  });

  it('writes both bounds as Gte and Lte', () => {
    const both: Requirement[] = [{ key: KEY, operator: 'Gt', values: ['4'] }, { key: KEY, operator: 'Lt', values: ['9'] }];
    expect(Requirements.of(...both).toList()).to.deep.equal([
      { key: KEY, operator: 'Gte', values: ['5'] },
      { key: KEY, operator: 'Lte', values: ['8'] },
    ]);
  });

  it('writes a bound on what need only exist as Gte', () => {
    expect(set('Exists').intersect(set('Gte', '5')).toRequirements(KEY)).to.deep.equal([{ key: KEY, operator: 'Gte', values: ['5'] }]);
  });

  it('tells a label that must exist from one that may be absent, however it is asked', () => {
    const present = one('Exists').intersect(one('NotIn', 'a'));
    const impossible = one('In', 'a').intersect(one('DoesNotExist'));
    expect(Requirements.empty.compatible(present, new Set())).to.be.false;
    expect(one('DoesNotExist').compatible(present)).to.be.false;
    expect(one('NotIn', 'b').compatible(present)).to.be.true;
    for (const has of [Requirements.empty, one('DoesNotExist'), one('In', 'a'), one('NotIn', 'a')]) expect(has.compatible(impossible, new Set([KEY]))).to.be.false;
    expect(Requirements.empty.incompatibility(impossible)).to.equal(`no value of label "${KEY}" meets all that is asked of it`);
  });

  it('intersects exactly where both sides allow a value', () => {
    fc.assert(fc.property(requirement, requirement, values, (a, b, value) => {
      expect(a.intersect(b).has(value)).to.equal(a.has(value) && b.has(value));
    }));
  });

  it('agrees with itself whether an intersection is empty', () => {
    fc.assert(fc.property(requirement, requirement, (a, b) => {
      expect(a.intersects(b)).to.equal(a.intersect(b).operator !== 'DoesNotExist');
    }));
  });
});
