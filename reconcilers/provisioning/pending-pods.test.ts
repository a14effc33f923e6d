import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { PodTimes } from 'karpenter-ts/cluster';
import { Metrics, PersistentVolumeClaim, Pod, StorageClass, silentLogger } from 'karpenter-ts/operator';
import type { Clock, TickContext } from 'karpenter-ts/operator';
import { FakeCloud } from '../../test/support/fake-cloud.js';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { DEFAULT_SETTINGS } from '../settings.js';
import type { Settings } from '../settings.js';
import { DecisionTimes } from './decision-times.js';
import { PendingPods } from './pending-pods.js';
import { SchedulingVerdicts } from './scheduling-verdicts.js';
import { Provisioner } from './provisioner.js';

const ANTI_AFFINITY: Partial<Pod['spec']> = {
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone', labelSelector: {} } }] } },
};
const SPREAD: Partial<Pod['spec']> = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} }] };

describe('pending pods', () => {
  let karpenter: KarpenterBed;

  const claims = (): Promise<NodeClaim[]> => karpenter.api.list(NodeClaim);
  const ignored = (): Promise<string[]> => karpenter.metric('karpenter_scheduler_ignored_pods_count');

  describe('that no node of ours could help', () => {
    beforeEach(async () => {
      karpenter = await karpenterBed([NodeClaimLifecycle, Provisioner]);
      await karpenter.readyNodeClass();
      await karpenter.readyPool();
    });

    afterEach(() => karpenter.bed.close());

    it('are told so and counted, until they are gone', async () => {
      const pod = await karpenter.pod('pinned', { spec: { nodeSelector: { 'kubernetes.io/hostname': 'n' } } });
      await karpenter.bed.advance('2s');
      expect(await claims()).to.deep.equal([]);
      expect((await karpenter.events(pod))[0]).to.match(/^Warning FailedScheduling: Failed to schedule pod, label kubernetes.io\/hostname is restricted/);
      expect(await ignored()).to.deep.equal(['karpenter_scheduler_ignored_pods_count 1']);
      await karpenter.api.delete(Pod, 'pinned');
      await karpenter.pod('another');
      await karpenter.bed.advance('11s');
      expect(await ignored()).to.deep.equal(['karpenter_scheduler_ignored_pods_count 0']);
    });

    it('are not bothered when they avoid Karpenter themselves', async () => {
      const avoiding = { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'karpenter.sh/nodepool', operator: 'DoesNotExist' }] }] } } } };
      const pod = await karpenter.pod('elsewhere', { spec: avoiding });
      await karpenter.bed.advance('2s');
      expect(await karpenter.events(pod)).to.deep.equal([]);
      expect(await ignored()).to.deep.equal(['karpenter_scheduler_ignored_pods_count 1']);
    });

    it('include those whose volumes the provider cannot attach', async () => {
      karpenter.cloud.podRules = { unsupportedProvisioners: ['foreign.example.com'] };
      await karpenter.api.create(StorageClass, { metadata: { name: 'foreign' }, provisioner: 'foreign.example.com', volumeBindingMode: 'WaitForFirstConsumer' });
      await karpenter.api.create(PersistentVolumeClaim, { metadata: { name: 'data' }, spec: { storageClassName: 'foreign', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
      const pod = await karpenter.pod('with-volume', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } });
      await karpenter.bed.advance('2s');
      expect(await claims()).to.deep.equal([]);
      expect((await karpenter.events(pod))[0]).to.contain('provisioner "foreign.example.com" is not supported');
    });
  });

  describe('whose preferences can prevent consolidation', () => {
    const DAY = 24 * 3_600_000;
    const pending = (name: string, spec: Partial<Pod['spec']>): Pod => ({
      metadata: { name, namespace: 'default', uid: name, labels: {}, annotations: {} }, spec: { containers: [], ...spec },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
    }) as unknown as Pod;
    const pods = [...Array.from({ length: 11 }, (_, index) => pending(`apart-${index}`, ANTI_AFFINITY)), pending('spread', SPREAD), pending('plain', {})];
    /** What is logged by looks at these times. */
    const warnings = (settings: Partial<Settings>, ...times: number[]): string[] => {
      const lines: string[] = [];
      let now = 0;
      const log = { ...silentLogger, info: (message: string, fields?: Readonly<Record<string, unknown>>) => void lines.push(`${message}: ${String(fields?.['Pods'])}`) };
      const clock = { now: () => now } as Clock;
      const metrics = new Metrics();
      const looker = new PendingPods(new FakeCloud(clock), new KarpenterMetrics(metrics), new DecisionTimes(new PodTimes(), clock, metrics), { ...DEFAULT_SETTINGS, ...settings }, new SchedulingVerdicts(), clock);
      for (now of times) looker.list({ log, cache: { get: () => undefined, list: () => pods } } as unknown as TickContext);
      return lines;
    };

    it('are logged once a day, ten by name', () => {
      const once = warnings({}, 0, 10_000, DAY - 1);
      expect(once).to.have.length(2);
      expect(once[0]).to.match(/^pod\(s\) have a preferred anti-affinity, which can prevent consolidation: default\/apart-0, .*default\/apart-9 and 1 other\(s\)$/);
      expect(once[1]).to.equal('pod(s) have a preferred topology spread constraint, which can prevent consolidation: default/spread');
      expect(warnings({}, 0, DAY)).to.have.length(4);
    });

    it('are not when preferences are ignored', () => {
      expect(warnings({ preferencePolicy: 'Ignore' }, 0)).to.deep.equal([]);
    });
  });
});
