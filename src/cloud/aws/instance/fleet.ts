import type { CreateFleetCommandInput, CreateFleetError, FleetLaunchTemplateConfigRequest, FleetLaunchTemplateOverridesRequest } from '@aws-sdk/client-ec2';
import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT } from '../../../api/labels.js';
import { LabelSet } from '../../../api/requirements.js';
import { InsufficientCapacity, LaunchError } from '../../errors.js';
import type { CloudError } from '../../errors.js';
import type { Offering } from '../../instance-type.js';
import { isSpotRoleMissing, isUnfulfillable, launchFailure } from '../errors.js';
import { AWS_LABELS } from '../instance-type/labels.js';
import { offeringCapacityType, offeringLabel, offeringZone } from '../instance-type/offering-labels.js';
import type { LaunchTemplate } from '../launch-template/provider.js';
import type { SubnetReservation } from '../subnet-provider.js';
import { tagList } from '../tags.js';
import type { Tags } from '../tags.js';
import { LaunchConstraints } from './filters.js';

export interface FleetInput {
  templates: readonly LaunchTemplate[];
  constraints: LaunchConstraints;
  capacityType: string;
  subnets: ReadonlyMap<string, SubnetReservation>;
  tags: Tags;
  clientToken?: string;
  /** EC2's opaque `Context`. */
  context?: string;
  /** Whether prices were overridden by an overlay, so that EC2 must follow ours. */
  pricesOverlaid?: boolean;
}

/** The fleet request for one instance (karpenter-aws §2.5). Throws {@link InsufficientCapacity} when there is nothing to ask for. */
export function fleetRequest(input: FleetInput): CreateFleetCommandInput {
  const { tags, clientToken, context } = input;
  const wanted = withinLimit(input.templates.map((template) => ({ template, Overrides: overrides(template, input) })));
  const configs = wanted.flatMap(({ template, Overrides }): FleetLaunchTemplateConfigRequest[] =>
    (Overrides.length === 0 ? [] : [{ LaunchTemplateSpecification: { LaunchTemplateName: template.name, Version: '$Latest' }, Overrides }]));
  if (configs.length === 0) throw new InsufficientCapacity('no capacity offerings are currently available given the constraints');
  const Tags = tagList(tags);
  return {
    Type: 'instant',
    ...(clientToken === undefined ? {} : { ClientToken: clientToken }),
    ...(context ? { Context: context } : {}),
    LaunchTemplateConfigs: configs,
    TargetCapacitySpecification: { DefaultTargetCapacityType: targetCapacityType(input), TotalTargetCapacity: 1 },
    TagSpecifications: (['instance', 'volume', 'fleet'] as const).map((ResourceType) => ({ ResourceType, Tags })),
    ...allocation(input),
  };
}

interface TemplateOverrides {
  template: LaunchTemplate;
  Overrides: FleetLaunchTemplateOverridesRequest[];
}

/** EC2 refuses fleets with more overrides. */
const MAX_OVERRIDES = 300;

/** The cheapest overrides, if there are too many. */
function withinLimit(wanted: readonly TemplateOverrides[]): readonly TemplateOverrides[] {
  const prices = wanted.flatMap(({ Overrides }) => Overrides.map(({ Priority = 0 }) => Priority)).sort((a, b) => a - b);
  if (prices.length <= MAX_OVERRIDES) return wanted;
  const highest = prices[MAX_OVERRIDES - 1] as number;
  let room = MAX_OVERRIDES;
  return wanted.map(({ template, Overrides }) => ({ template, Overrides: Overrides.filter(({ Priority = 0 }) => Priority <= highest && room-- > 0) }));
}

/** Every pair of type and zone once, with its price. */
function overrides({ amiID, instanceTypes, reservationID }: LaunchTemplate, { constraints, capacityType, subnets }: FleetInput): FleetLaunchTemplateOverridesRequest[] {
  const ofCapacityType = new LaunchConstraints(constraints.requirements.with(CAPACITY_TYPE_LABEL, LabelSet.of('In', [capacityType])), constraints.requests);
  const found = new Map<string, FleetLaunchTemplateOverridesRequest>();
  for (const { name, offerings } of instanceTypes) {
    for (const offering of offerings) {
      const zone = offeringZone(offering);
      const subnet = subnets.get(zone)?.subnet.id;
      if (subnet === undefined || !ofCapacityType.takes(offering)) continue;
      if (reservationID !== undefined && offeringLabel(offering, AWS_LABELS.reservationID) !== reservationID) continue;
      found.set(`${name}/${zone}`, {
        InstanceType: name as NonNullable<FleetLaunchTemplateOverridesRequest['InstanceType']>, SubnetId: subnet, ImageId: amiID, AvailabilityZone: zone, Priority: offering.price,
      });
    }
  }
  return [...found.values()];
}

type FleetOptions = Pick<CreateFleetCommandInput, 'SpotOptions' | 'OnDemandOptions' | 'ReservedCapacityOptions'>;

/** The offering that a reserved launch is about; all of one launch are of one kind. */
function reservedOffering({ templates, constraints }: FleetInput): Offering | undefined {
  for (const { instanceTypes } of templates) {
    for (const { offerings } of instanceTypes) for (const offering of offerings) if (offeringCapacityType(offering) === CAPACITY_TYPE_RESERVED && constraints.takes(offering)) return offering;
  }
  return undefined;
}

const isBlock = (offering: Offering | undefined): boolean => offering !== undefined && offeringLabel(offering, AWS_LABELS.reservationType) === 'capacity-block';
const isInterruptible = (offering: Offering | undefined): boolean => offering !== undefined && offeringLabel(offering, AWS_LABELS.reservationInterruptible) === 'true';

function targetCapacityType(input: FleetInput): 'spot' | 'on-demand' | 'capacity-block' | 'reserved-capacity' {
  if (input.capacityType === CAPACITY_TYPE_SPOT) return 'spot';
  const reserved = input.capacityType === CAPACITY_TYPE_RESERVED ? reservedOffering(input) : undefined;
  if (isBlock(reserved)) return 'capacity-block';
  return isInterruptible(reserved) ? 'reserved-capacity' : 'on-demand';
}

function allocation(input: FleetInput): FleetOptions {
  const { pricesOverlaid = false } = input;
  switch (targetCapacityType(input)) {
    case 'spot':
      return { SpotOptions: { AllocationStrategy: pricesOverlaid ? 'capacity-optimized-prioritized' : 'price-capacity-optimized' } };
    case 'capacity-block':
      return {};
    case 'reserved-capacity':
      return { ReservedCapacityOptions: { ReservationTypes: ['interruptible-capacity-reservation'] } };
    case 'on-demand':
      return { OnDemandOptions: { AllocationStrategy: pricesOverlaid ? 'prioritized' : 'lowest-price' } };
  }
}

/** The error of a fleet that launched nothing: out of capacity only if every part of it says so. */
export function fleetFailure(errors: readonly CreateFleetError[]): CloudError {
  const texts = [...new Set(errors.map(({ ErrorCode = 'UnknownError', ErrorMessage = '' }) => `${ErrorCode}: ${ErrorMessage}`))];
  if (errors.length === 0) return new LaunchError('LaunchFailed', 'the fleet returned neither an instance nor an error');
  const message = `with fleet error(s), ${texts.join('; ')}`;
  if (errors.every(({ ErrorCode }) => isUnfulfillable(ErrorCode) || isSpotRoleMissing(ErrorCode))) return new InsufficientCapacity(message);
  const { reason, message: explanation } = launchFailure(texts.join('; '));
  return new LaunchError(reason, `${explanation}: ${texts.join('; ')}`);
}
