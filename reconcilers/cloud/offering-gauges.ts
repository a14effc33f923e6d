import { inject } from 'inversify';
import { EC2NodeClass, NodePool } from 'karpenter-ts/api';
import { InstanceTypesUnresolved, OfferingMetrics, TOKENS } from 'karpenter-ts/cloud/aws';
import type { AwsSettings, InstanceTypeProvider, OfferedTypes } from 'karpenter-ts/cloud/aws';
import { Cache, Metrics } from 'karpenter-ts/operator';
import type { Startable } from 'karpenter-ts/operator';
import { isManagedReference } from '../shared/indexes.js';

/** Serves what there is to buy for the pools that there are. It is read when it is asked for, where upstream sets it every minute. */
export class OfferingGauges implements Startable {
  readonly name = 'cloudprovider.metrics';

  constructor(
    @inject(Cache) private readonly cache: Cache,
    @inject(TOKENS.InstanceTypes) private readonly instanceTypes: InstanceTypeProvider,
    @inject(TOKENS.Settings) private readonly settings: AwsSettings,
    @inject(Metrics) private readonly metrics: Metrics,
  ) {}

  start(): void {
    const { instanceTypes, settings: { reservedCapacity } } = this;
    new OfferingMetrics(this.metrics, { list: () => this.list(), factsOf: (name) => instanceTypes.factsOf(name), reservedCapacity }).register();
  }

  private list(): OfferedTypes[] {
    return this.cache.list(NodePool).flatMap((nodePool) => {
      const { nodeClassRef } = nodePool.spec.template.spec;
      const nodeClass = isManagedReference(nodeClassRef) ? this.cache.get(EC2NodeClass, nodeClassRef.name) : undefined;
      try {
        return nodeClass ? [{ nodePool, instanceTypes: this.instanceTypes.list(nodeClass) }] : [];
      } catch (error) {
        // The class's status says why; there is nothing to buy until that is settled.
        if (!(error instanceof InstanceTypesUnresolved)) throw error;
        return [];
      }
    });
  }
}
