import { inject } from 'inversify';
import { EC2NodeClass, NODECLASS_TERMINATION_FINALIZER, NodeClaim } from 'karpenter-ts/api';
import { AliasNotFound, RoleNotConfigured, RoleNotFound, TOKENS, UnsupportedAlias } from 'karpenter-ts/cloud/aws';
import type {
  AmiProvider, AwsSettings, CapacityReservationProvider, InstanceProfileProvider, LaunchTemplateProvider, PlacementGroupProvider,
  SecurityGroupProvider, SubnetProvider, ValidationProvider,
} from 'karpenter-ts/cloud/aws';
import { Catches, Condition, Finalizer, Reconciler, Watches, held, keyOf, met, onDelete, released, unmet, waiting } from 'karpenter-ts/operator';
import type { Key, Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { claimByNodeClass } from '../shared/indexes.js';

type Ctx = StepContext<EC2NodeClass>;

/** How soon selectors are resolved again, and how soon after they found nothing. */
const REFRESH = '5m';
const RETRY = '1m';
const REVALIDATION = '10m';

/** Resolves an EC2NodeClass against AWS, and says whether nodes can be launched from it (karpenter-aws §4.1). */
@Reconciler({ for: EC2NodeClass, name: 'nodeclass', concurrency: 10, conditions: 'parallel', root: 'Ready', transitionEvents: 'normal' })
export class EC2NodeClassStatusReconciler {
  constructor(
    @inject(TOKENS.Settings) readonly settings: AwsSettings,
    @inject(TOKENS.Subnets) private readonly subnets: SubnetProvider,
    @inject(TOKENS.SecurityGroups) private readonly securityGroups: SecurityGroupProvider,
    @inject(TOKENS.Amis) private readonly images: AmiProvider,
    @inject(TOKENS.InstanceProfiles) private readonly profiles: InstanceProfileProvider,
    @inject(TOKENS.CapacityReservations) private readonly reservations: CapacityReservationProvider,
    @inject(TOKENS.PlacementGroups) private readonly placementGroups: PlacementGroupProvider,
    @inject(TOKENS.LaunchTemplates) private readonly launchTemplates: LaunchTemplateProvider,
    @inject(TOKENS.Validation) private readonly validation: ValidationProvider,
  ) {}

  @Watches(NodeClaim, { when: onDelete() })
  classOf(claim: NodeClaim): Key<EC2NodeClass>[] {
    return [keyOf(EC2NodeClass, claim.spec.nodeClassRef.name)];
  }

  @Condition('SubnetsReady', { every: RETRY })
  async resolveSubnets(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    const found = await this.subnets.list(ctx.object, ctx.signal);
    nodeClass.status.subnets = found.map(({ id, zone, zoneID }) => (zoneID === undefined ? { id, zone } : { id, zone, zoneID }));
    return found.length > 0 ? met() : unmet('SubnetsNotFound', 'SubnetSelector did not match any Subnets');
  }

  @Condition('SecurityGroupsReady')
  async resolveSecurityGroups(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    const found = await this.securityGroups.list(ctx.object, ctx.signal);
    nodeClass.status.securityGroups = [...found];
    return found.length > 0 ? met().recheck(REFRESH) : unmet('SecurityGroupsNotFound', 'SecurityGroupSelector did not match any SecurityGroups').recheck(RETRY);
  }

  @Condition('AMIsReady')
  async resolveImages(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    const found = await this.images.list(ctx.object, ctx.signal);
    nodeClass.status.amis = [...found];
    return found.length > 0 ? met().recheck(REFRESH) : unmet('AMINotFound', 'AMISelector did not match any AMIs').recheck(RETRY);
  }

  @Catches(UnsupportedAlias)
  refuseAlias(error: UnsupportedAlias): Outcome {
    return unmet('UnsupportedAlias', error.message);
  }

  /** The version may come to be published. */
  @Catches(AliasNotFound)
  withoutAlias(error: AliasNotFound): Outcome {
    return unmet(error.reason, error.message).recheck(RETRY);
  }

  @Condition('InstanceProfileReady')
  async ensureInstanceProfile(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    nodeClass.status.instanceProfile = await this.profiles.ensure(ctx.object, ctx.signal);
    return met();
  }

  @Catches(RoleNotConfigured, RoleNotFound)
  withoutRole(error: RoleNotConfigured | RoleNotFound): Outcome {
    return unmet(error.reason, error.message).recheck(RETRY);
  }

  @Condition('CapacityReservationsReady', { enabled: (_nodeClass, { settings }: EC2NodeClassStatusReconciler) => settings.reservedCapacity })
  async resolveReservations(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    const found = await this.reservations.list(ctx.object, ctx.signal);
    if (found.length > 0) nodeClass.status.capacityReservations = [...found];
    else delete nodeClass.status.capacityReservations;
    return met().recheck(RETRY);
  }

  @Condition('PlacementGroupReady')
  async resolvePlacementGroup(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    const selector = nodeClass.spec.placementGroupSelector;
    if (!selector) return met();
    try {
      if (await this.placementGroups.get(ctx.object, ctx.signal)) return met();
    } catch (error) {
      ctx.log.error('failed to resolve placement group', { error: (error as Error).message });
      return unmet('PlacementGroupResolutionFailed', 'Failed to resolve placement group').recheck(RETRY);
    }
    return unmet('PlacementGroupNotFound', `Placement group "${selector.name ?? selector.id}" not found`).recheck(RETRY);
  }

  @Condition('ValidationSucceeded', {
    dependsOn: ['AMIsReady', 'InstanceProfileReady', 'SecurityGroupsReady', 'SubnetsReady'],
    blocked: 'propagate',
    blockedMessage: 'Awaiting AMI, Instance Profile, Security Group, and Subnet resolution',
  })
  async validate(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Outcome> {
    const outcome = await this.validation.validate(nodeClass, ctx.signal);
    if (outcome.status === 'True') return met().recheck(REVALIDATION);
    const verdict = outcome.status === 'False' ? unmet(outcome.reason, outcome.message) : waiting(outcome.reason, outcome.message);
    return outcome.terminal ? verdict : verdict.recheck(REVALIDATION);
  }

  @Finalizer(NODECLASS_TERMINATION_FINALIZER)
  async terminate(nodeClass: EC2NodeClass, ctx: Ctx): Promise<Release> {
    const cached = ctx.cache.list(NodeClaim, { index: claimByNodeClass, value: nodeClass.metadata.name });
    // The cache may not know the latest claim, and what is removed here cannot be had back while that launches.
    const claims = cached.length > 0 ? cached : (await ctx.cache.live.list(NodeClaim)).filter(({ spec }) => spec.nodeClassRef.name === nodeClass.metadata.name);
    if (claims.length > 0) {
      ctx.events.normal('WaitingOnNodeClaimTermination', `Waiting on NodeClaim termination for ${someOf(claims.map(({ metadata }) => metadata.name))}`);
      return held('NodeClaims still use this class', '10m');
    }
    await this.profiles.remove(ctx.object, ctx.signal);
    await this.launchTemplates.deleteAll(ctx.object, ctx.signal);
    this.validation.forget(nodeClass.metadata.name);
    return released();
  }
}

const someOf = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} other(s)` : names.join(', ');
