import { expect } from 'chai';
import type { Pod } from '../model/kinds.js';
import { POD } from '../model/kinds.js';
import { testPod } from '../testing/objects.js';
import { Informer } from './informer.js';

const at = (version: number, uid = 'uid'): Pod => testPod('p', { metadata: { uid, resourceVersion: String(version) } });

describe('An informer', () => {
  let informer: Informer<Pod>;
  let heard: string[];

  beforeEach(() => {
    informer = new Informer<Pod>(POD);
    heard = [];
    informer.on(({ type, object }) => heard.push(`${type} ${object.metadata.uid}@${object.metadata.resourceVersion}`));
  });

  it('shows what was written at once, and does not repeat it when the watch tells', () => {
    informer.ingest(at(5));
    informer.observe(at(5));
    expect(heard).to.deep.equal(['added uid@5']);
  });

  it('does not let the watch take it back to an older state', () => {
    informer.ingest(at(7));
    informer.observe(at(6));
    expect(informer.get('default/p')?.metadata.resourceVersion).to.equal('7');
  });

  it('does not bring back what the watch has reported deleted', () => {
    informer.observe(at(5));
    informer.observeDeletion(at(8));
    informer.ingest(at(6));
    expect(informer.get('default/p')).to.equal(undefined);
  });

  it('tells of an object made anew as gone and come', () => {
    informer.observe(at(5, 'old'));
    informer.observe(at(9, 'new'));
    informer.observeDeletion(at(8, 'old'));
    expect(heard).to.deep.equal(['added old@5', 'deleted old@5', 'added new@9']);
    expect(informer.get('default/p')?.metadata.uid).to.equal('new');
  });
});
