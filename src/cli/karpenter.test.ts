import { expect } from 'chai';
import { Metrics, silentLogger, systemClock, systemRandom } from '../operator/index.js';
import { createSandbox } from '../sandbox/index.js';
import type { EmbeddedSandbox } from '../sandbox/index.js';
import { karpenter } from './karpenter.js';
import { karpenterCrds, karpenterKinds } from './manifests.js';
import { operatorOptions } from './operator-options.js';

describe('karpenter', () => {
  let sandbox: EmbeddedSandbox;

  before(async () => {
    sandbox = await createSandbox({ clock: systemClock(), random: systemRandom, kinds: karpenterKinds(), crds: karpenterCrds() });
  });
  after(() => sandbox.close());

  /** Names of the metrics, and of the reconcilers, once the operator works. */
  async function working(flags: Readonly<Record<string, unknown>>): Promise<{ metrics: string[]; reconcilers: string[] }> {
    const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', clusterEndpoint: sandbox.apiServerUrl, disableLeaderElection: true, ...flags }, {});
    const operator = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
      clock: systemClock(), random: systemRandom, logger: silentLogger, transport: sandbox.transport, caBundle: sandbox.access.certificateAuthority,
      aws: { credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } }, ports: false, processMetrics: false,
    });
    const stop = new AbortController();
    const running = operator.run({ signal: stop.signal });
    await operator.ready();
    const metrics = operator.container.get(Metrics).registry.getMetricsAsArray().map(({ name }) => name);
    const reconcilers = operator.plan.reconcilers.map(({ name }) => name);
    stop.abort();
    await running;
    return { metrics, reconcilers };
  }

  it('serves gauges of nodes, pods and pools, unless it is told not to observe the state of the cluster', async () => {
    const observed = ['karpenter_nodes_allocatable', 'karpenter_pods_state', 'karpenter_pods_startup_duration_seconds', 'karpenter_nodepools_limit', 'operator_node_status_condition_count'];
    const [everything, less] = await Promise.all([working({}), working({ disableClusterStateObservability: true })]);
    expect(everything.metrics).to.include.members(observed);
    expect(everything.reconcilers).to.include('metrics.pod');
    expect(everything.metrics.filter((name) => !less.metrics.includes(name))).to.include.members(observed);
    expect(less.metrics).to.include.members(['karpenter_nodeclaims_created_total', 'karpenter_cloudprovider_instance_type_offering_available']);
    expect(less.reconcilers).to.include('nodeclaim.lifecycle').and.not.to.include('metrics.pod');
  });
});
