import { ContainerModule } from 'inversify';
import { CloudProvider, InstanceTypeOverlays, OverlayStore, overlaid } from 'karpenter-ts/cloud';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import { ClusterState, PodTimes } from 'karpenter-ts/cluster';
import { Cache, Clock, ObjectExplainer, ObservedConditions, Startable, reconcilers } from 'karpenter-ts/operator';
import { CapacityBuffers } from './capacitybuffer/capacity-buffers.js';
import { CapacityBufferEvents, CapacityBufferSignals } from './capacitybuffer/capacity-buffer-events.js';
import { CapacityBufferStatusReconciler } from './capacitybuffer/status.js';
import { AwsStartup } from './cloud/aws-startup.js';
import { CapacityBlockExpiration, CapacityTypeDemotion } from './cloud/capacity-reservations.js';
import { DiscoveredCapacity } from './cloud/discovered-capacity.js';
import { InstanceGarbageCollection } from './cloud/instance-garbage-collection.js';
import { InstanceProfileGarbageCollection, InstanceTypeRefresh, PricingRefresh, SsmInvalidation, VersionRefresh } from './cloud/refresh.js';
import { NodeClassStore } from './cloud/nodeclass-store.js';
import { OfferingGauges } from './cloud/offering-gauges.js';
import { PartitionHook } from './cloud/partition-hook.js';
import { NodeClaimTagging } from './cloud/tagging.js';
import { ZonalShiftWatch } from './cloud/zonal-shift.js';
import { Disruption } from './disruption/disruption.js';
import { DisruptionQueue } from './disruption/disruption-queue.js';
import { DisruptionVerdicts } from './disruption/disruption-verdicts.js';
import { EC2NodeClassHash } from './ec2nodeclass/hash.js';
import { EC2NodeClassStatusReconciler } from './ec2nodeclass/status.js';
import { ClaimInterruption } from './interruption/claim-interruption.js';
import { InstanceStatusInterruption } from './interruption/instance-status.js';
import { NodeExplainer } from './explain/node-explainer.js';
import { NodePoolExplainer } from './explain/nodepool-explainer.js';
import { PodExplainer } from './explain/pod-explainer.js';
import { InterruptionReconciler, InterruptionSource, Interruptions } from './interruption/interruption.js';
import { DisruptionMetrics } from './metrics/disruption-metrics.js';
import { KarpenterMetrics } from './metrics/karpenter-metrics.js';
import { NodeMetrics } from './metrics/node-metrics.js';
import { NodePoolMetrics } from './metrics/nodepool-metrics.js';
import { OBSERVED_NODES, OBSERVED_NODE_CLAIMS } from './metrics/observed-conditions.js';
import { PodLatencyMetrics, PodStateMetrics } from './metrics/pod-metrics.js';
import { PoolCostRefresh, PoolCosts } from './metrics/pool-costs.js';
import { SimulationMetrics } from './metrics/simulation-metrics.js';
import { StoredVersionMigration } from './migration/stored-version-migration.js';
import { EvictionQueue, EvictionRequests, Evictions } from './node/eviction-queue.js';
import { NodeHealth } from './node/health.js';
import { LeaseGarbageCollection } from './node/lease-garbage-collection.js';
import { PodProtection } from './node/pod-protection.js';
import { NodeTermination } from './node/termination.js';
import { NodeClaimConsistency } from './nodeclaim/consistency.js';
import { NodeClaimDisruption } from './nodeclaim/disruption.js';
import { NodeClaimExpiration } from './nodeclaim/expiration.js';
import { NodeClaimGarbageCollection } from './nodeclaim/garbage-collection.js';
import { NodeClaimHydration, NodeHydration } from './nodeclaim/hydration.js';
import { NodeClaimLifecycle } from './nodeclaim/lifecycle.js';
import { RegistrationHook } from './nodeclaim/registration-hook.js';
import { PodEvents } from './nodeclaim/pod-events.js';
import { NodeOverlayEvaluation } from './nodeoverlay/evaluation.js';
import { NodeOverlayStatusReconciler, OverlayEvaluations } from './nodeoverlay/status.js';
import { NodePoolCounter } from './nodepool/counter.js';
import { NodePoolHash } from './nodepool/hash.js';
import { RegistrationHealthReporter } from './nodepool/registration-health-reporter.js';
import { RegistrationHealthReset } from './nodepool/registration-health-reset.js';
import { NodePoolStatusReconciler } from './nodepool/status.js';
import { DecisionTimes } from './provisioning/decision-times.js';
import { NodeClaimCreator } from './provisioning/nodeclaim-creator.js';
import { NominationEvents } from './provisioning/nomination-events.js';
import { PendingPods } from './provisioning/pending-pods.js';
import { SchedulingVerdicts } from './provisioning/scheduling-verdicts.js';
import { Provisioner } from './provisioning/provisioner.js';
import { Settings } from './settings.js';
import { DefaultSpreadSources } from './shared/default-spread.js';
import { cacheLookups } from './state/cluster-lookups.js';
import { ClusterStateFeed } from './state/cluster-state-feed.js';
import { ClusterSync } from './state/cluster-sync.js';
import { StaticDeprovisioning } from './static/static-deprovisioning.js';
import { StaticProvisioning } from './static/static-provisioning.js';

