import { expect } from 'chai';
import fc from 'fast-check';
import { shareWith } from './share.js';

describe('sharing between objects', () => {
  it('keeps equal parts once, and what differs apart', () => {
    const known = { spec: { image: 'a', ports: [{ port: 80 }], tolerations: [{ key: 'x' }] }, status: { phase: 'Running' } };
    const fresh = { spec: { image: 'b', ports: [{ port: 80 }], tolerations: [{ key: 'x' }, { key: 'y' }] }, status: { phase: 'Running' } };
    const shared = shareWith(known, fresh);
    expect(shared).to.equal(fresh);
    expect(shared).to.deep.equal({ spec: { image: 'b', ports: [{ port: 80 }], tolerations: [{ key: 'x' }, { key: 'y' }] }, status: { phase: 'Running' } });
    expect(shared.spec.ports).to.equal(known.spec.ports);
    expect(shared.spec.tolerations[0]).to.equal(known.spec.tolerations[0]);
    expect(shared.status).to.equal(known.status);
    expect(known).to.deep.equal({ spec: { image: 'a', ports: [{ port: 80 }], tolerations: [{ key: 'x' }] }, status: { phase: 'Running' } });
  });

  it('returns the known one when all of it is equal', () => {
    const known = { a: [1, { b: null }], c: {} };
    expect(shareWith(known, { a: [1, { b: null }], c: {} })).to.equal(known);
  });

  it('takes nothing for equal that has more, less, or something else of the same look', () => {
    for (const [known, fresh] of [[{ a: 1, b: 2 }, { a: 1 }], [{ a: 1 }, { a: 1, b: 2 }], [[1], [1, 2]], [[1, 2], [1]], [[], {}], [{}, []], [{ a: null }, { a: {} }], [{ 0: 'x' }, ['x']], [{ a: '1' }, { a: 1 }]]) {
      const copy = structuredClone(fresh);
      const shared = shareWith(known, fresh);
      expect(shared).to.equal(fresh);
      expect(shared).to.deep.equal(copy);
    }
  });

  it('lets nobody in by the name of the prototype', () => {
    const fresh = JSON.parse('{"spec":{"__proto__":{},"constructor":{}}}') as { spec: object };
    const shared = shareWith({ spec: {} }, fresh);
    expect(Object.getOwnPropertyDescriptor(shared.spec, '__proto__')?.value).to.not.equal(Object.prototype);
    expect(JSON.stringify(shared)).to.equal('{"spec":{"__proto__":{},"constructor":{}}}');
  });

  it('changes neither what a fresh object says nor the known one', () => {
    fc.assert(fc.property(fc.json(), fc.json(), fc.boolean(), (left, right, same) => {
      const [known, fresh] = [JSON.parse(left) as unknown, JSON.parse(same ? left : right) as unknown];
      const shared = shareWith(known, fresh);
      expect(shared).to.deep.equal(JSON.parse(same ? left : right));
      expect(JSON.stringify(known)).to.equal(JSON.stringify(JSON.parse(left)));
    }));
  });
});
