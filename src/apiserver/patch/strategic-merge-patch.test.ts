import { expect } from 'chai';
import type { JsonObject, SchemaNode } from '../contracts.js';
import { deepClone } from '../storage/deep.js';
import { StrategicMergeError, strategicMergePatch } from './strategic-merge-patch.js';

const SCHEMA: SchemaNode = {
  properties: {
    containers: { patchStrategy: 'merge', patchMergeKey: 'name', items: { properties: { env: { patchStrategy: 'merge', patchMergeKey: 'name', items: {} }, args: {} } } },
    finalizers: { patchStrategy: 'merge', items: {} },
    strategy: { patchStrategy: 'retainKeys', properties: {} },
    volumes: { patchStrategy: 'merge,retainKeys', patchMergeKey: 'name', items: {} },
    selector: { patchStrategy: 'replace' },
    labels: { additionalProperties: {} },
    tolerations: { items: {} },
  },
};

const patched = (original: JsonObject, patch: JsonObject): JsonObject => strategicMergePatch(deepClone(original), patch, SCHEMA);

describe('Strategic merge patch', () => {
  it('merges lists by their key, deep', () => {
    const original = { containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }], args: ['x'] }, { name: 'b' }] };
    expect(patched(original, { containers: [{ name: 'a', image: '2', env: [{ name: 'Y', value: '2' }], args: ['y'] }, { name: 'c' }] })).to.deep.equal({
      containers: [{ name: 'a', image: '2', env: [{ name: 'Y', value: '2' }, { name: 'X', value: '1' }], args: ['y'] }, { name: 'c' }, { name: 'b' }],
    });
  });

  it('deletes and replaces items by directive', () => {
    const original = { containers: [{ name: 'a' }, { name: 'b', image: '1' }] };
    expect(patched(original, { containers: [{ $patch: 'delete', name: 'a' }, { name: 'b', image: '2' }] })).to.deep.equal({ containers: [{ name: 'b', image: '2' }] });
    expect(patched(original, { containers: [{ $patch: 'replace' }, { name: 'z' }] })).to.deep.equal({ containers: [{ name: 'z' }] });
    expect(patched({ labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } })).to.deep.equal({ labels: { b: '2' } });
    expect(patched({ labels: { a: '1' } }, { labels: { $patch: 'delete' } })).to.deep.equal({ labels: {} });
  });

  it('replaces lists without a merge strategy, and maps that say so', () => {
    expect(patched({ tolerations: [1, 2] }, { tolerations: [3] })).to.deep.equal({ tolerations: [3] });
    expect(patched({ selector: { a: '1' } }, { selector: { b: '2' } })).to.deep.equal({ selector: { b: '2' } });
  });

  it('merges and deletes from lists of primitives', () => {
    expect(patched({ finalizers: ['a', 'b'] }, { finalizers: ['c', 'a'] })).to.deep.equal({ finalizers: ['c', 'a', 'b'] });
    expect(patched({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] })).to.deep.equal({ finalizers: ['b'] });
  });

  it('orders lists as asked, and leaves unknown items among their neighbours', () => {
    const original = { containers: [{ name: 'a' }, { name: 'mine' }, { name: 'b' }] };
    expect(patched(original, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'new' }, { name: 'a' }], containers: [{ name: 'new' }] })['containers']).to.deep.equal(
      [{ name: 'mine' }, { name: 'b' }, { name: 'new' }, { name: 'a' }],
    );
    expect(patched({ finalizers: ['a', 'b'] }, { '$setElementOrder/finalizers': ['b', 'a'] })).to.deep.equal({ finalizers: ['b', 'a'] });
  });

  it('keeps only the retained keys', () => {
    expect(patched({ strategy: { type: 'RollingUpdate', rollingUpdate: {} } }, { strategy: { $retainKeys: ['type'], type: 'Recreate' } })).to.deep.equal({ strategy: { type: 'Recreate' } });
    const volumes = [{ name: 'v', emptyDir: {} }];
    expect(patched({ volumes }, { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] })).to.deep.equal({ volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  });

  it('deletes by null, and never stores a null or a directive', () => {
    expect(patched({ labels: { a: '1' } }, { labels: { a: null, b: '2' }, containers: [{ name: 'n', image: null, env: [{ $patch: 'delete', name: 'X' }] }], tolerations: null })).to.deep.equal({
      labels: { b: '2' },
      containers: [{ name: 'n', env: [] }],
    });
  });

  it('refuses items without their key and directives that mean nothing', () => {
    expect(() => patched({ containers: [{ name: 'a' }] }, { containers: [{ image: 'x' }] })).to.throw(StrategicMergeError, 'does not contain declared merge key: name');
    expect(() => patched({ labels: {} }, { labels: { $patch: 'mangle' } })).to.throw(StrategicMergeError, 'unknown patch type: mangle in map: map[$patch:mangle]');
    expect(() => patched({ containers: [{ name: 'a' }] }, { containers: [{ name: 'a', $patch: 'merge' }] })).to.throw(StrategicMergeError, 'merging lists cannot yet be specified in the patch');
    expect(() => patched({ strategy: {} }, { strategy: { $retainKeys: [], type: 'x' } })).to.throw(StrategicMergeError, 'invalid patch format of retainKeys');
  });
});
