import { ContainerModule } from 'inversify';
import { KarpenterMetrics } from '../../reconcilers/metrics/karpenter-metrics.js';
import { ClaimInterruption } from '../../reconcilers/interruption/claim-interruption.js';
import { InterruptionSource, Interruptions } from '../../reconcilers/interruption/interruption.js';
import { EC2NodeClass } from '../../src/api/ec2nodeclass.js';
import { NodeClaim } from '../../src/api/nodeclaim.js';
import { NodePool } from '../../src/api/nodepool.js';
import type { Requirement } from '../../src/api/requirement.js';
import { instanceIDOf } from '../../src/cloud/aws/instance/instance.js';
import type { AwsSettings } from '../../src/cloud/aws/settings.js';
import { TOKENS } from '../../src/cloud/aws/tokens.js';
import { CloudProvider } from '../../src/cloud/provider.js';
import { Metrics, Node, reconcilers } from '../../src/operator/index.js';
import type { ReconcilerClass } from '../../src/operator/index.js';
import { testBed } from '../../src/operator/testing/index.js';
import type { TestBed } from '../../src/operator/testing/index.js';
import { providerBed } from './aws-provider.js';
import type { ProviderBed } from './aws-provider.js';

/** A claim with a running instance and a registered node. */
export interface Launched {
  claim: NodeClaim;
  node: Node;
  instanceID: string;
}

/** Some reconcilers on a Kubernetes API and a sandbox AWS that share one virtual clock; nothing but these reconcilers runs. */
export class AwsBed {
  private launched = 0;

  private constructor(readonly bed: TestBed, readonly provider: ProviderBed) {}

  /** `make` makes the bed. */
  static async of(classes: readonly ReconcilerClass[], settings: Partial<AwsSettings> = {}, make = testBed): Promise<AwsBed> {
    const shared = new ContainerModule(({ bind }) => {
      bind(Interruptions).to(InterruptionSource).inSingletonScope();
      for (const service of [KarpenterMetrics, ClaimInterruption]) bind(service as new () => object).toSelf().inSingletonScope();
    });
    const bed = await make(shared, reconcilers(...classes), { kinds: [NodePool, NodeClaim, EC2NodeClass, Node] });
    const provider = await providerBed({ settings, clock: bed.clock });
    const { services } = provider;
    const bound: Partial<Record<keyof typeof TOKENS, unknown>> = {
      Settings: services.settings, Cluster: services.cluster, Version: services.version, Subnets: services.subnets, SecurityGroups: services.securityGroups, Ssm: services.ssm, Amis: services.amis,
      InstanceProfiles: services.instanceProfiles, LaunchTemplates: services.launchTemplates, Pricing: services.pricing, InstanceTypes: services.instanceTypes,
      UnavailableOfferings: services.unavailable, CapacityReservations: services.reservations, PlacementGroups: services.placementGroups, Instances: services.instances,
      Validation: services.validation, InterruptionQueue: services.interruptions, InstanceStatus: services.instanceStatus, ZonalShifts: services.zonalShifts,
    };
    bed.override(CloudProvider, services.cloudProvider);
    for (const [name, service] of Object.entries(bound)) bed.override(TOKENS[name as keyof typeof TOKENS], service);
    return new AwsBed(bed, provider);
  }

  /** The class `default` in both the API and the provider's store, Ready. */
  async nodeClass(): Promise<EC2NodeClass> {
    const { spec, status } = await this.provider.readyNodeClass();
    await this.bed.api.create(EC2NodeClass, { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name: 'default' }, spec });
    const nodeClass = await this.bed.api.patch(EC2NodeClass, 'default', { status } as never);
    this.provider.nodeClasses.set('default', nodeClass);
    return nodeClass;
  }

  /** Launches an instance, waits until it runs, and makes claim and node of it. */
  async launch(requirements: Requirement[] = [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['c5.large'] }], capacity: Record<string, string> = {}): Promise<Launched> {
    const { bed, provider } = this;
    const name = `default-${(this.launched += 1)}`;
    const draft = provider.claim(requirements);
    const { providerID, imageID, labels } = await provider.launch(draft);
    await bed.clock.advance('1m');
    const { apiVersion, kind, spec } = draft;
    const metadata = { name, labels: { ...draft.metadata.labels, ...labels } };
    await bed.api.create(NodeClaim, { apiVersion, kind, metadata: { ...metadata, finalizers: ['karpenter.sh/termination'] }, spec });
    const claim = await bed.api.patch(NodeClaim, name, { status: { providerID, imageID, nodeName: name } });
    await bed.api.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { ...metadata.labels, 'karpenter.sh/registered': 'true' } }, spec: { providerID } });
    const node = await bed.api.patch(Node, name, { status: { capacity } });
    return { claim, node, instanceID: instanceIDOf(providerID) };
  }

  /** The values of a metric by their labels, `{}` where it has none. */
  async metric(name: string): Promise<Record<string, number>> {
    const metric = await this.bed.operator.container.get(Metrics).registry.getSingleMetric(name)?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [JSON.stringify(labels), value]));
  }

  async close(): Promise<void> {
    await this.bed.close();
    this.provider.services.close();
    await this.provider.aws.close();
  }
}
