import type { Account } from '../account/account.js';
import { resourceId } from '../account/identifiers.js';
import type { Instance } from '../account/instance.js';
import { launch, planLaunch, remainingDepth, type LaunchContext, type LaunchPlan } from '../account/launch.js';
import { mergeLaunchSpecifications, readLaunchSpecification } from '../account/launch-specification.js';
import type { LaunchTemplate, LaunchTemplateVersion } from '../account/launch-templates.js';
import { specifiedTags, type Tags } from '../account/tags.js';
import type { CapacityType } from '../faults.js';
import { AwsError, invalidParameter } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';
import type { Operation } from '../protocol/query-service.js';
import type { XmlObject } from '../protocol/xml.js';
import { endDryRun } from './operation.js';

const MOST_OVERRIDES = 300;
const TAGGABLE = ['fleet', 'instance', 'launch-template', 'network-interface', 'spot-instances-request', 'volume'];

/** One way to fulfil the fleet: a launch template's version under one of its overrides. */
interface Candidate {
  readonly template: LaunchTemplate;
  readonly version: LaunchTemplateVersion;
  readonly override: Parameters;
}

/** A candidate that passed every check but capacity. */
interface Pool extends Candidate {
  readonly plan: LaunchPlan;
  readonly priority: number;
}

interface Failure {
  readonly candidate: Candidate;
  readonly lifecycle: CapacityType;
  readonly error: AwsError;
}

/** Launches now, and answers with what it got and why it did not get more. Only fleets of type `instant`. */
export const CreateFleet: Operation = (input, account) => {
  const earlier = account.idempotency.recall('CreateFleet', input);
  if (earlier) return earlier;
  const type = input.text('Type') ?? 'maintain';
  if (type !== 'instant') throw new AwsError('UnsupportedOperation', `Fleets of type ${type} are not supported here; use instant`);
  refuseUnsupported(input);
  for (const specification of input.list('TagSpecification')) {
    const resourceType = specification.required('ResourceType');
    if (!TAGGABLE.includes(resourceType)) {
      throw new AwsError(
        'InvalidParameterValue',
        `'${resourceType}' is not a valid taggable resource type for this operation; use ${TAGGABLE.join(', ')}.`,
      );
    }
  }
  const demands = readDemands(input);
  const candidates = readCandidates(input, account);
  const tags = { instance: specifiedTags(input, 'instance'), volume: specifiedTags(input, 'volume') };
  endDryRun(input);

  const fleetId = `fleet-${account.random.uuid()}`;
  const launched: { pool: Pool; instances: Instance[] }[] = [];
  const failures: Failure[] = [];
  for (const { lifecycle, count, strategy } of demands) {
    const pools = candidates.flatMap((candidate): Pool[] => {
      try {
        return [admit(candidate, lifecycle, account)];
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        failures.push({ candidate, lifecycle, error });
        return [];
      }
    });
    let missing = count;
    for (const pool of inOrder(pools, strategy, count, account)) {
      const instances: Instance[] = [];
      try {
        while (instances.length < missing) instances.push(launch(pool.plan, contextOf(pool, fleetId, input, tags, account), account));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        failures.push({ candidate: pool, lifecycle, error });
      }
      if (instances.length > 0) launched.push({ pool, instances });
      missing -= instances.length;
      if (missing === 0) break;
    }
  }

  const answer = {
    fleetId,
    errorSet: failures.map(({ candidate, lifecycle, error }) => ({
      launchTemplateAndOverrides: describeCandidate(candidate), lifecycle, errorCode: error.reason, errorMessage: error.message,
    })),
    fleetInstanceSet: launched.map(({ pool, instances }) => ({
      launchTemplateAndOverrides: describeCandidate(pool), lifecycle: pool.plan.lifecycle,
      instanceIds: instances.map((instance) => instance.id), instanceType: pool.plan.type.name,
      platform: pool.plan.image.platform === 'windows' ? 'windows' : undefined,
      availabilityZoneId: pool.plan.subnet.zone.id, availabilityZone: pool.plan.subnet.zone.name, subnetId: pool.plan.subnet.id,
    })),
  };
  account.idempotency.remember('CreateFleet', input, answer);
  return answer;
};

