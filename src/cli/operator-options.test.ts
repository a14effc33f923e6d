import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { operatorFlags, operatorOptions, parseFeatureGates } from './operator-options.js';

const NAMED = { clusterName: 'my-cluster', region: 'us-west-2' };
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

describe('the options of karpenter-ts run', () => {
  it('have the defaults of upstream', () => {
    const { settings, aws, ...process } = operatorOptions(NAMED, {});
    expect(settings).to.deep.equal({
      batchMaxDuration: 10_000, batchIdleDuration: 1_000, preferencePolicy: 'Respect', minValuesPolicy: 'Strict', cpuRequests: 1_000,
      featureGates: { nodeRepair: false, reservedCapacity: true, spotToSpotConsolidation: false, nodeOverlay: false, staticCapacity: false, capacityBuffer: false },
      defaultTopologySpread: [],
    });
    expect(aws).to.deep.include({
      clusterEndpoint: '', clusterCABundle: '', isolatedVPC: false, eksControlPlane: false, vmMemoryOverheadPercent: 0.075, interruptionQueue: '', reservedENIs: 0,
      disableDryRun: false, amiRefreshInterval: 60_000, subnetRefreshInterval: 60_000, reservedCapacity: true, zonalShift: false,
    });
    expect(process).to.deep.equal({
      metricsPort: 8080, healthProbePort: 8081, kubeClientQps: 200, kubeClientBurst: 300, kubeClientReservedShare: 0.1, clusterStateObservability: true, logLevel: 'info', logOutputPaths: 'stdout',
      logErrorOutputPaths: 'stderr', webhook: { enabled: true, port: 8443, service: { namespace: 'karpenter', name: 'karpenter' } },
      profiling: false, debug: { enabled: true, host: '127.0.0.1', port: 0 }, warmup: false, leaderElection: {
        enabled: true, name: 'karpenter-leader-election', namespace: 'karpenter', leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000, stallLimit: 15_000,
      },
    });
  });

  it('are taken from the flag before the environment before the default', () => {
    const of = (flags: object, environment: Record<string, string>) => operatorOptions({ ...NAMED, ...flags }, environment);
    expect(of({}, {}).settings.batchIdleDuration).to.equal(1_000);
    expect(of({}, { BATCH_IDLE_DURATION: '3s' }).settings.batchIdleDuration).to.equal(3_000);
    expect(of({ batchIdleDuration: '2s' }, { BATCH_IDLE_DURATION: '3s' }).settings.batchIdleDuration).to.equal(2_000);
    expect(of({ disableDryRun: false }, { DISABLE_DRY_RUN: 'true' }).aws.disableDryRun).to.equal(false);
    expect(operatorOptions({}, { CLUSTER_NAME: 'a', AWS_REGION: 'eu-west-1', INTERRUPTION_QUEUE: 'q' }).aws).to.include({ clusterName: 'a', region: 'eu-west-1', interruptionQueue: 'q' });
  });

  it('fall back to the default where a number, a boolean or a duration in the environment cannot be read', () => {
    const { settings, aws, metricsPort, leaderElection } = operatorOptions(NAMED, {
      METRICS_PORT: 'high', BATCH_MAX_DURATION: 'soon', RESERVED_ENIS: '', DISABLE_LEADER_ELECTION: 'perhaps', VM_MEMORY_OVERHEAD_PERCENT: '7%', CPU_REQUESTS: '1 core',
    });
    expect([metricsPort, settings.batchMaxDuration, aws.reservedENIs, leaderElection.enabled, aws.vmMemoryOverheadPercent, settings.cpuRequests])
      .to.deep.equal([8080, 10_000, 0, true, 0.075, 1_000]);
  });

  it('read booleans of the environment in every spelling of Go', () => {
    for (const [spelling, meant] of [['1', true], ['t', true], ['T', true], ['TRUE', true], ['True', true], ['0', false], ['f', false], ['FALSE', false]] as const) {
      expect(operatorOptions(NAMED, { ISOLATED_VPC: spelling }).aws.isolatedVPC, spelling).to.equal(meant);
    }
  });

  it('refuse times of an election under which two could lead or nobody could, and shares that leave nothing', () => {
    const of = (flags: object) => refusal(() => operatorOptions({ ...NAMED, ...flags }, {}));
    expect(of({ leaderElectionLeaseDuration: '10s' })).to.equal('setting leader-election-renew-deadline is "10s"; it must be a duration longer than leader-election-retry-period (2s) and shorter than leader-election-lease-duration (10s)');
    expect(of({ leaderElectionRetryPeriod: '10s' })).to.include('setting leader-election-renew-deadline is "10s"; it must be a duration longer than leader-election-retry-period (10s)');
    expect(of({ leaderElectionRetryPeriod: '0s' })).to.equal('setting leader-election-retry-period is "0s"; it must be a duration longer than 0s');
    expect(of({ leaderElectionStallLimit: '0s' })).to.equal('setting leader-election-stall-limit is "0s"; it must be a duration longer than 0s');
    expect(of({ kubeClientReservedShare: 1 })).to.equal('setting kube-client-reserved-share is "1"; it must be a number from 0 to less than 1');
  });

  it('never fail over what a number in the environment says', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      expect(operatorOptions(NAMED, { KUBE_CLIENT_QPS: text }).kubeClientQps).to.satisfy(Number.isFinite);
    }));
  });

  it('stop the process at values that have no meaning, and say which would have one', () => {
    expect(refusal(() => operatorOptions({ ...NAMED, preferencePolicy: 'respect' }, {}))).to.equal('setting preference-policy is "respect"; it must be "Respect" or "Ignore"');
    expect(refusal(() => operatorOptions(NAMED, { MIN_VALUES_POLICY: 'Lax' }))).to.equal('setting min-values-policy is "Lax"; it must be "Strict" or "BestEffort"');
    expect(refusal(() => operatorOptions(NAMED, { LOG_LEVEL: 'loud' }))).to.equal('setting log-level is "loud"; it must be "debug" or "info" or "error"');
    expect(refusal(() => operatorOptions({ ...NAMED, clusterEndpoint: 'my-cluster' }, {}))).to.include('must be an absolute URL with a host');
    expect(refusal(() => operatorOptions({ ...NAMED, amiRefreshInterval: '30s' }, {}))).to.include('at least 1m');
    expect(refusal(() => operatorOptions({ ...NAMED, ignoreDraRequests: false }, {}))).to.include('dynamic resource allocation is not supported');
    expect(refusal(() => operatorOptions({ region: 'us-west-2' }, {}))).to.include('--cluster-name, CLUSTER_NAME');
    expect(refusal(() => operatorOptions({ clusterName: 'a' }, {}))).to.include('AWS_REGION');
  });

  it('merge feature gates over their defaults, and ignore gates that nobody knows', () => {
    expect(parseFeatureGates('NodeRepair=true, SpotToSpotConsolidation=T,Unheard=true')).to.include({ nodeRepair: true, spotToSpotConsolidation: true, reservedCapacity: true });
    expect(operatorOptions(NAMED, { FEATURE_GATES: 'ReservedCapacity=false' }).aws.reservedCapacity).to.equal(false);
    for (const malformed of ['NodeRepair', 'NodeRepair=', 'NodeRepair=on']) expect(refusal(() => parseFeatureGates(malformed))).to.include('feature-gates');
  });

  it('count a share of no CPU as one', () => {
    expect(operatorOptions({ ...NAMED, cpuRequests: 0 }, {}).settings.cpuRequests).to.equal(1_000);
  });

  it('name the namespace of the lease by flag, or else by that of the pod', () => {
    expect(operatorOptions(NAMED, { SYSTEM_NAMESPACE: 'autoscaling' }).leaderElection.namespace).to.equal('autoscaling');
    expect(operatorOptions({ ...NAMED, leaderElectionNamespace: 'leases' }, { SYSTEM_NAMESPACE: 'autoscaling' }).leaderElection.namespace).to.equal('leases');
  });

  it('cover every variable that config/manager sets', () => {
    const known = new Set(['SYSTEM_NAMESPACE', 'POD_NAME', ...operatorFlags().map(({ description }) => /\(env (\w+)\)$/.exec(description)?.[1])]);
    const settings = [...readFileSync('config/manager/settings.env', 'utf8').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(settings).to.include('CLUSTER_NAME');
    expect(settings.filter((name) => !known.has(name))).to.deep.equal([]);
  });
});
