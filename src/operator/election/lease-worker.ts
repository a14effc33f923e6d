// The thread that keeps leases: see lease-thread.ts.
import { writeSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import { sleep, systemClock } from '../clock.js';
import { KubeClient } from '../kube/client.js';
import { transportTo } from '../kube/http-transport.js';
import type { Credentials } from '../kube/transport.js';
import { systemRandom } from '../random.js';
import { Fence } from './fence.js';
import { Heartbeat, StallWatch } from './heartbeat.js';
import { LeaseElection } from './lease-election.js';
import { HEARTBEAT_OFFSET, LOOKS_A_LIMIT, fenceOffset } from './lease-messages.js';
import type { FromThread, LeaseThreadData, ToThread } from './lease-messages.js';

const port = parentPort as MessagePort;
const { memory, server, proxyUrl, credentials: first, userAgent, namespace, identity, times, stallLimit } = workerData as LeaseThreadData;
const clock = systemClock();
const terms = new Map<string, { resign: AbortController; fence: Fence; over: Promise<void> }>();
let credentials = first;
let renewed: ((credentials: Credentials) => void)[] = [];

const tell = (message: FromThread): void => port.postMessage(message);

const client = new KubeClient(transportTo({
  server, proxyUrl,
  credentials: async (doubtful) => {
    if (!doubtful) return credentials;
    tell({ did: 'ask' });
    // A main loop that is busy does not answer, and what there is may still do.
    return Promise.race([new Promise<Credentials>((resolve) => renewed.push(resolve)), sleep(clock, times.retryPeriod / 2).then(() => credentials)]);
  },
}, clock), { clock, random: systemRandom, userAgent, fieldManager: userAgent });

function stand(lease: string, sharedAs: string | undefined, slot: number): void {
  const resign = new AbortController();
  const fence = new Fence(clock, times.renewDeadline, memory, fenceOffset(slot));
  const election = new LeaseElection({
    client, clock, random: systemRandom, namespace, identity: sharedAs ?? identity, shared: sharedAs !== undefined, name: lease, ...times, fence,
    observer: {
      failed: (error, tries) => tell({ did: 'failed', lease, message: error instanceof Error ? error.message : String(error), times: tries }),
      recovered: (tries) => tell({ did: 'recovered', lease, times: tries }),
    },
  });
  void election.whenElected().then(() => tell({ did: 'elected', lease }));
  const over = election.run(resign.signal).then(
    () => tell({ did: 'resigned', lease }),
    (error: Error) => tell({ did: 'lost', lease, message: error.message }),
  );
  terms.set(lease, { resign, fence, over });
}

/** Ends a process whose main loop hangs. Its log is written by that loop, so the last line goes to standard error, in the same form. */
async function endProcess(stalled: number): Promise<void> {
  for (const { fence } of terms.values()) fence.close();
  const kill = (): void => void process.kill(process.pid, 'SIGKILL');
  clock.schedule(2 * times.retryPeriod, kill);
  const message = `the main loop has been blocked for ${(stalled / 1_000).toFixed(1)}s, longer than stallLimit (${stallLimit / 1_000}s): handing back the lease and ending the process`;
  try {
    writeSync(2, `${JSON.stringify({ level: 'ERROR', time: new Date(clock.now()).toISOString(), logger: 'controller', message, leases: [...terms.keys()], identity })}\n`);
  } catch {
    // Nobody listens.
  }
  for (const { resign } of terms.values()) resign.abort(new Error(message));
  await Promise.all([...terms.values()].map(({ over }) => over));
  kill();
}

const watch = new StallWatch(new Heartbeat(memory, HEARTBEAT_OFFSET), stallLimit / LOOKS_A_LIMIT);
function look(): void {
  const stalled = watch.look(clock.monotonic());
  if (stalled > stallLimit) void endProcess(stalled);
  else clock.schedule(stallLimit / LOOKS_A_LIMIT, look);
}

port.on('message', (message: ToThread) => {
  switch (message.do) {
    case 'stand':
      stand(message.lease, message.sharedAs, message.slot);
      return;
    case 'resign':
      terms.get(message.lease)?.resign.abort(new Error('asked to resign'));
      return;
    case 'use':
      ({ credentials } = message);
      for (const resolve of renewed) resolve(credentials);
      renewed = [];
  }
});
look();
