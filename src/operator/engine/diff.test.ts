import { expect } from 'chai';
import fc from 'fast-check';
import { mergePatchOf, writeSetOf } from './diff.js';
import { applyMergePatch } from './fake-host.test-support.js';
import { cloneJSON, equalJSON } from './json.js';
import { rebase } from './rebase.js';

/** Every object of JavaScript has members of these names, which no object of Kubernetes' need have. */
const ODD = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', 'finalizers'];

const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constantFrom('x', 'y', 1, true), fc.array(tie('value'), { maxLength: 2 }), tie('object')),
  object: fc.array(fc.tuple(fc.constantFrom(...ODD, 'a', 'b'), tie('value')), { maxLength: 3 })
    // As it comes over the wire: JSON.parse makes `__proto__` a member like any other.
    .map((members) => JSON.parse(`{${[...new Map(members)].map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join()}}`) as Record<string, unknown>),
})).object;

describe('what an object is copied, compared and changed by', () => {
  it('loses nothing, whatever the members of objects are called', () => {
    fc.assert(fc.property(json, json, (base, draft) => {
      expect(JSON.stringify(cloneJSON(base))).to.equal(JSON.stringify(base));
      const patch = mergePatchOf(base, draft);
      const wire = patch === undefined ? undefined : (JSON.parse(JSON.stringify(patch)) as unknown);
      expect(sorted(wire === undefined ? base : applyMergePatch(base, wire))).to.equal(sorted(draft));
      expect(equalJSON(base, draft)).to.equal(sorted(base) === sorted(draft));
      expect(mergePatchOf(base, cloneJSON(base))).to.equal(undefined);
    }), { numRuns: 500 });
  });

  it('puts such members on top of what others wrote, too', () => {
    const object = (spec: string): never => JSON.parse(`{"apiVersion":"v1","kind":"K","metadata":{"name":"n","labels":{},"annotations":{}},"spec":${spec}}`) as never;
    const merged = rebase(object('{"constructor":["a"]}'), object('{"constructor":["b"],"__proto__":{"x":1}}'), object('{"constructor":["a"],"y":2}'), () => false);
    expect(JSON.stringify((merged as { spec: unknown }).spec)).to.equal('{"constructor":["b"],"y":2,"__proto__":{"x":1}}');
    expect(writeSetOf(object('{"list":[{}]}'), object('{"list":[{"constructor":"x"}]}'), true)).to.deep.equal({ main: { spec: { list: [{ constructor: 'x' }] } } });
  });
});

/** With the members of all objects in order. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${sorted((value as Record<string, unknown>)[name])}`).join()}}`;
}
