import { expect } from 'chai';
import fc from 'fast-check';
import type { JsonObject } from '../contracts.js';
import { applyDefaults } from './default.js';
import { fieldErrorText } from './field-error.js';
import { sameJson } from './json.js';
import { validateListTypes } from './list-types.js';
import { prune } from './prune.js';
import type { Schema } from './schema.js';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      default: {},
      properties: {
        policy: { type: 'string', default: 'Fast' },
        budgets: { type: 'array', default: [{ nodes: '10%' }], items: { type: 'object', properties: { nodes: { type: 'string' }, reasons: { type: 'array', items: { type: 'string' } }, weight: { type: 'integer', default: 1 } } } },
        limits: { type: 'object', additionalProperties: { type: 'object', properties: { size: { type: 'integer', default: 3 } } } },
        note: { type: 'string', nullable: true, default: 'x' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { known: { type: 'object', properties: { a: { type: 'string' } } } } },
        pod: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object', properties: {} } } },
      },
    },
  },
};

const defaulted = (object: JsonObject): JsonObject => {
  applyDefaults(object, SCHEMA);
  return object;
};

describe('Structural schemas', () => {
  describe('pruning', () => {
    it('takes out what the schema does not know, at any depth', () => {
      const object = { spec: { policy: 'a', polizy: 'b', budgets: [{ nodes: '1', extra: 1 }], limits: { cpu: { size: 1, colour: 2 } } }, top: 1 };
      expect(prune(object, SCHEMA)).to.deep.equal([
        { path: 'spec.polizy', suggestion: 'policy' },
        { path: 'spec.budgets[0].extra' },
        { path: 'spec.limits.cpu.colour' },
        { path: 'top' },
      ]);
      expect(object).to.deep.equal({ spec: { policy: 'a', budgets: [{ nodes: '1' }], limits: { cpu: { size: 1 } } } });
    });

    it('keeps unknown fields where the schema says so, and prunes on below known ones', () => {
      const object = { spec: { free: { anything: { deep: 1 }, known: { a: 'x', b: 'y' } } } };
      prune(object, SCHEMA);
      expect(object).to.deep.equal({ spec: { free: { anything: { deep: 1 }, known: { a: 'x' } } } });
    });

    it('keeps what makes an embedded resource an object', () => {
      const object = { spec: { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { x: 1 }, other: 1 } } };
      prune(object, SCHEMA);
      expect(object).to.deep.equal({ spec: { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: {} } } });
    });

    it('knows the metadata of an embedded resource, whatever its schema says of it', () => {
      const schema: Schema = { type: 'object', properties: { pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true, properties: { metadata: { type: 'object', properties: { name: { type: 'string' } } } } } } };
      const object = { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'b', stranger: 1 }, other: 1 } };
      expect(prune(object, schema)).to.deep.equal([{ path: 'pod.metadata.stranger' }]);
      expect(object.pod).to.deep.equal({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'b' }, other: 1 });
    });

    it('finds nothing the second time', () => {
      fc.assert(
        fc.property(fc.dictionary(fc.constantFrom('spec', 'policy', 'top'), fc.jsonValue()), (object) => {
          prune(object, SCHEMA);
          expect(prune(object, SCHEMA)).to.deep.equal([]);
        }),
      );
    });
  });

  describe('defaulting', () => {
    it('fills what is missing, and what it fills in', () => {
      expect(defaulted({})).to.deep.equal({ spec: { policy: 'Fast', budgets: [{ nodes: '10%', weight: 1 }], note: 'x' } });
    });

    it('leaves what is there, and fills the items of lists and maps', () => {
      expect(defaulted({ spec: { policy: 'Slow', budgets: [], limits: { cpu: {} }, note: null } })).to.deep.equal({ spec: { policy: 'Slow', budgets: [], limits: { cpu: { size: 3 } }, note: null } });
    });

    it('takes a null for nothing where null is not allowed', () => {
      expect((defaulted({ spec: { policy: null } })['spec'] as JsonObject)['policy']).to.equal('Fast');
    });

    it('changes nothing the second time, and never shares its defaults', () => {
      fc.assert(
        fc.property(fc.record({ spec: fc.record({ policy: fc.string(), budgets: fc.array(fc.record({ nodes: fc.string() }, { requiredKeys: [] })) }, { requiredKeys: [] }) }, { requiredKeys: [] }), (input) => {
          const once = defaulted(structuredClone(input));
          expect(sameJson(defaulted(structuredClone(once)), once)).to.equal(true);
        }),
      );
      const first = defaulted({}) as { spec: { budgets: unknown[] } };
      first.spec.budgets.push('mine');
      expect((defaulted({}) as typeof first).spec.budgets).to.have.length(1);
    });
  });

  describe('lists', () => {
    const list = (kind: 'set' | 'map'): Schema => ({
      type: 'object',
      properties: {
        l: kind === 'set'
          ? { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }
          : { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol'], items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } } } },
      },
    });

    it('that are sets hold each item once', () => {
      expect(validateListTypes({ l: ['a', 'b', 'a'] }, list('set')).map(fieldErrorText)).to.deep.equal(['l[2]: Duplicate value: "a"']);
    });

    it('that are maps hold each key once, a missing key counting as its default', () => {
      expect(validateListTypes({ l: [{ port: 1, protocol: 'TCP' }, { port: 1, protocol: 'UDP' }, { port: 1 }] }, list('map')).map(fieldErrorText)).to.deep.equal(['l[2]: Duplicate value: {"port":1}']);
    });
  });
});
