import { expect } from 'chai';
import fc from 'fast-check';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { KubeObject } from './object.js';
import { Overlay } from './overlay.js';
import { Store } from './store.js';

interface Thing extends KubeObject { value?: string }

const thing = (resourceVersion: number | string, value = 'v', { name = 'a', uid = 'u1' } = {}): Thing => ({
  apiVersion: 'v1', kind: 'Thing', value,
  metadata: { name, uid, resourceVersion: String(resourceVersion), creationTimestamp: '2024-01-01T00:00:00Z', labels: {}, annotations: {} },
});

function setUp(): { store: Store<Thing>; overlay: Overlay<Thing>; clock: VirtualClock; shown: () => string | undefined } {
  const clock = new VirtualClock();
  const store = new Store<Thing>();
  store.addIndex({ name: 'value', values: ({ value }) => [value] });
  return { store, overlay: new Overlay(store, clock), clock, shown: () => store.get('a')?.value };
}

describe('the overlay of own writes', () => {
  it('shows a write at once, through indexes too, and older news not at all', () => {
    const { store, overlay, shown } = setUp();
    overlay.set(thing(1, 'old'));
    overlay.wrote(thing(5, 'ours'));
    expect(shown()).to.equal('ours');
    expect(store.find('value', 'ours')).to.have.length(1);
    expect(store.find('value', 'old')).to.have.length(0);
    overlay.set(thing(3, 'meanwhile'));
    expect(shown()).to.equal('ours');
    overlay.set(thing(5, 'ours'));
    overlay.set(thing(6, 'later'));
    expect(shown()).to.equal('later');
    expect(overlay.size).to.equal(0);
  });

  it('compares versions as numbers, not as text', () => {
    const { overlay, shown } = setUp();
    overlay.set(thing(9, 'old'));
    overlay.wrote(thing(10, 'ours'));
    overlay.set(thing(9, 'old'));
    expect(shown()).to.equal('ours');
    const beyond = '99999999999999999999';
    overlay.wrote(thing(`${beyond}1`, 'far'));
    overlay.set(thing(`${beyond}0`, 'near'));
    expect(shown()).to.equal('far');
  });

  it('keeps telling the reflector the server\'s own old state, so that no change is lost on watchers', () => {
    const { overlay } = setUp();
    overlay.set(thing(1, 'old'));
    overlay.wrote(thing(5, 'ours'));
    expect(overlay.get('a')?.value).to.equal('old');
    expect(overlay.set(thing(5, 'ours'))).to.equal(true);
    expect(overlay.get('a')?.value).to.equal('ours');
  });

  it('knows every echo of several writes', () => {
    const { overlay } = setUp();
    overlay.set(thing(1));
    overlay.wrote(thing(2, 'first'));
    overlay.wrote(thing(4, 'second'));
    expect([overlay.set(thing(2, 'first')), overlay.set(thing(3, 'foreign')), overlay.set(thing(4, 'second'))]).to.deep.equal([true, false, true]);
    expect(overlay.size).to.equal(0);
  });

  it('holds nothing for a write that changed nothing, since no echo will come', () => {
    const { overlay } = setUp();
    overlay.set(thing(1));
    overlay.wrote(thing(1));
    expect(overlay.size).to.equal(0);
  });

  it('shows what was created before the server does, and survives the death of a predecessor', () => {
    const { overlay, shown } = setUp();
    overlay.set(thing(1, 'predecessor', { uid: 'u0' }));
    overlay.wrote(thing(5, 'ours', { uid: 'u1' }));
    overlay.delete('a', thing(4, 'predecessor', { uid: 'u0' }));
    expect(shown()).to.equal('ours');
    overlay.set(thing(5, 'ours', { uid: 'u1' }));
    expect(shown()).to.equal('ours');
    expect(overlay.size).to.equal(0);
  });

  it('hides what was deleted until the server agrees, whatever old news come', () => {
    const { overlay, shown } = setUp();
    overlay.set(thing(1));
    overlay.removed('a', 'u1');
    expect(shown()).to.equal(undefined);
    overlay.set(thing(2, 'late news'));
    expect(shown()).to.equal(undefined);
    expect(overlay.delete('a', thing(3))).to.equal(true);
    overlay.set(thing(4, 'another', { uid: 'u2' }));
    expect(shown()).to.equal('another');
    expect(overlay.size).to.equal(0);
  });

  it('is level again after a relist, even if echoes were lost', () => {
    const { overlay, shown } = setUp();
    overlay.set(thing(1, 'old'));
    overlay.wrote(thing(5, 'ours'));
    overlay.set(thing(7, 'relisted'));
    overlay.listed('9');
    expect(shown()).to.equal('relisted');
    overlay.wrote(thing(10, 'made and deleted by others', { name: 'b', uid: 'u9' }));
    overlay.listed('12');
    expect([...overlay.keys()]).to.deep.equal(['a']);
    expect(overlay.size).to.equal(0);
  });

  it('trusts its own writes for five seconds where versions cannot be compared', async () => {
    const { overlay, shown, clock } = setUp();
    overlay.set(thing('abc', 'old'));
    overlay.wrote(thing('xyz', 'ours'));
    overlay.set(thing('def', 'unknown order'));
    expect(shown()).to.equal('ours');
    await clock.advance('5s');
    expect(shown()).to.equal('unknown order');
    expect(overlay.size).to.equal(0);
  });

  it('never lets readers go back, and ends where the server ends, under any interleaving', () => {
    // The server's history of one key; who wrote each version; and how far the watch lags behind our writes.
    const history = fc.array(fc.constantFrom('ours' as const, 'foreign' as const), { minLength: 1, maxLength: 12 });
    fc.assert(fc.property(history, fc.array(fc.boolean(), { maxLength: 40 }), (writers, schedule) => {
      const { overlay, store } = setUp();
      let written = 0;
      let watched = 0;
      let seen = 0;
      const read = (): void => {
        const version = Number(store.get('a')?.metadata.resourceVersion ?? 0);
        expect(version).to.be.at.least(seen);
        seen = version;
      };
      const write = (): void => {
        written += 1;
        if (writers[written - 1] === 'ours') overlay.wrote(thing(written, `v${written}`));
      };
      const watch = (): void => {
        watched += 1;
        const own = overlay.set(thing(watched, `v${watched}`));
        // The first answer of a create is only told from news of others while the write is held.
        if (own) expect(writers[watched - 1]).to.equal('ours');
      };
      for (const advance of schedule) {
        if (advance && written < writers.length) write();
        else if (watched < written) watch();
        read();
      }
      writers.slice(written).forEach(write);
      writers.slice(watched).forEach(watch);
      read();
      expect(store.get('a')?.value).to.equal(`v${writers.length}`);
      expect(overlay.size).to.equal(0);
    }), { numRuns: 500, seed: 3 });
  });
});
