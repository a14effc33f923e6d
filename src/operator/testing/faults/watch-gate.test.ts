import { expect } from 'chai';
import { readText } from '../../kube/lines.js';
import type { KubeRequest, KubeResponse } from '../../kube/transport.js';
import { VirtualClock } from '../virtual-clock.js';
import { WatchGate } from './watch-gate.js';

const watch = (resource: string, resourceVersion = '1'): KubeRequest => ({ method: 'GET', path: `/api/v1/${resource}?watch=true&resourceVersion=${resourceVersion}`, headers: {} });

describe('what stands between a process and its watches', () => {
  let clock: VirtualClock;
  let gate: WatchGate;
  /** What came through, by resource. */
  let came: Record<string, string[]>;
  /** Has the server send a line over the watch of a resource. */
  let say: Record<string, (line: string) => void>;
  const open = async (resource: string): Promise<void> => {
    const lines: string[] = [];
    let wake: () => void = () => undefined;
    say[resource] = (line) => {
      lines.push(line);
      wake();
    };
    const server = ({ signal }: KubeRequest): Promise<KubeResponse> => Promise.resolve({ status: 200, headers: {}, body: (async function* () {
      signal?.addEventListener('abort', () => wake());
      for (;;) {
        if (signal?.aborted) return;
        const line = lines.shift();
        if (line === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield `${line}\n`;
      }
    })() });
    const { body } = await gate.get(watch(resource), server);
    came[resource] = [];
    void (async () => {
      for await (const line of body) came[resource]?.push(String(line).trim());
    })().catch((error: Error) => came[resource]?.push(error.message));
    await clock.settle();
  };
  beforeEach(async () => {
    clock = new VirtualClock();
    gate = new WatchGate(clock);
    [came, say] = [{}, {}];
    for (const resource of ['nodes', 'pods']) await open(resource);
  });
  const both = async (line: string): Promise<void> => {
    for (const tell of Object.values(say)) tell(line);
    await clock.settle();
  };

  it('brings the next event of every watch twice, once, and no bookmark', async () => {
    gate.double();
    await both('{"type":"BOOKMARK"}');
    await both('{"type":"ADDED"}');
    await both('{"type":"DELETED"}');
    for (const lines of Object.values(came)) expect(lines).to.deep.equal(['{"type":"BOOKMARK"}', '{"type":"ADDED"}', '{"type":"ADDED"}', '{"type":"DELETED"}']);
  });

  it('holds one watch or all back for a time, and keeps the order', async () => {
    gate.hold(1_000, '/api/v1/nodes');
    await both('1');
    await both('2');
    expect(came).to.deep.equal({ nodes: [], pods: ['1', '2'] });
    await clock.advance(1_000);
    expect(came['nodes']).to.deep.equal(['1', '2']);
    gate.hold(1_000);
    await both('3');
    expect(came['pods']).to.deep.equal(['1', '2']);
  });

  it('cuts connections, after which the server may have forgotten where they were, once', async () => {
    gate.cut(true);
    await clock.settle();
    expect(came).to.deep.equal({ nodes: ['connection reset by peer'], pods: ['connection reset by peer'] });
    const answer = await gate.get(watch('nodes'), () => expect.fail('reached the server'));
    expect([answer.status, (JSON.parse(await readText(answer.body)) as { reason: string }).reason]).to.deep.equal([410, 'Expired']);
    await open('nodes');
    await both('again');
    expect(came['nodes']).to.deep.equal(['again']);
  });
});
