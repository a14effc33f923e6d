import { CreateFleetCommand, CreateTagsCommand, paginateDescribeInstances, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { CreateFleetCommandInput, CreateFleetCommandOutput, CreateFleetError, Filter } from '@aws-sdk/client-ec2';
import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import {
  CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, MIN_VALUES_RELAXED_ANNOTATION, NODECLASS_LABEL, NODEPOOL_LABEL,
} from '../../../api/labels.js';
import type { NodeClaim } from '../../../api/nodeclaim.js';
import { Requirements } from '../../../api/requirements.js';
import { parseResources } from '../../../api/resources.js';
import type { Clock } from '../../../operator/clock.js';
import { CloudError, InsufficientCapacity, LaunchError } from '../../errors.js';
import type { InstanceType } from '../../instance-type.js';
import { Batcher } from '../batcher.js';
import type { BatcherOptions } from '../batcher.js';
import type { CapacityReservationProvider } from '../capacity-reservation-provider.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import { errorText, isLaunchTemplateNotFound, isNotFound, isSpotRoleMissing, isSpreadGroupFull, isSubnetExhausted, isTokenReused, isUnfulfillable, launchFailure } from '../errors.js';
import { ExpiringCache } from '../expiring-cache.js';
import { AWS_LABELS, AWS_RESOURCES } from '../instance-type/labels.js';
import { offeringLabel, offeringZone } from '../instance-type/offering-labels.js';
import { requestedPartition } from '../launch-template/provider.js';
import type { LaunchTemplate, LaunchTemplateProvider } from '../launch-template/provider.js';
import type { PlacementGroup, PlacementGroupProvider } from '../placement-group-provider.js';
import type { EventPublisher } from '../ports.js';
import type { AwsSettings } from '../settings.js';
import type { SubnetProvider, SubnetReservation } from '../subnet-provider.js';
import { CLUSTER_NAME_TAG, instanceTags, NODECLAIM_UID_TAG, tagList } from '../tags.js';
import type { Tags } from '../tags.js';
import type { UnavailableOfferings } from '../unavailable-offerings.js';
import { cheapestTypes, filterInstanceTypes, LaunchConstraints, missingMinValues } from './filters.js';
import { fleetFailure, fleetRequest } from './fleet.js';
import { isTerminating, LIVE_STATES, toInstance } from './instance.js';
import type { Instance } from './instance.js';

/** EC2 takes at most this many types a fleet request sensibly; the cheapest are tried. */
const MAX_INSTANCE_TYPES = 60;
/** With fewer types left, an on-demand launch that could have been spot is not flexible enough to be worth calling so. */
const FLEXIBLE_TYPES = 5;
/** How long a launch whose token was used before is looked for, before it counts as one that launched nothing. */
const DOUBT = 60_000;
const STATE_FILTER: Filter = { Name: 'instance-state-name', Values: LIVE_STATES };

/** Counts for metrics, and warnings for the log. */
export interface InstanceObserver {
  launchFailure?(failure: { zone: string; zoneID: string; capacityType: string; reason: string }): void;
  terminationFailure?(failure: { instanceID: string; zone: string; zoneID: string }): void;
  batch?: NonNullable<BatcherOptions<unknown, unknown>['observe']>;
  warn?(message: string, fields: Record<string, unknown>): void;
}

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

export interface InstanceProviderDependencies {
  clients: Pick<AwsClients, 'ec2'>;
  settings: AwsSettings;
  clock: Clock;
  subnets: SubnetProvider;
  launchTemplates: LaunchTemplateProvider;
  unavailable: UnavailableOfferings;
  reservations: CapacityReservationProvider;
  placementGroups: PlacementGroupProvider;
  events: EventPublisher;
  observer?: InstanceObserver;
}

/** Launches, finds, tags and terminates instances. */
export class InstanceProvider {
  /** What {@link list} and {@link get} last saw, by id. */
  private readonly known = new Map<string, Instance>();
  private readonly attempts: ExpiringCache<Attempt>;
  private readonly describing: Batcher<string, Instance | 'none'>;
  private readonly terminating: Batcher<string, 'terminating' | 'gone'>;

  constructor(private readonly dependencies: InstanceProviderDependencies) {
    const { clock, observer } = dependencies;
    const shared = { idle: 100, max: 1_000, maxItems: 500, bucket: () => '', ...(observer?.batch ? { observe: observer.batch } : {}) };
    this.attempts = new ExpiringCache(clock, { ttl: 3_600_000 });
    this.describing = new Batcher(clock, { name: 'describe_instances', ...shared, execute: (ids) => this.describeBatch(ids) });
    this.terminating = new Batcher(clock, { name: 'terminate_instances', ...shared, execute: (ids) => this.terminateBatch(ids) });
  }

  /**
   * Launches one instance for the claim, from the types given. At most one, however often it is called with the same token:
   * see docs/decisions on exactly-once launches. Throws a CloudError.
   */
  async create(nodeClass: EC2NodeClass, claim: NodeClaim, instanceTypes: readonly InstanceType[], clientToken: string, signal?: AbortSignal): Promise<Instance> {
    const launch = this.plan(nodeClass, claim, instanceTypes);
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

  /** As EC2 sees it now; undefined when it does not exist or is terminated. Calls at the same time share a request. */
  async get(id: string): Promise<Instance | undefined> {
    const found = await this.describing.add(id);
    if (found === 'none') {
      this.known.delete(id);
      return undefined;
    }
    this.known.set(id, found);
    return found;
  }

  /** As last seen, or as EC2 sees it now when it never was. */
  async getCached(id: string): Promise<Instance | undefined> {
    return this.known.get(id) ?? (await this.get(id));
  }

  /** Every live instance that Karpenter launched for this cluster. */
  async list(signal?: AbortSignal): Promise<Instance[]> {
    const found = await this.describe({
      Filters: [
        { Name: 'tag-key', Values: [NODEPOOL_LABEL] },
        { Name: 'tag-key', Values: [NODECLASS_LABEL] },
        { Name: `tag:${CLUSTER_NAME_TAG}`, Values: [this.dependencies.settings.clusterName] },
        STATE_FILTER,
      ],
    }, signal);
    this.known.clear();
    for (const instance of found) this.known.set(instance.id, instance);
    return found;
  }

  /** Asks for termination; `gone` once the instance does not exist or is terminated. */
  async delete(id: string): Promise<'terminating' | 'gone'> {
    const instance = await this.get(id);
    if (instance === undefined) return 'gone';
    if (isTerminating(instance)) return 'terminating';
    try {
      return await this.terminating.add(id);
    } catch (error) {
      this.dependencies.observer?.terminationFailure?.({ instanceID: id, zone: instance.zone, zoneID: instance.zoneID ?? '' });
      throw error;
    }
  }

  /** Asks for termination of whatever was launched for a claim whose launch was not seen to end. */
  async deleteLaunchedFor(claimUID: string, signal?: AbortSignal): Promise<'terminating' | 'gone'> {
    const outcomes = await Promise.all((await this.launchedFor(claimUID, signal)).map(({ id }) => this.delete(id)));
    return outcomes.includes('terminating') ? 'terminating' : 'gone';
  }

  /** Adds tags to an instance. No error when it does not exist (any more): `gone`. */
  async createTags(id: string, tags: Tags, signal?: AbortSignal): Promise<'tagged' | 'gone'> {
    try {
      await this.dependencies.clients.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }), abortable(signal));
    } catch (error) {
      if (isNotFound(error)) return 'gone';
      throw error;
    }
    const known = this.known.get(id);
    if (known) this.known.set(id, { ...known, tags: { ...known.tags, ...tags } });
    return 'tagged';
  }

  private plan(nodeClass: EC2NodeClass, claim: NodeClaim, instanceTypes: readonly InstanceType[]): Launch {
    const requirements = Requirements.of(...claim.spec.requirements);
    const constraints = new LaunchConstraints(requirements, parseResources(claim.spec.resources?.requests));
    const wanted = requirements.get('node.kubernetes.io/instance-type');
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
        ...(claim.metadata.annotations['karpenter.sh/price-overlay-applied'] === 'true' ? { pricesOverlaid: true } : {}),
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

  /** The instance of an attempt whose answer never arrived, found by its tag. */
  private async adopt({ claim }: Launch, signal: AbortSignal | undefined): Promise<Instance> {
    const { clock } = this.dependencies;
    const instance = (await this.launchedFor(claim.metadata.uid, signal)).find((candidate) => !isTerminating(candidate));
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

  /** Live instances with the claim's tag: at most one, if all goes well. */
  private launchedFor(claimUID: string, signal: AbortSignal | undefined): Promise<Instance[]> {
    return this.describe({
      Filters: [
        { Name: `tag:${NODECLAIM_UID_TAG}`, Values: [claimUID] },
        { Name: `tag:${CLUSTER_NAME_TAG}`, Values: [this.dependencies.settings.clusterName] },
        STATE_FILTER,
      ],
    }, signal);
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

  private async describe(input: { Filters: Filter[]; InstanceIds?: string[] }, signal?: AbortSignal): Promise<Instance[]> {
    const { clients: { ec2 }, settings } = this.dependencies;
    const found: Instance[] = [];
    // EC2 refuses a page size together with ids.
    const pageSize = input.InstanceIds ? {} : { pageSize: 1000 };
    for await (const page of paginateDescribeInstances({ client: ec2, ...pageSize }, input, abortable(signal))) {
      for (const reservation of page.Reservations ?? []) for (const instance of reservation.Instances ?? []) found.push(toInstance(instance, settings.reservedCapacity));
    }
    return found;
  }

  /** One id that EC2 does not know fails the whole call: then each is asked for by itself. */
  private async describeBatch(ids: readonly string[]): Promise<(Instance | 'none' | Error)[]> {
    const unique = [...new Set(ids)];
    const found = new Map<string, Instance | 'none' | Error>();
    try {
      for (const instance of await this.describe({ InstanceIds: unique, Filters: [STATE_FILTER] })) found.set(instance.id, instance);
    } catch (error) {
      if (unique.length === 1) found.set(unique[0] as string, isNotFound(error) ? 'none' : asError(error));
    }
    await Promise.all(unique.filter((id) => !found.has(id)).map(async (id) => {
      if (unique.length === 1) {
        found.set(id, 'none');
        return;
      }
      try {
        found.set(id, (await this.describe({ InstanceIds: [id], Filters: [STATE_FILTER] }))[0] ?? 'none');
      } catch (error) {
        found.set(id, isNotFound(error) ? 'none' : asError(error));
      }
    }));
    return ids.map((id) => found.get(id) as Instance | 'none' | Error);
  }

  private async terminateBatch(ids: readonly string[]): Promise<('terminating' | 'gone' | Error)[]> {
    const unique = [...new Set(ids)];
    const outcomes = new Map<string, 'terminating' | 'gone' | Error>();
    try {
      for (const id of await this.terminate(unique)) outcomes.set(id, 'terminating');
    } catch (error) {
      if (unique.length === 1) outcomes.set(unique[0] as string, isNotFound(error) ? 'gone' : asError(error));
    }
    await Promise.all(unique.filter((id) => !outcomes.has(id)).map(async (id) => {
      try {
        const terminated = await this.terminate([id]);
        outcomes.set(id, terminated.includes(id) ? 'terminating' : new Error(`ec2:TerminateInstances did not terminate ${id}`));
      } catch (error) {
        outcomes.set(id, isNotFound(error) ? 'gone' : asError(error));
      }
    }));
    return ids.map((id) => outcomes.get(id) as 'terminating' | 'gone' | Error);
  }

  private async terminate(ids: string[]): Promise<string[]> {
    const { TerminatingInstances = [] } = await this.dependencies.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    return TerminatingInstances.flatMap(({ InstanceId, CurrentState }) =>
      InstanceId !== undefined && (CurrentState?.Name === 'shutting-down' || CurrentState?.Name === 'terminated') ? [InstanceId] : []);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

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
    if (instanceTypes.some(({ offerings }) => offerings.some((offering) => offeringLabel(offering, 'karpenter.sh/capacity-type') === capacityType && constraints.takes(offering)))) return capacityType;
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

