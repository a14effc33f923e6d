import { CreateFleetCommand } from '../aws-sdk.js';
import type { CreateFleetCommandInput, CreateFleetCommandOutput, CreateFleetError } from '@aws-sdk/client-ec2';
import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import {
  CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, INSTANCE_TYPE_LABEL, MIN_VALUES_RELAXED_ANNOTATION, PRICE_OVERLAY_ANNOTATION,
} from '../../../api/labels.js';
import type { NodeClaim } from '../../../api/nodeclaim.js';
import { Requirements } from '../../../api/requirements.js';
import { parseResources } from '../../../api/resources.js';
import type { Clock } from '../../../operator/clock.js';
import { CloudError, InsufficientCapacity, LaunchError } from '../../errors.js';
import type { InstanceType } from '../../instance-type.js';
import type { CapacityReservationProvider } from '../capacity-reservation-provider.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import { errorText, isLaunchTemplateNotFound, isSpotRoleMissing, isSpreadGroupFull, isSubnetExhausted, isTokenReused, isUnfulfillable, launchFailure } from '../errors.js';
import { ExpiringCache } from '../expiring-cache.js';
import { AWS_LABELS, AWS_RESOURCES } from '../instance-type/labels.js';
import { offeringLabel, offeringZone } from '../instance-type/offering-labels.js';
import { requestedPartition } from '../launch-template/groups.js';
import type { LaunchTemplate, LaunchTemplateProvider } from '../launch-template/provider.js';
import type { PlacementGroup, PlacementGroupProvider } from '../placement-group-provider.js';
import type { EventPublisher } from '../ports.js';
import type { AwsSettings } from '../settings.js';
import type { SubnetProvider, SubnetReservation } from '../subnet-provider.js';
import { instanceTags } from '../tags.js';
import type { Tags } from '../tags.js';
import type { UnavailableOfferings } from '../unavailable-offerings.js';
import { cheapestTypes, filterInstanceTypes, LaunchConstraints, missingMinValues } from './filters.js';
import { fleetFailure, fleetRequest } from './fleet.js';
import { isTerminating } from './instance.js';
import type { Instance } from './instance.js';
import type { InstanceObserver, InstanceProvider } from './provider.js';

/** EC2 takes at most this many types a fleet request sensibly; the cheapest are tried. */
const MAX_INSTANCE_TYPES = 60;
/** With fewer types left, an on-demand launch that could have been spot is not flexible enough to be worth calling so. */
const FLEXIBLE_TYPES = 5;
/** How long a launch whose token was used before is looked for, before it counts as one that launched nothing. */
const DOUBT = 60_000;

/** Where a claim's launch stands, until it has an instance. */
interface Attempt {
  /** How many fleets are known to have launched nothing for the claim: each needs a token of its own. */
  number: number;
  /** Since when a token is refused without its instance being seen. */
  inDoubtSince?: number;
}

interface Launch {
  nodeClass: EC2NodeClass;
  claim: NodeClaim;
  constraints: LaunchConstraints;
  instanceTypes: readonly InstanceType[];
  capacityType: string;
  tenancy: string;
  placementGroup: PlacementGroup | undefined;
  tags: Tags;
}

export interface InstanceLauncherDependencies {
  clients: Pick<AwsClients, 'ec2'>;
  settings: AwsSettings;
  clock: Clock;
  instances: InstanceProvider;
  subnets: SubnetProvider;
  launchTemplates: LaunchTemplateProvider;
  unavailable: UnavailableOfferings;
  reservations: CapacityReservationProvider;
  placementGroups: PlacementGroupProvider;
  events: EventPublisher;
  observer?: InstanceObserver;
}

/** Launches instances, at most one a claim. */
export class InstanceLauncher {
  private readonly attempts: ExpiringCache<Attempt>;

  constructor(private readonly dependencies: InstanceLauncherDependencies) {
    this.attempts = new ExpiringCache(dependencies.clock, { ttl: 3_600_000 });
  }

