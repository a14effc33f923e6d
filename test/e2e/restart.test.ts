import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { NodeClaim } from '../../src/api/index.js';
import type { Pod } from '../../src/operator/index.js';
import { seededRandom } from '../../src/operator/random.js';
import { OperatorProcess } from '../support/operator-process.js';
import { SandboxProcess, eventually } from '../support/sandbox-process.js';
import { launchedInstances, tagOf } from '../support/sandbox-aws.js';

interface List<T> { items: T[] }

/** `make test-restart` asks for twenty. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 4);
const PODS_A_RESTART = 2;

/** Pods that never share a node, so that each needs a launch of its own. */
const loners = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'loners' },
  spec: {
    replicas: 0, selector: { matchLabels: { app: 'loners' } },
    template: {
      metadata: { labels: { app: 'loners' } },
      spec: {
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'loners' } } }] } },
        containers: [{ name: 'app', image: 'app', resources: { requests: { cpu: '500m', memory: '256Mi' } } }],
      },
    },
  },
};

describe('an operator that is killed during a scale-up', function restart() {
  this.timeout(120_000 + RESTARTS * 15_000);
  const sandbox = new SandboxProcess();
  const random = seededRandom(20);
  const claims = new Map<string, NodeClaim>();
  /** By instance: the uid of the claim that it was launched for. EC2 forgets an instance an hour of its time after its end. */
  const launched = new Map<string, string>();
  let replicas = 0;
  let operator: OperatorProcess | undefined;

  const start = (): OperatorProcess => (operator = new OperatorProcess(sandbox, '--disable-leader-election', '--batch-idle-duration', '100ms'));

  async function grow(): Promise<void> {
    replicas += PODS_A_RESTART;
    const response = await sandbox.fetch('/apis/apps/v1/namespaces/default/deployments/loners/scale', {
      method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: JSON.stringify({ spec: { replicas } }),
    });
    expect(response.status).to.equal(200);
  }

  /** Remembers every claim that there ever was, as it was last seen. The server ends a watch after some time: the next one continues. */
  async function followClaims(signal: AbortSignal): Promise<void> {
    let since = '';
    while (!signal.aborted) {
      const response = await sandbox.fetch(`/apis/karpenter.sh/v1/nodeclaims?watch=true&resourceVersion=${since}`, { signal });
      let rest = '';
      for await (const chunk of response.body ?? []) {
        const lines = (rest + Buffer.from(chunk).toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const { object } = JSON.parse(line) as { object: NodeClaim };
          claims.set(object.metadata.uid, object);
          since = object.metadata.resourceVersion;
        }
      }
    }
  }

  const allPodsRun = (): Promise<void> => eventually('every pod runs', 60_000, async () => {
    const { items } = await sandbox.get<List<Pod>>('/api/v1/pods');
    const waiting = items.filter(({ status }) => status.phase !== 'Running').map(({ metadata }) => metadata.name);
    const mine = items.filter(({ metadata }) => metadata.labels['app'] === 'loners').length;
    return (waiting.length === 0 && mine === replicas) || `${mine} of ${replicas} are there, ${waiting.join(' ')} wait\n${operator?.tail}`;
  });

  async function noteInstances(): Promise<void> {
    for (const instance of await launchedInstances(sandbox)) launched.set(instance.InstanceId ?? '', tagOf(instance, 'karpenter.sh/nodeclaim-uid'));
  }

  /** An instance for every claim that has or had one, and no other. */
  async function expectOneInstanceAClaim(): Promise<void> {
    await noteInstances();
    const launchedFor = [...launched.values()].sort();
    expect(launchedFor).to.deep.equal([...new Set(launchedFor)], 'two instances for one claim');
    const lived = [...claims.values()].filter(({ status }) => status?.providerID);
    expect(lived.map(({ metadata }) => metadata.uid).sort()).to.deep.equal(launchedFor);
    expect(lived.map(({ status }) => status.providerID?.split('/').at(-1) ?? '').sort()).to.deep.equal([...launched.keys()].sort());
  }

  const stopFollowing = new AbortController();

  before(async () => {
    await sandbox.start('--no-operator', '--speed', '30', '--apply', 'config/samples/guide');
    void followClaims(stopFollowing.signal).catch(() => {});
    const response = await sandbox.fetch('/apis/apps/v1/namespaces/default/deployments', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(loners),
    });
    expect(response.status).to.equal(201);
  });

  after(async () => {
    stopFollowing.abort();
    await operator?.end('SIGTERM');
    expect(await sandbox.stop(), sandbox.output).to.equal(0);
  });

  /** Half of the moments are anywhere in a run's work, half while claims are being launched. */
  async function workAWhile(running: OperatorProcess, index: number): Promise<void> {
    await running.logged(index % 2 === 0 ? 'started' : 'created nodeclaim');
    await pause(random.next() * (index % 2 === 0 ? 600 : 80));
  }

  it(`kill -9 at ${RESTARTS} random moments loses no pod and launches nothing twice`, async () => {
    for (let index = 0; index < RESTARTS; index += 1) {
      await grow();
      const running = start();
      await workAWhile(running, index);
      expect(await running.end('SIGKILL'), running.tail).to.equal('SIGKILL');
      await noteInstances();
    }
    start();
    await allPodsRun();
    await expectOneInstanceAClaim();
  });

  it('SIGTERM during a launch lets the operator end well, and the next one continues', async () => {
    await operator?.end('SIGTERM');
    await grow();
    const running = start();
    await running.logged('created nodeclaim');
    expect(await running.end('SIGTERM'), running.tail).to.equal(0);
    start();
    await allPodsRun();
    await expectOneInstanceAClaim();
  });
});
