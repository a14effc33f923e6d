import { expect } from 'chai';
import { parse } from 'yaml';
import type { AuditEvent } from '../../src/apiserver/index.js';
import { NodeClaim, isTrue } from '../../src/api/index.js';
import { Applier } from '../../src/cli/apply.js';
import { karpenter } from '../../src/cli/karpenter.js';
import { readManifests } from '../../src/cli/manifest-files.js';
import type { Manifest } from '../../src/cli/manifest-files.js';
import { karpenterCrds, karpenterKinds } from '../../src/cli/manifests.js';
import { operatorOptions } from '../../src/cli/operator-options.js';
import { shadowRole } from '../../src/cli/shadow/shadow-role.js';
import { Cache, Node, Shadow, silentLogger, systemClock, systemRandom } from '../../src/operator/index.js';
import type { KubeTransport, Operator, Pod, ShadowReport } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { EmbeddedSandbox } from '../../src/sandbox/index.js';
import { eventually } from '../support/sandbox-process.js';

const USER = 'shadow';

const deployment = (replicas: number): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas, selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web', resources: { requests: { cpu: '1' } } }] } },
  },
});

/** Karpenter beside itself, on one cluster and one AWS. */
describe('Karpenter as a shadow of itself', function suite() {
  this.timeout(120_000);
  const stop = new AbortController();
  const audited: AuditEvent[] = [];
  // Nothing expires in the test: what one side does and the other does not stays open.
  const shadow = new Shadow({ window: '2h' });
  const running: Promise<void>[] = [];
  let sandbox: EmbeddedSandbox;
  let operator: Operator;

  const apply = (...objects: object[]): Promise<unknown> => new Applier(sandbox.transport, () => undefined).apply(objects.map((object) => ({ file: 'test', object: object as Manifest['object'] })));
  const start = async (transport: KubeTransport, as?: Shadow): Promise<Operator> => {
    const { clock } = sandbox;
    const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', clusterEndpoint: sandbox.apiServerUrl, nodeRole: 'KarpenterNodeRole-my-cluster', disableLeaderElection: true }, {});
    const started = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
      clock, random: systemRandom, logger: silentLogger, transport, caBundle: sandbox.access.certificateAuthority, ports: false, processMetrics: false, aws: { credentials: { accessKeyId: as ? USER : 'sandbox', secretAccessKey: 'sandbox' } },
      ...(as ? { shadow: as } : {}),
    });
    running.push(started.run({ signal: stop.signal }));
    await started.ready();
    return started;
  };
  const settled = async (pods: number): Promise<void> => eventually(`${pods} pods run, on nodes that are ready`, 60_000, () => {
    const up = (sandbox.objects.list('pods') as Pod[]).filter(({ metadata, status }) => metadata.namespace === 'default' && status.phase === 'Running').length;
    const claims = sandbox.objects.list('nodeclaims.karpenter.sh') as NodeClaim[];
    return Promise.resolve((up === pods && claims.every((claim) => isTrue(claim, 'Ready'))) || `${up} pods run, ${claims.filter((claim) => isTrue(claim, 'Ready')).length} of ${claims.length} claims are ready`);
  });

  before(async () => {
    sandbox = await createSandbox({
      clock: systemClock({ speed: 20 }), random: systemRandom, kinds: karpenterKinds(), crds: karpenterCrds(), bootDelay: () => 5_000,
      audit: (event) => { if (event.user === USER) audited.push(event); },
    });
    await apply(parse(await shadowRole(undefined)) as object, {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'karpenter-shadow' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'karpenter-shadow' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: USER }],
    });
    await new Applier(sandbox.transport, () => undefined).apply((await readManifests(['config/samples/nodepool.yaml'])).manifests);
    await apply(deployment(2));
    await start(sandbox.transport);
    await settled(2);
    operator = await start({ send: (request) => sandbox.transport.send({ ...request, headers: { ...request.headers, 'impersonate-user': USER } }), close: () => Promise.resolve() }, shadow);
  });
  after(async () => {
    stop.abort(new Error('the test ends'));
    await Promise.all(running);
    await sandbox.close();
  });

  it('agrees about every node of a scale-up, with its role of reads and without a write, a launch or a lease', async () => {
    await apply(deployment(10));
    await settled(10);
    const claims = sandbox.objects.list('nodeclaims.karpenter.sh') as NodeClaim[];
    let report: ShadowReport = shadow.report();
    await eventually('nothing is undecided, and the shadow sees what there is', 20_000, () => {
      report = shadow.report();
      const cache = operator.container.get<Cache>(Cache);
      const ready = cache.list(NodeClaim).filter((claim) => isTrue(claim, 'Ready')).map(({ metadata }) => metadata.name).sort();
      const initialized = cache.list(Node).filter(({ metadata }) => metadata.labels['karpenter.sh/initialized'] === 'true').length;
      return Promise.resolve((report.writes.undecided === 0 && ready.length === claims.length && initialized === claims.length) || `${JSON.stringify(report.writes)}, sees ${ready.length} of ${claims.length} claims ready, and ${initialized} nodes ${shadow.waiting.join('\n')}`);
    });
    expect(report.differences).to.deep.equal([]);
    expect(report.writes.agreed).to.be.greaterThan(claims.length);
    expect(report.withheld.map(({ system, operation }) => `${system} ${operation}`)).to.include('CloudProvider Create');
    expect(report.events).to.include.keys('Nominated');
    expect(audited.map(({ verb }) => verb)).to.include.members(['list', 'watch']);
    expect(audited.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb)).map(({ verb, resource, name }) => `${verb} ${resource} ${name}`)).to.deep.equal([]);
    expect(shadow.problems).to.deep.equal([]);
  });
});