  /**
   * Launches one instance for the claim, from the types given. At most one, however often it is called with the same token:
   * see docs/decisions on exactly-once launches. Throws a CloudError.
   */
  async create(nodeClass: EC2NodeClass, claim: NodeClaim, instanceTypes: readonly InstanceType[], clientToken: string, signal?: AbortSignal): Promise<Instance> {
    let launch: Launch;
    try {
      launch = this.plan(nodeClass, claim, instanceTypes);
    } catch (error) {
      // There is nothing to be had now; but an earlier attempt whose answer was lost may have had it.
      const earlier = await this.running(claim, signal);
      if (earlier) return earlier;
      throw error;
    }
    try {
      return await this.launch(launch, clientToken, signal);
    } catch (error) {
      if (!isLaunchTemplateNotFound(error)) throw asLaunchError(error);
    }
    try {
      return await this.launch(launch, clientToken, signal);
    } catch (error) {
      throw asLaunchError(error);
    }
  }

  private plan(nodeClass: EC2NodeClass, claim: NodeClaim, instanceTypes: readonly InstanceType[]): Launch {
    const requirements = Requirements.of(...claim.spec.requirements);
    const constraints = new LaunchConstraints(requirements, parseResources(claim.spec.resources?.requests));
    const wanted = requirements.get(INSTANCE_TYPE_LABEL);
    const candidates = wanted.complement ? instanceTypes : instanceTypes.filter(({ name }) => wanted.values.has(name));
    const filtered = filterInstanceTypes(candidates, constraints);
    if ('emptiedBy' in filtered) throw new InsufficientCapacity(`all requested instance types were unavailable during launch (none passed filter "${filtered.emptiedBy}")`);
    const chosen = cheapestTypes(filtered, constraints, MAX_INSTANCE_TYPES);
    const relaxed = claim.metadata.annotations[MIN_VALUES_RELAXED_ANNOTATION] === 'true';
    const missing = relaxed ? undefined : missingMinValues(chosen, requirements);
    if (missing) throw new InsufficientCapacity(`of the ${MAX_INSTANCE_TYPES} cheapest available types only ${missing.found} values of ${missing.key} remain, minValues asks for ${missing.set.minValues}`);
    const capacityType = chooseCapacityType(chosen, constraints);
    if (capacityType === CAPACITY_TYPE_ON_DEMAND && constraints.allowsCapacityType(CAPACITY_TYPE_SPOT) && chosen.length < FLEXIBLE_TYPES) {
      this.dependencies.observer?.warn?.('at least 5 instance types are recommended when flexible to spot but requesting on-demand', { nodeclaim: claim.metadata.name, 'instance-type-count': chosen.length });
    }
    return {
      nodeClass, claim, constraints, instanceTypes: chosen, capacityType,
      tenancy: chooseTenancy(requirements),
      placementGroup: this.dependencies.placementGroups.known(nodeClass),
      tags: instanceTags(this.dependencies.settings, nodeClass, claim),
    };
  }

  private async launch(launch: Launch, clientToken: string, signal: AbortSignal | undefined): Promise<Instance> {
    const { subnets, launchTemplates } = this.dependencies;
    const { nodeClass, claim, constraints, instanceTypes, capacityType, tenancy, placementGroup } = launch;
    const templates = await launchTemplates.ensureAll(
      { nodeClass, claim, instanceTypes, capacityType, tenancy, placementGroup, requirements: constraints.requirements, requests: constraints.requests }, signal);
    const reserved = subnets.reserve(nodeClass, instanceTypes, capacityType);
    let used: ReadonlySet<string> = new Set();
    try {
      const request = fleetRequest({
        templates, constraints, capacityType, subnets: reserved, tags: launch.tags, clientToken: this.token(claim, clientToken),
        ...(nodeClass.spec.context && claim.metadata.annotations[MIN_VALUES_RELAXED_ANNOTATION] !== 'true' ? { context: nodeClass.spec.context } : {}),
        pricesOverlaid: claim.metadata.annotations[PRICE_OVERLAY_ANNOTATION] === 'true' || instanceTypes.some(({ offerings }) => offerings.some(({ priceOverlaid }) => priceOverlaid)),
      });
      const instance = await this.createFleet(launch, request, templates, reserved, signal);
      used = new Set([instance.subnetID]);
      return instance;
    } finally {
      subnets.release(reserved, used);
    }
  }