/** What real fleets can and this one cannot must not pass unnoticed. */
function refuseUnsupported(input: Parameters): void {
  for (const options of ['SpotOptions', 'OnDemandOptions']) {
    for (const option of ['MinTargetCapacity', 'MaxTotalPrice', 'SingleInstanceType', 'SingleAvailabilityZone']) {
      if (input.child(options).has(option)) throw new AwsError('UnsupportedOperation', `${options}.${option} is not supported here`);
    }
  }
  for (const override of input.list('LaunchTemplateConfigs').flatMap((config) => config.list('Overrides'))) {
    if (override.has('InstanceRequirements')) {
      throw new AwsError('UnsupportedOperation', 'Overrides by InstanceRequirements are not supported here; name an InstanceType');
    }
    if ((override.number('WeightedCapacity') ?? 1) !== 1) {
      throw new AwsError('UnsupportedOperation', 'Overrides with a WeightedCapacity other than 1 are not supported here');
    }
  }
}

interface Demand {
  readonly lifecycle: CapacityType;
  readonly count: number;
  readonly strategy: string;
}

/** How many instances of each capacity type; what is left open goes to the default type. */
function readDemands(input: Parameters): Demand[] {
  const target = input.child('TargetCapacitySpecification');
  const total = target.number('TotalTargetCapacity');
  if (total === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter TargetCapacitySpecification.TotalTargetCapacity');
  }
  if (!Number.isInteger(total) || total < 0 || total > 10_000) {
    throw invalidParameter('TotalTargetCapacity', String(total), 'It must be an integer from 0 to 10000.');
  }
  const counts = { 'on-demand': target.number('OnDemandTargetCapacity') ?? 0, spot: target.number('SpotTargetCapacity') ?? 0 };
  const rest = total - counts['on-demand'] - counts.spot;
  if (rest < 0) {
    throw new AwsError(
      'InvalidParameterCombination',
      'TotalTargetCapacity must not be less than the sum of OnDemandTargetCapacity and SpotTargetCapacity',
    );
  }
  counts[target.text('DefaultTargetCapacityType') === 'spot' ? 'spot' : 'on-demand'] += rest;
  return (['on-demand', 'spot'] as const)
    .filter((lifecycle) => counts[lifecycle] > 0)
    .map((lifecycle) => ({ lifecycle, count: counts[lifecycle], strategy: strategyOf(input, lifecycle) }));
}

function readCandidates(input: Parameters, account: Account): Candidate[] {
  const configs = input.list('LaunchTemplateConfigs');
  if (configs.length === 0) throw new AwsError('MissingParameter', 'The request must contain the parameter LaunchTemplateConfigs');
  const candidates = configs.flatMap((config) => {
    const specification = config.child('LaunchTemplateSpecification');
    const template = account.launchTemplates.find({ id: specification.text('LaunchTemplateId'), name: specification.text('LaunchTemplateName') });
    const version = account.launchTemplates.version(template, specification.required('Version'));
    const overrides = config.list('Overrides');
    return (overrides.length > 0 ? overrides : [config.child('Overrides')]).map((override) => ({ template, version, override }));
  });
  if (candidates.length > MOST_OVERRIDES) {
    throw new AwsError('InvalidParameterValue', `The number of launch template overrides exceeds the maximum of ${MOST_OVERRIDES}`);
  }
  return candidates;
}

