import { expect } from 'chai';
import type { KubeObject } from './object.js';
import { Store } from './store.js';

interface Pod extends KubeObject { spec: { nodeName?: string } }

const pod = (name: string, nodeName?: string): Pod => ({
  apiVersion: 'v1', kind: 'Pod', spec: nodeName ? { nodeName } : {},
  metadata: { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '', labels: {}, annotations: {} },
});

const byNode = { name: 'node', values: ({ spec }: Pod) => [spec.nodeName] };

describe('the store', () => {
  it('finds objects by index, as they come, change and go', () => {
    const store = new Store<Pod>();
    store.set(pod('a', 'n1'));
    store.addIndex(byNode);
    store.set(pod('b', 'n1'));
    store.set(pod('c'));
    expect(store.find('node', 'n1').map(({ metadata }) => metadata.name)).to.deep.equal(['a', 'b']);
    store.set(pod('a', 'n2'));
    store.delete('default/b');
    expect(store.find('node', 'n1')).to.deep.equal([]);
    expect(store.find('node', 'n2')).to.have.length(1);
    expect(store.find('node', undefined)).to.deep.equal([]);
    expect(store.find('node', '')).to.deep.equal([]);
  });

  it('names the indexes that there are when asked for another', () => {
    const store = new Store<Pod>();
    store.addIndex(byNode);
    expect(() => store.find('zone', 'a')).to.throw('no index "zone"; this store has "node"');
  });

  it('shares one list between reads until something changes', () => {
    const store = new Store<Pod>();
    store.set(pod('a'));
    const list = store.list();
    expect(store.list()).to.equal(list);
    store.set(pod('b'));
    expect(list).to.have.length(1);
    expect(store.list()).to.have.length(2);
  });

  it('freezes what it holds when told so', () => {
    const store = new Store<Pod>({ freeze: true });
    store.set(pod('a', 'n1'));
    const held = store.get('default/a') as Pod;
    expect(() => {
      held.spec.nodeName = 'n2';
    }).to.throw(TypeError);
  });
});