  private async createFleet(
    launch: Launch,
    request: CreateFleetCommandInput,
    templates: readonly LaunchTemplate[],
    reserved: ReadonlyMap<string, SubnetReservation>,
    signal: AbortSignal | undefined,
  ): Promise<Instance> {
    let output: CreateFleetCommandOutput;
    try {
      output = await this.dependencies.clients.ec2.send(new CreateFleetCommand(request), abortable(signal));
    } catch (error) {
      if (isTokenReused(error)) return this.adopt(launch, signal);
      if (isLaunchTemplateNotFound(error)) for (const { name } of templates) this.dependencies.launchTemplates.invalidate(name);
      throw error;
    }
    this.learn(launch, output.Errors ?? []);
    const instance = this.fromFleet(launch, output, reserved);
    if (instance === undefined) {
      this.attempts.set(launch.claim.metadata.uid, { number: this.attempt(launch.claim).number + 1 });
      throw fleetFailure(output.Errors ?? []);
    }
    this.attempts.delete(launch.claim.metadata.uid);
    return instance;
  }

  private attempt(claim: NodeClaim): Attempt {
    return this.attempts.get(claim.metadata.uid) ?? { number: 0 };
  }

  /** EC2 remembers a token for its first answer, failures included: a fleet that is known to have failed needs the next token. */
  private token(claim: NodeClaim, clientToken: string): string {
    const { number } = this.attempt(claim);
    return (number === 0 ? clientToken : `${clientToken}-${number}`).slice(-64);
  }

  /** The instance of an attempt whose answer never arrived. Throws a LaunchError while it is not visible. */
  private async adopt({ claim }: Launch, signal: AbortSignal | undefined): Promise<Instance> {
    const { clock } = this.dependencies;
    const instance = await this.running(claim, signal);
    if (instance) {
      this.attempts.delete(claim.metadata.uid);
      return instance;
    }
    const attempt = this.attempt(claim);
    const since = attempt.inDoubtSince ?? clock.now();
    const over = clock.now() - since >= DOUBT;
    this.attempts.set(claim.metadata.uid, over ? { number: attempt.number + 1 } : { ...attempt, inDoubtSince: since });
    throw new LaunchError('LaunchInDoubt', 'an earlier attempt used the same client token, and its instance is not visible yet');
  }

  /** What an earlier attempt launched for the claim, found by its tag. */
  private async running({ metadata: { uid } }: NodeClaim, signal: AbortSignal | undefined): Promise<Instance | undefined> {
    return (await this.dependencies.instances.launchedFor(uid, signal)).find((candidate) => !isTerminating(candidate));
  }

  /** Remembers what EC2 had no capacity for. */
  private learn({ nodeClass, instanceTypes, capacityType, constraints, placementGroup, claim }: Launch, errors: readonly CreateFleetError[]): void {
    const { unavailable, reservations, subnets, observer, events } = this.dependencies;
    const partition = placementGroup && requestedPartition(constraints.requirements);
    const scope = placementGroup ? { placementGroup: placementGroup.id, ...(partition ? { partition } : {}) } : {};
    for (const { ErrorCode, ErrorMessage, LaunchTemplateAndOverrides } of errors) {
      const { InstanceType: instanceType, AvailabilityZone: zone, SubnetId } = LaunchTemplateAndOverrides?.Overrides ?? {};
      const zoneID = nodeClass.status.subnets?.find((subnet) => subnet.zone === zone)?.zoneID ?? '';
      observer?.launchFailure?.({ zone: zone ?? '', zoneID, capacityType, reason: launchFailure(`${ErrorCode}: ${ErrorMessage}`).reason });
      if (isSubnetExhausted(ErrorCode) && SubnetId) {
        unavailable.markSubnetUnavailable(SubnetId);
        subnets.markExhausted(SubnetId);
      }
      if (isSpotRoleMissing(ErrorCode)) {
        unavailable.markCapacityTypeUnavailable(CAPACITY_TYPE_SPOT);
        events.publish({ object: claim, type: 'Warning', reason: 'SpotServiceLinkedRoleCreationFailure', message: 'Attempted to launch a spot instance but failed due to "AuthFailure.ServiceLinkedRoleCreationNotPermitted"' });
      }
      if (!isUnfulfillable(ErrorCode) || instanceType === undefined || zone === undefined) continue;
      if (capacityType === CAPACITY_TYPE_RESERVED) {
        for (const id of reservationIDs(instanceTypes, instanceType, zone)) reservations.markUnavailable(id);
      } else if (placementGroup && isSpreadGroupFull(ErrorMessage)) {
        for (const { name } of instanceTypes) unavailable.markUnavailable({ capacityType, instanceType: name, zone, ...scope });
      } else {
        unavailable.markUnavailable({ capacityType, instanceType, zone, ...scope });
      }
    }
  }

