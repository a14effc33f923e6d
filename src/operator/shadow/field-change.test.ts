import { expect } from 'chai';
import fc from 'fast-check';
import { cloneJSON, equalJSON } from '../engine/json.js';
import { fieldChanges, withChanges } from './field-change.js';

const condition = (type: string, status: string, reason = 'Because') => ({ type, status, reason, lastTransitionTime: '2024-01-01T00:00:00Z' });
const object = (content: object, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', uid: 'u', ...metadata }, ...content });

/** Without what is empty, which reads like what is absent. */
function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, settled(member)] as const).filter(([, member]) => member !== null && member !== undefined && !(typeof member === 'object' && Object.keys(member).length === 0));
  return Object.fromEntries(members);
}

describe('Changes of fields', () => {
  it('are told field by field, and items of lists by what tells them apart', () => {
    const before = object({ spec: { replicas: 1, args: ['a', 'b'] }, status: { conditions: [condition('Ready', 'False'), condition('Old', 'True')] } }, { labels: { 'example.com/tier': 'gold' }, finalizers: ['x', 'y'] });
    const after = object({ spec: { replicas: 2, args: ['b', 'a'] }, status: { conditions: [condition('Ready', 'True')] } }, { labels: {}, finalizers: ['y'], resourceVersion: '9', generation: 4 });
    expect(fieldChanges(before, after).map(({ field, from, to }) => [field, from, to])).to.deep.equal([
      ['spec.replicas', 1, 2],
      ['spec.args', ['a', 'b'], ['b', 'a']],
      ['status.conditions[Ready].status', 'False', 'True'],
      ...Object.entries(condition('Old', 'True')).map(([name, value]) => [`status.conditions[Old].${name}`, value, undefined]),
      ['metadata.labels[example.com/tier]', 'gold', undefined],
      ['metadata.finalizers[x]', 'x', undefined],
    ]);
  });

  it('make the one object of the other', () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
    const item = fc.record({ type: fc.constantFrom('A', 'B', 'C'), status: leaf, reason: leaf }, { requiredKeys: ['type'] });
    const content = fc.record({
      spec: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(fc.constantFrom('x', 'y'), leaf))),
      status: fc.record({ conditions: fc.uniqueArray(item, { selector: ({ type }) => type, maxLength: 3 }) }),
    });
    fc.assert(fc.property(content, content, (left, right) => {
      const [before, after] = [object(cloneJSON(left)), object(cloneJSON(right))];
      const made = withChanges(before, fieldChanges(before, after));
      const sorted = (value: ReturnType<typeof object>): unknown => {
        const copy = cloneJSON(value) as unknown as { status?: { conditions?: { type: string }[] } };
        copy.status?.conditions?.sort((a, b) => (a.type < b.type ? -1 : 1));
        return settled(copy);
      };
      return equalJSON(sorted(made), sorted(after));
    }));
  });

  it('make no half items: what an item lost meanwhile, or an item that is gone, has no other fields', () => {
    const before = object({ status: { conditions: [condition('Ready', 'False')] } });
    const changed = fieldChanges(before, object({ status: { conditions: [condition('Ready', 'True', 'Done')] } }));
    expect(settled(withChanges(object({ status: { conditions: [] } }), changed))).to.deep.equal(object({}));
    const removed = fieldChanges(before, object({})).filter(({ field }) => !field.endsWith('.reason'));
    expect(withChanges(before, removed)).to.deep.equal(object({}));
  });
});
