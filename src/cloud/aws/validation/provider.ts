import { CreateFleetCommand, RunInstancesCommand } from '../aws-sdk.js';
import type { CreateFleetCommandInput, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { createHash } from 'node:crypto';
import { conditionOf } from '../../../api/conditions.js';
import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import { ARCH_LABEL, CAPACITY_TYPE_ON_DEMAND, NODEPOOL_LABEL } from '../../../api/labels.js';
import type { NodeClaim } from '../../../api/nodeclaim.js';
import type { NodePool } from '../../../api/nodepool.js';
import { Requirements } from '../../../api/requirements.js';
import type { Clock } from '../../../operator/clock.js';
import type { InstanceType } from '../../instance-type.js';
import { requirementsOf } from '../../parsed-requirements.js';
import { variantRequirements } from '../ami-alias.js';
import { resolvedAMIFamily, windowsBuild } from '../ami-family.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import type { Cluster } from '../cluster.js';
import { errorText, isDryRunSuccess, isInstanceProfileMissing, isLaunchTemplateNotFound, isServerFault, isThrottled, isUnauthorized, isUserDataTooLarge, launchFailure } from '../errors.js';
import { ExpiringCache } from '../expiring-cache.js';
import { AWS_LABELS } from '../instance-type/labels.js';
import type { InstanceTypeProvider } from '../instance-type/provider.js';
import type { LaunchTemplate, LaunchTemplateProvider } from '../launch-template/provider.js';
import { sortedJSON } from '../nodeclass-hash.js';
import type { PlacementGroupProvider } from '../placement-group-provider.js';
import type { NodeClassLookup } from '../ports.js';
import type { AwsSettings } from '../settings.js';
import { launchTemplateTags, restrictedTags, tagList } from '../tags.js';
import { kubeletViolations, unsupportedKubeletFields } from './kubelet.js';

/** What to say in the condition ValidationSucceeded (karpenter-aws §1.7). */
export type ValidationOutcome =
  | { status: 'True' }
  | { status: 'False' | 'Unknown'; reason: string; message: string; /** Nothing changes until someone edits the class. */ terminal?: boolean };

/** Conditions that must be decided before launches can be tried. */
const REQUIRED = ['AMIsReady', 'InstanceProfileReady', 'SecurityGroupsReady', 'SubnetsReady'];
const LIFETIME = 30 * 60_000;
/** Tried when no pool says what is wanted. */
const FALLBACK_TYPES = ['m5.large', 'm6g.large'];

const unmet = (reason: string, message: string, terminal = false): ValidationOutcome => ({ status: 'False', reason, message, ...(terminal ? { terminal } : {}) });

/** EC2 was too busy, or failed itself: nothing is known, ask again. */
export class ValidationPostponed extends Error {
  readonly reason = 'ValidationPostponed';
  constructor(options: ErrorOptions) {
    super(`validation is postponed: ${errorText(options.cause)}`, options);
  }
}

export interface ValidationDependencies {
  clients: Pick<AwsClients, 'ec2WithoutRetries'>;
  settings: AwsSettings;
  clock: Clock;
  cluster: Cluster;
  nodeClasses: NodeClassLookup;
  instanceTypes: InstanceTypeProvider;
  launchTemplates: LaunchTemplateProvider;
  placementGroups: PlacementGroupProvider;
  /** Whether nothing may be tried, as a dry run needs a launch template: what the condition says already is the outcome then. */
  triesNothing?: boolean;
}

/** Finds out before the first launch whether launches from a class can work, by trying them as dry runs. */
export class ValidationProvider {
  private readonly cache: ExpiringCache<{ nodeClass: string; outcome: ValidationOutcome }>;

  constructor(private readonly dependencies: ValidationDependencies) {
    this.cache = new ExpiringCache(dependencies.clock, { ttl: LIFETIME });
  }

  /**
   * The outcome for the class as it is, conditions of its dependencies included; to be repeated every 10 minutes. Rejects
   * with {@link ValidationPostponed} when EC2 could not answer, and with EC2's error when that tells nothing of the class.
   */
  async validate(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<ValidationOutcome> {
    const early = (await this.checkCluster(nodeClass, signal)) ?? checkKubelet(nodeClass) ?? checkDependencies(nodeClass) ?? checkTags(nodeClass);
    if (early) return early;
    if (this.dependencies.settings.disableDryRun) return { status: 'True' };
    if (this.dependencies.triesNothing) return outcomeSoFar(nodeClass);
    const key = cacheKey(nodeClass);
    const known = this.cache.get(key);
    if (known) return known.outcome;
    const { outcome, cached } = await this.dryRun(nodeClass, signal);
    if (cached) this.cache.set(key, { nodeClass: nodeClass.metadata.name, outcome });
    return outcome;
  }

  /** Drops what is remembered of a class that is gone. */
  forget(nodeClass: string): void {
    for (const [key, entry] of this.cache.live()) if (entry.nodeClass === nodeClass) this.cache.delete(key);
  }

  private async checkCluster(nodeClass: EC2NodeClass, signal: AbortSignal | undefined): Promise<ValidationOutcome | undefined> {
    if (resolvedAMIFamily(nodeClass) !== 'AL2023') return undefined;
    try {
      await this.dependencies.cluster.serviceCIDR(signal);
      return undefined;
    } catch (error) {
      if (isServerFault(error)) throw new ValidationPostponed({ cause: error });
      return unmet('ClusterCIDRResolutionFailed', 'Failed to detect the cluster CIDR');
    }
  }

  private async dryRun(nodeClass: EC2NodeClass, signal: AbortSignal | undefined): Promise<{ outcome: ValidationOutcome; cached: boolean }> {
    const pools = this.dependencies.nodeClasses.poolsOf(nodeClass.metadata.name);
    const instanceType = this.chooseType(nodeClass, pools);
    let template: LaunchTemplate;
    try {
      template = await this.template(nodeClass, instanceType, pools, signal);
    } catch (error) {
      if (isThrottled(error) || isServerFault(error)) throw new ValidationPostponed({ cause: error });
      if (isUserDataTooLarge(error)) return { outcome: unmet('UserDataSizeLimitExceeded', `ec2:CreateLaunchTemplate rejected the rendered user data as too large: ${errorText(error)}`), cached: true };
      if (isUnauthorized(error)) return { outcome: unauthorized('CreateLaunchTemplate', error), cached: true };
      throw error;
    }
    try {
      return await this.tryLaunch(nodeClass, template, signal);
    } catch (error) {
      // It was deleted behind our back: the next attempt makes it anew.
      if (isLaunchTemplateNotFound(error)) this.dependencies.launchTemplates.invalidate(template.name);
      throw error;
    }
  }

  private async tryLaunch(nodeClass: EC2NodeClass, template: LaunchTemplate, signal: AbortSignal | undefined): Promise<{ outcome: ValidationOutcome; cached: boolean }> {
    const fleetError = await this.try(new CreateFleetCommand(this.fleetRequest(nodeClass, template)), signal);
    if (fleetError) return { outcome: unauthorized('CreateFleet', fleetError), cached: true };
    const runError = await this.tryRunInstances(nodeClass, template, signal);
    if (runError === undefined) return { outcome: { status: 'True' }, cached: true };
    const { instanceProfile } = nodeClass.spec;
    if (instanceProfile && isInstanceProfileMissing(runError)) return { outcome: unmet('InstanceProfileNotFound', `Instance profile "${instanceProfile}" not found`), cached: false };
    return { outcome: unauthorized('RunInstances', runError), cached: true };
  }

  private async template(nodeClass: EC2NodeClass, instanceType: InstanceType, pools: readonly NodePool[], signal: AbortSignal | undefined): Promise<LaunchTemplate> {
    const dedicated = pools.some((pool) => poolRequirements(pool).has(AWS_LABELS.tenancy) && poolRequirements(pool).get(AWS_LABELS.tenancy).has('dedicated'));
    const [template] = await this.dependencies.launchTemplates.ensureAll({
      nodeClass,
      claim: placeholderClaim(nodeClass),
      requirements: Requirements.empty,
      requests: {},
      instanceTypes: [instanceType],
      capacityType: CAPACITY_TYPE_ON_DEMAND,
      tenancy: dedicated ? 'dedicated' : 'default',
      placementGroup: this.dependencies.placementGroups.known(nodeClass),
    }, signal);
    return template as LaunchTemplate;
  }

  /** A type that the class's pools would launch, preferably an ordinary one. Looks at no more types than it must. */
  private chooseType(nodeClass: EC2NodeClass, pools: readonly NodePool[]): InstanceType {
    const types = this.dependencies.instanceTypes.list(nodeClass).filter(({ offerings }) => offerings.some(({ available }) => available));
    const amis = (nodeClass.status.amis ?? []).map(requirementsOf);
    const isLaunchable = (type: InstanceType): boolean => amis.some((ami) => requirementsOf(type).compatible(ami));
    const ofPools = windowsBuild(resolvedAMIFamily(nodeClass)) === undefined ? pools.map(poolRequirements) : [];
    const standard = Requirements.of(...variantRequirements('standard'));
    const preferences: ((type: InstanceType) => boolean)[] = [
      (type) => ofPools.some((pool) => pool.compatible(requirementsOf(type))),
      ({ name }) => FALLBACK_TYPES.includes(name),
      () => true,
    ];
    for (const isPreferred of preferences) {
      const candidate = (type: InstanceType): boolean => isPreferred(type) && isLaunchable(type);
      const chosen = types.find((type) => candidate(type) && requirementsOf(type).compatible(standard)) ?? types.find(candidate);
      if (chosen) return chosen;
    }
    throw new Error(`no instance type can be launched from the AMIs and subnets of EC2NodeClass "${nodeClass.metadata.name}" (architectures ${[...new Set(types.flatMap((type) => [...requirementsOf(type).get(ARCH_LABEL).values]))].join(', ')})`);
  }

  private fleetRequest(nodeClass: EC2NodeClass, { name, amiID, instanceTypes }: LaunchTemplate): CreateFleetCommandInput {
    const [instanceType] = instanceTypes;
    const Tags = tagList(launchTemplateTags(this.dependencies.settings, nodeClass, ''));
    return {
      DryRun: true,
      Type: 'instant',
      LaunchTemplateConfigs: [{
        LaunchTemplateSpecification: { LaunchTemplateName: name, Version: '$Latest' },
        Overrides: (nodeClass.status.subnets ?? []).map(({ id, zone }) => ({ InstanceType: instanceType?.name as NonNullable<RunInstancesCommandInput['InstanceType']>, SubnetId: id, ImageId: amiID, AvailabilityZone: zone })),
      }],
      TargetCapacitySpecification: { DefaultTargetCapacityType: 'on-demand', TotalTargetCapacity: 1 },
      OnDemandOptions: { AllocationStrategy: 'lowest-price' },
      TagSpecifications: (['instance', 'volume', 'fleet'] as const).map((ResourceType) => ({ ResourceType, Tags })),
    };
  }

  /** Undefined when it works in some subnet; else what the first subnet's try says. */
  private async tryRunInstances(nodeClass: EC2NodeClass, { name, instanceTypes }: LaunchTemplate, signal: AbortSignal | undefined): Promise<unknown> {
    const Tags = tagList(launchTemplateTags(this.dependencies.settings, nodeClass, ''));
    const interfaces = nodeClass.spec.networkInterfaces;
    let first: unknown;
    for (const { id: SubnetId } of nodeClass.status.subnets ?? []) {
      const error = await this.try(new RunInstancesCommand({
        DryRun: true,
        MinCount: 1,
        MaxCount: 1,
        LaunchTemplate: { LaunchTemplateName: name, Version: '$Latest' },
        InstanceType: instanceTypes[0]?.name as NonNullable<RunInstancesCommandInput['InstanceType']>,
        NetworkInterfaces: interfaces?.length
          ? interfaces.map(({ networkCardIndex, deviceIndex, interfaceType }) => ({ NetworkCardIndex: networkCardIndex, DeviceIndex: deviceIndex, InterfaceType: interfaceType, SubnetId }))
          : [{ DeviceIndex: 0, SubnetId }],
        TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({ ResourceType, Tags })),
      }), signal);
      if (error === undefined) return undefined;
      first ??= error;
    }
    return first;
  }

  /** Undefined when EC2 says that it would have worked. */
  private async try(command: CreateFleetCommand | RunInstancesCommand, signal: AbortSignal | undefined): Promise<unknown> {
    try {
      const { ec2WithoutRetries } = this.dependencies.clients;
      if (command instanceof CreateFleetCommand) await ec2WithoutRetries.send(command, abortable(signal));
      else await ec2WithoutRetries.send(command, abortable(signal));
      return undefined;
    } catch (error) {
      if (isDryRunSuccess(error)) return undefined;
      if (isThrottled(error) || isServerFault(error)) throw new ValidationPostponed({ cause: error });
      return error;
    }
  }
}

/** What the operator that may try launches has found out. */
function outcomeSoFar({ status: { conditions = [] } }: EC2NodeClass): ValidationOutcome {
  const { status = 'Unknown', reason = 'AwaitingReconciliation', message = 'nobody has tried a launch yet' } = conditions.find(({ type }) => type === 'ValidationSucceeded') ?? {};
  return status === 'True' ? { status } : { status, reason, message };
}

/** The outcome of a refused call. Throws errors that say nothing about permissions or the class. */
function unauthorized(operation: string, error: unknown): ValidationOutcome {
  const { reason, message } = launchFailure(errorText(error));
  if (reason === 'LaunchFailed') throw error;
  return unmet(`${operation}AuthCheckFailed`, `Controller isn't authorized to call ec2:${operation}: ${message}`);
}

function checkKubelet(nodeClass: EC2NodeClass): ValidationOutcome | undefined {
  const { kubelet } = nodeClass.spec;
  if (!kubelet) return undefined;
  const violations = kubeletViolations(kubelet);
  if (violations.length > 0) return unmet('InvalidKubeletConfiguration', violations.join('; '), true);
  const family = resolvedAMIFamily(nodeClass);
  const unsupported = unsupportedKubeletFields(kubelet, family);
  return unsupported.length > 0 ? unmet('UnsupportedKubeletConfiguration', `AMI family ${family} does not support kubelet fields: ${unsupported.join(', ')}`, true) : undefined;
}

function checkDependencies(nodeClass: EC2NodeClass): ValidationOutcome | undefined {
  const statuses = REQUIRED.map((type) => conditionOf(nodeClass, type)?.status ?? 'Unknown');
  if (statuses.every((status) => status === 'True')) return undefined;
  return { status: statuses.includes('False') ? 'False' : 'Unknown', reason: 'DependenciesNotReady', message: 'Awaiting AMI, Instance Profile, Security Group, and Subnet resolution' };
}

function checkTags({ spec: { tags } }: EC2NodeClass): ValidationOutcome | undefined {
  const restricted = restrictedTags(tags);
  return restricted.length > 0 ? unmet('TagValidationFailed', `spec.tags has keys that only Karpenter may set: ${restricted.join(', ')}`, true) : undefined;
}

const poolRequirements = ({ spec: { template } }: NodePool): Requirements =>
  Requirements.of(...(template.spec.requirements ?? [])).intersect(Requirements.fromLabels(template.metadata?.labels ?? {}));

/** The claim of a launch that is only tried: of no pool, with no wishes. */
const placeholderClaim = ({ metadata: { name } }: EC2NodeClass): Pick<NodeClaim, 'metadata' | 'spec'> => ({
  metadata: { name: '', uid: '', resourceVersion: '', creationTimestamp: '', labels: { [NODEPOOL_LABEL]: '' }, annotations: {} },
  spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name } },
});

function cacheKey({ metadata: { name, annotations }, spec, status: { subnets, securityGroups, amis, instanceProfile } }: EC2NodeClass): string {
  return `${name}:${createHash('sha256').update(sortedJSON([subnets, securityGroups, amis, instanceProfile, spec, annotations])).digest('base64')}`;
}