  /** The launched instance, made up from the fleet's answer: EC2 may not show it yet. */
  private fromFleet(launch: Launch, output: CreateFleetCommandOutput, reserved: ReadonlyMap<string, SubnetReservation>): Instance | undefined {
    const [fleetInstance] = output.Instances ?? [];
    const id = fleetInstance?.InstanceIds?.[0];
    if (fleetInstance === undefined || id === undefined) return undefined;
    const { constraints, nodeClass, instanceTypes, capacityType, placementGroup } = launch;
    const override = fleetInstance.LaunchTemplateAndOverrides?.Overrides ?? {};
    const type = fleetInstance.InstanceType ?? override.InstanceType ?? '';
    const zone = override.AvailabilityZone ?? '';
    const instanceType = instanceTypes.find(({ name }) => name === type);
    const wantsEFA = (constraints.requests[AWS_RESOURCES.efa] ?? 0) > 0 || (nodeClass.spec.networkInterfaces?.length ?? 0) > 0;
    const offering = capacityType === CAPACITY_TYPE_RESERVED ? instanceType?.offerings.find((candidate) => offeringZone(candidate) === zone && constraints.takes(candidate)) : undefined;
    const partition = placementGroup && requestedPartition(constraints.requirements);
    return {
      id, type, zone,
      imageID: override.ImageId ?? '',
      state: 'pending',
      launchTime: this.dependencies.clock.now(),
      capacityType,
      tenancy: launch.tenancy,
      subnetID: override.SubnetId ?? reserved.get(zone)?.subnet.id ?? '',
      securityGroupIDs: [],
      tags: launch.tags,
      efaCount: wantsEFA ? (instanceType?.capacity[AWS_RESOURCES.efa] ?? 0) : 0,
      ...(offering ? {
        reservation: {
          id: offeringLabel(offering, AWS_LABELS.reservationID) ?? '',
          type: offeringLabel(offering, AWS_LABELS.reservationType) ?? 'default',
          interruptible: offeringLabel(offering, AWS_LABELS.reservationInterruptible) === 'true',
        },
      } : {}),
      ...(placementGroup ? { placementGroupID: placementGroup.id } : {}),
      ...(partition ? { partition } : {}),
    };
  }
}

/** A CloudError as it is; what EC2 said with the reason that it stands for. */
function asLaunchError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  const text = errorText(error);
  const { reason, message } = launchFailure(text);
  return new LaunchError(reason, `${message}: ${text}`, { cause: error });
}

/** Reserved before spot before on-demand, whichever the claim takes and can have. */
function chooseCapacityType(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): string {
  for (const capacityType of [CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT]) {
    if (!constraints.allowsCapacityType(capacityType)) continue;
    if (instanceTypes.some(({ offerings }) => offerings.some((offering) => offeringLabel(offering, CAPACITY_TYPE_LABEL) === capacityType && constraints.takes(offering)))) return capacityType;
  }
  return CAPACITY_TYPE_ON_DEMAND;
}

function chooseTenancy(requirements: Requirements): string {
  const tenancy = requirements.get(AWS_LABELS.tenancy);
  return !tenancy.has('default') && tenancy.has('dedicated') ? 'dedicated' : 'default';
}

const reservationIDs = (instanceTypes: readonly InstanceType[], name: string, zone: string): string[] =>
  instanceTypes.filter((instanceType) => instanceType.name === name).flatMap(({ offerings }) =>
    offerings.filter((offering) => offeringZone(offering) === zone).flatMap((offering) => offeringLabel(offering, AWS_LABELS.reservationID) ?? []));