/** Throws what stands in the way of the candidate, apart from capacity. */
function admit(candidate: Candidate, lifecycle: CapacityType, account: Account): Pool {
  const specification = mergeLaunchSpecifications(candidate.version.specification, readLaunchSpecification(candidate.override));
  const plan = planLaunch(specification, lifecycle, account);
  const highest = candidate.override.number('MaxPrice');
  if (lifecycle === 'spot' && highest !== undefined && plan.price > highest) {
    throw new AwsError(
      'SpotMaxPriceTooLow',
      `Your Spot request price of ${highest} is lower than the minimum required Spot request fulfillment price of ${plan.price}.`,
    );
  }
  return { ...candidate, plan, priority: candidate.override.number('Priority') ?? Infinity };
}

const STRATEGIES = {
  'on-demand': { option: 'OnDemandOptions', names: ['lowest-price', 'prioritized'] },
  spot: { option: 'SpotOptions', names: ['lowest-price', 'price-capacity-optimized', 'capacity-optimized', 'capacity-optimized-prioritized'] },
} as const;

function strategyOf(input: Parameters, lifecycle: CapacityType): string {
  const { option, names } = STRATEGIES[lifecycle];
  const sent = input.child(option).text('AllocationStrategy') ?? 'lowest-price';
  // The SDK's older enumerations write it in camel case.
  const strategy = sent.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (!(names as readonly string[]).includes(strategy)) {
    throw invalidParameter(`${option}.AllocationStrategy`, sent, `It must be one of ${names.join(', ')}.`);
  }
  return strategy;
}

/** A pool with this many times the demand is not worth paying more for. */
const AMPLE = 10;

/** The pools in the order in which the strategy fills them; equals stay in the order of the request. */
function inOrder(pools: readonly Pool[], strategy: string, demand: number, account: Account): Pool[] {
  const ranked = pools.map((pool) => ({ pool, depth: remainingDepth(pool.plan, account) }));
  type Ranked = (typeof ranked)[number];
  const byPrice = (a: Ranked, b: Ranked): number => a.pool.plan.price - b.pool.plan.price;
  const byDepth = (a: Ranked, b: Ranked): number => (a.depth === b.depth ? 0 : b.depth - a.depth);
  const byPriority = (a: Ranked, b: Ranked): number => (a.pool.priority === b.pool.priority ? 0 : a.pool.priority - b.pool.priority);
  const ample = ({ depth }: Ranked): number => Number(depth >= AMPLE * demand);
  const orders: Record<string, (a: Ranked, b: Ranked) => number> = {
    'lowest-price': byPrice,
    prioritized: byPriority,
    'price-capacity-optimized': (a, b) => ample(b) - ample(a) || (ample(a) ? byPrice(a, b) : byDepth(a, b)),
    'capacity-optimized': byDepth,
    'capacity-optimized-prioritized': (a, b) => ample(b) - ample(a) || (ample(a) ? byPriority(a, b) : 0) || byDepth(a, b),
  };
  return ranked.sort(orders[strategy]).map(({ pool }) => pool);
}

function contextOf(
  { template, version }: Pool, fleetId: string, input: Parameters, tags: Record<'instance' | 'volume', Tags>, account: Account,
): LaunchContext {
  const launchTags = new Map([
    ...tags.instance, ['aws:ec2launchtemplate:id', template.id], ['aws:ec2launchtemplate:version', String(version.number)],
    ['aws:ec2:fleet-id', fleetId],
  ]);
  return {
    reservationId: resourceId(account.random, 'r'), clientToken: input.text('ClientToken'), fleetId, instanceTags: launchTags,
    volumeTags: tags.volume,
  };
}

function describeCandidate({ template, version, override }: Candidate): XmlObject {
  return {
    launchTemplateSpecification: { launchTemplateId: template.id, version: String(version.number) },
    overrides: {
      instanceType: override.text('InstanceType'), maxPrice: override.text('MaxPrice'), subnetId: override.text('SubnetId'),
      availabilityZone: override.text('AvailabilityZone'), weightedCapacity: override.text('WeightedCapacity'),
      priority: override.text('Priority'), imageId: override.text('ImageId'),
    },
  };
}
