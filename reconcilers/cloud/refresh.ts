import { inject } from 'inversify';
import { EC2NodeClass, INSTANCE_PROFILE_ANNOTATION, NodeClaim } from 'karpenter-ts/api';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type { AwsSettings, InstanceProfileProvider, InstanceTypeProvider, PricingProvider, SsmProvider, VersionProvider } from 'karpenter-ts/cloud/aws';
import { Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';

/** Keeps prices fresh (karpenter-aws §4.7). */
@Singleton({ name: 'providers.pricing', every: '12h', immediate: false })
export class PricingRefresh {
  constructor(@inject(TOKENS.Pricing) private readonly pricing: PricingProvider) {}

  tick(ctx: TickContext): Promise<void> {
    return this.pricing.update(ctx.signal);
  }
}

/** Keeps the tables of instance types and offerings fresh. */
@Singleton({ name: 'providers.instancetype', every: '12h', immediate: false })
export class InstanceTypeRefresh {
  constructor(@inject(TOKENS.InstanceTypes) private readonly instanceTypes: InstanceTypeProvider) {}

  tick(ctx: TickContext): Promise<void> {
    return this.instanceTypes.update(ctx.signal);
  }
}

/** Follows the version of the cluster. */
@Singleton({ name: 'providers.version', every: '5m' })
export class VersionRefresh {
  constructor(@inject(TOKENS.Version) private readonly version: VersionProvider) {}

  tick(ctx: TickContext): Promise<void> {
    return this.version.update(ctx.signal);
  }
}

/** Looks images up anew once the one that a parameter named is deprecated (karpenter-aws §4.9). */
@Singleton({ name: 'providers.ssm.invalidation', every: '30m', immediate: false })
export class SsmInvalidation {
  constructor(@inject(TOKENS.Ssm) private readonly ssm: SsmProvider) {}

  async tick(ctx: TickContext): Promise<void> {
    await this.ssm.invalidateDeprecated(ctx.signal);
  }
}

/** Removes instance profiles of this cluster that nothing uses any more (karpenter-aws §4.2). */
@Singleton({ name: 'instanceprofile.garbagecollection', every: '30m', immediate: false, reads: [EC2NodeClass, NodeClaim] })
export class InstanceProfileGarbageCollection {
  constructor(
    @inject(TOKENS.InstanceProfiles) private readonly profiles: InstanceProfileProvider,
    @inject(TOKENS.Settings) private readonly settings: AwsSettings,
  ) {}

  async tick(ctx: TickContext): Promise<void> {
    if (this.settings.isolatedVPC) return;
    const existing = await this.profiles.listClusterProfiles(ctx.signal);
    const used = new Set([
      ...ctx.cache.list(EC2NodeClass).map(({ status }) => status.instanceProfile),
      ...ctx.cache.list(NodeClaim).map(({ metadata }) => metadata.annotations[INSTANCE_PROFILE_ANNOTATION]),
    ]);
    for (const name of existing) if (!used.has(name) && !this.profiles.isProtected(name)) await this.profiles.delete(name, ctx.signal);
  }
}
