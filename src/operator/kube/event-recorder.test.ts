import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { KubeClient } from './client.js';
import { EventRecorder } from './event-recorder.js';
import { handlerTransport } from './handler-transport.js';
import type { KindRef, KubeObject } from './object.js';

const EVENT: KindRef = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };
const NODE: KindRef = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
interface CoreEvent extends KubeObject {
  count: number;
  reason: string;
  message: string;
  type: string;
  firstTimestamp: string;
  lastTimestamp: string;
  source: { component: string };
  involvedObject: { kind: string; name: string; uid: string };
}

describe('the event recorder', () => {
  const setUp = async () => {
    const clock = new VirtualClock();
    const server = createApiServer({ clock, random: seededRandom(1) });
    const client = new KubeClient(handlerTransport(server), { clock, random: seededRandom(2) });
    const dropped: string[] = [];
    const recorder = new EventRecorder({ client, clock, component: 'karpenter', onDropped: (reason) => dropped.push(reason) });
    const node = await client.create<KubeObject>(NODE, { metadata: { name: 'n1' } });
    const events = async (): Promise<CoreEvent[]> => {
      await recorder.flushed();
      return client.listAll<CoreEvent>(EVENT);
    };
    return { clock, server, recorder, node, dropped, events };
  };

  it('cuts messages to 1 KiB without breaking a character', async () => {
    const { recorder, node, events } = await setUp();
    recorder.about(node).normal('Long', 'é'.repeat(2_000));
    const [{ message }] = (await events()) as [CoreEvent];
    expect(Buffer.byteLength(message)).to.be.within(1_020, 1_024);
    expect(message).to.match(/^é+\.\.\.$/);
  });

  it('writes events that kubectl get events and describe show', async () => {
    const { recorder, node, events } = await setUp();
    recorder.about(node).warning('FailedDraining', 'Failed to drain node, 3 pods are waiting');
    const [event] = await events();
    expect(event).to.deep.include({ type: 'Warning', reason: 'FailedDraining', message: 'Failed to drain node, 3 pods are waiting', count: 1, firstTimestamp: '2024-01-01T00:00:00Z' });
    expect(event?.involvedObject).to.include({ kind: 'Node', name: 'n1', uid: node.metadata.uid });
    expect(event?.source.component).to.equal('karpenter');
    expect(event?.metadata.namespace).to.equal('default');
  });

  it('swallows repetitions within two minutes, and raises the count of later ones', async () => {
    const { clock, recorder, node, events } = await setUp();
    for (let times = 0; times < 10; times += 1) recorder.about(node).normal('Nominated', 'again');
    expect(await events()).to.have.length(1);
    await clock.advance('121s');
    recorder.about(node).normal('Nominated', 'again');
    expect((await events()).map(({ count, firstTimestamp, lastTimestamp }) => ({ count, firstTimestamp, lastTimestamp })))
      .to.deep.equal([{ count: 2, firstTimestamp: '2024-01-01T00:00:00Z', lastTimestamp: '2024-01-01T00:02:01Z' }]);
  });

  it('takes for equal what the caller says, for as long as it says', async () => {
    const { clock, recorder, node, events } = await setUp();
    const say = (message: string): void => recorder.about(node).normal('Unconsolidatable', message, { dedupe: [node.metadata.uid], dedupeFor: '15m' });
    say('first reason');
    await clock.advance('14m');
    say('another reason');
    expect(await events()).to.have.length(1);
    await clock.advance('2m');
    say('third reason');
    expect((await events()).map(({ message }) => message).sort()).to.deep.equal(['first reason', 'third reason']);
  });

  it('makes an event anew when the first has expired on the server', async () => {
    const { clock, recorder, node, events } = await setUp();
    recorder.about(node).normal('Nominated', 'again');
    await recorder.flushed();
    await clock.advance('2h');
    expect(await events()).to.have.length(0);
    recorder.about(node).normal('Nominated', 'again');
    expect((await events()).map(({ count }) => count)).to.deep.equal([1]);
  });

  it('tells objects apart that have no uid, and takes any name that an object may have', async () => {
    const { recorder, dropped, events } = await setUp();
    const reference = (name: string, namespace?: string): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, ...(namespace ? { namespace } : {}) } } as KubeObject);
    for (const about of [reference('a'), reference('b'), reference('a', 'default'), reference('system:node'), reference('x'.repeat(250))]) recorder.about(about).normal('Seen', 'it was seen');
    expect((await events()).map(({ involvedObject, count }) => `${involvedObject.name.slice(0, 11)} ${count}`).sort()).to.deep.equal(['a 1', 'a 1', 'b 1', 'system:node 1', 'xxxxxxxxxxx 1']);
    expect(dropped).to.deep.equal([]);
  });

  it('limits what is said about one object, and drops what cannot be written', async () => {
    const { recorder, node, dropped, events } = await setUp();
    for (let number = 0; number < 40; number += 1) recorder.about(node).normal('Noise', `message ${number}`);
    expect(await events()).to.have.length(25);
    expect(dropped).to.have.length(15);
    recorder.about({ ...node, metadata: { ...node.metadata, uid: 'other', namespace: 'no-such-namespace' } }).normal('Lost', 'in an absent namespace');
    await recorder.flushed();
    expect(dropped.at(-1)).to.include('no-such-namespace');
  });
});
