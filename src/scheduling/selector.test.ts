import { expect } from 'chai';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import { Selector } from './selector.js';

const name = (selector: LabelSelector | undefined): string => Selector.of(selector).name;
const app = { key: 'app', operator: 'In', values: ['web'] };
const tier = { key: 'tier', operator: 'In', values: ['back', 'front'] };

describe('a selector', () => {
  it('is the same however often and in whichever order its expressions are written', () => {
    expect(name({ matchLabels: { app: 'web' }, matchExpressions: [tier] })).to.equal(name({ matchExpressions: [{ ...tier, values: ['front', 'back'] }, app, app, tier] }));
    expect(name({ matchLabels: { app: 'web' } })).to.not.equal(name({ matchLabels: { app: 'db' } }));
    expect(name({ matchExpressions: [app] })).to.not.equal(name({ matchExpressions: [{ ...app, operator: 'NotIn' }] }));
  });

  it('selects nothing when it is absent, and everything when it is empty', () => {
    expect(Selector.of(undefined).matches({})).to.be.false;
    expect(Selector.of({}).matches({ app: 'web' })).to.be.true;
    expect(name(undefined)).to.not.equal(name({}));
  });

  it('joined with others selects what all select', () => {
    const both = Selector.every([Selector.of({ matchExpressions: [app] }), Selector.of({ matchExpressions: [tier] })]);
    expect([{ app: 'web', tier: 'back' }, { app: 'web' }, { tier: 'back' }].map((labels) => both.matches(labels))).to.deep.equal([true, false, false]);
    expect(both.name).to.equal(name({ matchExpressions: [tier, app] }));
    expect(Selector.every([Selector.of({}), Selector.of(undefined)]).matches({})).to.be.false;
  });
});
