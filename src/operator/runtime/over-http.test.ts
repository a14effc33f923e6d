import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { request } from 'undici';
import { createApiServer } from '../../apiserver/index.js';
import type { ApiServer } from '../../apiserver/index.js';
import { systemClock } from '../clock.js';
import { Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap, Node } from '../kinds/core.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { silentLogger } from '../logger.js';
import { seededRandom } from '../random.js';
import { createOperator } from './operator.js';

const NODE: KindRef = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

describe('an operator over HTTP and in real time', () => {
  let server: ApiServer;
  before(() => {
    server = createApiServer();
  });
  after(() => server.close());

  it('connects by a kubeconfig, is elected, reconciles, answers its probes, and stops within a second', async () => {
    const { url } = await server.listen({ port: 0 });
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromOptions({
      clusters: [{ name: 'c', server: url }], users: [{ name: 'u' }], contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x',
    });
    let reconciled: () => void = () => undefined;
    const marked = new Promise<void>((resolve) => (reconciled = resolve));
    @Reconciler({ for: Node, name: 'node.mark', root: false, reads: [ConfigMap] })
    class Mark {
      @Step()
      mark(node: Node): Outcome {
        if (node.metadata.labels['marked']) reconciled();
        node.metadata.labels['marked'] = 'true';
        return done();
      }
    }
    const operator = createOperator({ name: 'over-http', kubeconfig, logger: silentLogger, reconcilers: [Mark], leaderElection: true, ports: { metrics: 0, health: 0, host: '127.0.0.1' } });
    const stop = new AbortController();
    const running = operator.run({ signal: stop.signal });
    await Promise.race([operator.ready(), running]);
    const user = new KubeClient(handlerTransport(server), { clock: systemClock(), random: seededRandom(1) });
    await user.create(NODE, { metadata: { name: 'n' } });
    await marked;
    expect((await user.get<KubeObject>(NODE, { name: 'n' })).metadata.labels).to.include({ marked: 'true' });
    const get = async (port: number | undefined, path: string): Promise<string> => (await request(`http://127.0.0.1:${port}${path}`)).body.text();
    expect(await get(operator.ports?.health, '/readyz?verbose')).to.equal('[+]ping ok\n[+]informers ok\nreadyz check passed\n');
    const metrics = await get(operator.ports?.metrics, '/metrics');
    expect(metrics).to.match(/leader_election_master_status\{name="over-http-leader-election"\} 1/);
    expect(metrics).to.match(/nodejs_eventloop_lag_seconds/);
    const clock = systemClock();
    const began = clock.now();
    stop.abort(new Error('SIGTERM'));
    await running;
    expect(clock.now() - began).to.be.below(1_000);
    const lease = await user.get<KubeObject & { spec: { holderIdentity: string } }>({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true }, { name: 'over-http-leader-election', namespace: 'kube-system' });
    expect(lease.spec.holderIdentity).to.equal('');
  });

  it('says what is wrong when it cannot start', async () => {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: 'missing' });
    expect(() => createOperator({ name: 'x', kubeconfig })).to.throw('kubeconfig: context "missing" names no cluster with a server; contexts: none');
    const undeclared = createOperator({ name: 'x', transport: handlerTransport(server), logger: silentLogger, ports: false, reconcilers: [class Nothing {}] });
    const error = await undeclared.run().catch((cause: unknown) => cause);
    expect((error as Error).message).to.include('Nothing');
  });
});