/** What the reconcilers share, without any of them. */
export const services = (settings: Settings): ContainerModule =>
  new ContainerModule(({ bind, onActivation }) => {
    bind(Settings).toConstantValue(settings);
    bind(ClusterState).toResolvedValue(
      (clock: Clock, cache: Cache) => new ClusterState({ clock, lookups: cacheLookups(cache), nominationPeriod: Math.max(2 * settings.batchMaxDuration, 10_000) }),
      [Clock, Cache],
    ).inSingletonScope();
    const shared = [
      DisruptionMetrics, KarpenterMetrics, SimulationMetrics, PodTimes, DecisionTimes, RegistrationHealthReporter, NodeClaimCreator, NominationEvents, PendingPods,
      EvictionRequests, SchedulingVerdicts, DisruptionVerdicts, ClusterSync, ClusterStateFeed, CapacityBuffers, CapacityBufferSignals,
    ];
    for (const service of shared) bind(service as new () => object).toSelf().inSingletonScope();
    bind(Evictions).toService(EvictionRequests);
    bind(CapacityBufferEvents).toService(CapacityBufferSignals);
    bind(Startable).toService(ClusterStateFeed);
    for (const explainer of [PodExplainer, NodeExplainer, NodePoolExplainer]) bind(ObjectExplainer).to(explainer).inSingletonScope();
    bind(OverlayStore).toSelf().inSingletonScope();
    bind(OverlayEvaluations).toService(OverlayStore);
    if (settings.featureGates.nodeOverlay) {
      bind(InstanceTypeOverlays).toService(OverlayStore);
      onActivation<CloudProvider>(CloudProvider, (context, provider) => overlaid(provider, context.get(OverlayStore)));
    }
  });

/** Pools and claims: everything that works with any cloud that is bound under `CloudProvider`. */
export const core = (settings: Settings): ContainerModule[] => [
  services(settings),
  reconcilers(
    NodePoolStatusReconciler, NodePoolHash, NodePoolCounter, RegistrationHealthReset,
    NodeClaimLifecycle, NodeClaimDisruption, NodeClaimExpiration, NodeClaimConsistency, NodeClaimGarbageCollection, NodeClaimHydration, PodEvents,
    NodeTermination, NodeHydration, EvictionQueue, LeaseGarbageCollection, PodProtection,
    Provisioner, Disruption, DisruptionQueue, StoredVersionMigration,
    ...(settings.featureGates.nodeRepair ? [NodeHealth] : []),
    ...(settings.defaultTopologySpread.length > 0 ? [DefaultSpreadSources] : []),
    ...(settings.featureGates.capacityBuffer ? [CapacityBufferStatusReconciler] : []),
    ...(settings.featureGates.staticCapacity ? [StaticProvisioning, StaticDeprovisioning] : []),
    ...(settings.featureGates.nodeOverlay ? [NodeOverlayEvaluation, NodeOverlayStatusReconciler] : []),
  ),
];

/** Gauges of nodes, pods and pools. */
export const observability = (): ContainerModule[] => [
  new ContainerModule(({ bind }) => {
    bind(ObservedConditions).toConstantValue(OBSERVED_NODE_CLAIMS);
    bind(ObservedConditions).toConstantValue(OBSERVED_NODES);
    bind(Startable).to(NodeMetrics).inSingletonScope();
    bind(Startable).to(NodePoolMetrics).inSingletonScope();
    bind(Startable).to(PodStateMetrics).inSingletonScope();
    bind(PoolCosts).toSelf().inSingletonScope();
  }),
  reconcilers(PoolCostRefresh, PodLatencyMetrics),
];

/** What keeps AWS level: node classes, instances, prices, images, interruptions. `queue`: whether there is one to read; `zonalShift`: whether shifts are followed. */
export const aws = ({ queue, zonalShift }: { queue: boolean; zonalShift: boolean }): ContainerModule[] => [
  new ContainerModule(({ bind }) => {
    bind(NodeClassStore).toSelf().inSingletonScope();
    bind(TOKENS.NodeClassLookup).toService(NodeClassStore);
    bind(AwsStartup).toSelf().inSingletonScope();
    bind(Startable).toService(AwsStartup);
    bind(OfferingGauges).toSelf().inSingletonScope();
    bind(Startable).toService(OfferingGauges);
    bind(ClaimInterruption).toSelf().inSingletonScope();
    bind(RegistrationHook).to(PartitionHook).inSingletonScope();
    bind(Interruptions).to(InterruptionSource).inSingletonScope();
  }),
  reconcilers(
    EC2NodeClassStatusReconciler, EC2NodeClassHash, NodeClaimTagging,
    InstanceGarbageCollection, InstanceProfileGarbageCollection, PricingRefresh, InstanceTypeRefresh, VersionRefresh, SsmInvalidation,
    DiscoveredCapacity, CapacityTypeDemotion, CapacityBlockExpiration, InstanceStatusInterruption,
    ...(queue ? [InterruptionReconciler] : []),
    ...(zonalShift ? [ZonalShiftWatch] : []),
  ),
];
