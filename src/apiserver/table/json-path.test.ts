import { expect } from 'chai';
import { jsonPath, JsonPathError } from './json-path.js';

const OBJECT = {
  metadata: { name: 'a', labels: { 'node.kubernetes.io/instance-type': 'm5.large', plain: 'x' } },
  spec: { versions: [{ name: 'v1', served: true }, { name: 'v2', served: false }], map: { b: 1, c: 2 } },
  status: { conditions: [{ type: 'Launched', status: 'True' }, { type: 'Ready', status: 'False', weight: 3 }] },
};

describe('JSONPath', () => {
  for (const [path, found] of [
    ['.metadata.name', ['a']],
    ['{.metadata.name}', ['a']],
    ['$.metadata.name', ['a']],
    ['.metadata.labels.node\\.kubernetes\\.io/instance-type', ['m5.large']],
    [".metadata.labels['node.kubernetes.io/instance-type']", ['m5.large']],
    [".metadata.labels['plain','node.kubernetes.io/instance-type']", ['x', 'm5.large']],
    ['.spec.versions[0].name', ['v1']],
    ['.spec.versions[-1].name', ['v2']],
    ['.spec.versions[*].name', ['v1', 'v2']],
    ['.spec.versions[0:1].name', ['v1']],
    ['.spec.map.*', [1, 2]],
    ['..served', [true, false]],
    ['.status.conditions[?(@.type=="Ready")].status', ['False']],
    [".status.conditions[?(@.type == 'Ready')].status", ['False']],
    ['.status.conditions[?(@.type!="Ready")].status', ['True']],
    ['.status.conditions[?(@.weight)].type', ['Ready']],
    ['.status.conditions[?(@.weight>2)].type', ['Ready']],
    ['.spec.versions[?(@.served==true)].name', ['v1']],
    ['.spec.nothing.here', []],
    ['.spec.versions[7].name', []],
    ['.metadata.constructor', []],
  ] as const) {
    it(`follows ${path}`, () => expect(jsonPath(path)(OBJECT)).to.deep.equal(found));
  }

  for (const path of ['metadata', '.spec[', '.spec.versions[?(@.type==Ready)]', '.a..', '.a[]']) {
    it(`refuses ${path}, saying where`, () => expect(() => jsonPath(path)).to.throw(JsonPathError, /^invalid JSONPath .* at \d+: /));
  }
});
