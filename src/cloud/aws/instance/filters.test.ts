import { expect } from 'chai';
import type { Requirement } from '../../../api/requirement.js';
import { Requirements } from '../../../api/requirements.js';
import type { Resources } from '../../../api/resources.js';
import type { InstanceType, Offering } from '../../instance-type.js';
import { offeringCapacityType, offeringLabel, offeringZone } from '../instance-type/offering-labels.js';
import { cheapestTypes, filterInstanceTypes, LaunchConstraints, missingMinValues } from './filters.js';
import { fleetFailure, fleetRequest } from './fleet.js';

const one = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values });
const RESERVATION_ID = 'karpenter.k8s.aws/capacity-reservation-id';
const RESERVATION_TYPE = 'karpenter.k8s.aws/capacity-reservation-type';
const INTERRUPTIBLE = 'karpenter.k8s.aws/capacity-reservation-interruptible';

const offering = (capacityType: string, zone: string, price: number, more: Partial<Offering> = {}, ...labels: Requirement[]): Offering => ({
  requirements: [one('karpenter.sh/capacity-type', capacityType), one('topology.kubernetes.io/zone', zone), ...labels], price, available: true, ...more,
});
const reserved = (id: string, zone: string, price: number, reservationCapacity = 1, type = 'default', interruptible = false): Offering =>
  offering('reserved', zone, price, { reservationCapacity }, one(RESERVATION_ID, id), one(RESERVATION_TYPE, type), one(INTERRUPTIBLE, String(interruptible)));
const type = (name: string, offerings: Offering[], capacity: Resources = {}): InstanceType => ({
  name, offerings, overhead: {}, capacity: { cpu: 2_000, memory: 8e9, pods: 29, ...capacity },
  requirements: [one('node.kubernetes.io/instance-type', name), one('kubernetes.io/arch', 'amd64'), one('karpenter.k8s.aws/instance-family', name.split('.')[0] as string)],
});
const constraints = (requirements: Requirement[] = [], requests: Resources = {}): LaunchConstraints => new LaunchConstraints(Requirements.of(...requirements), requests);
const left = (types: InstanceType[], given = constraints()) => {
  const filtered = filterInstanceTypes(types, given);
  return 'emptiedBy' in filtered ? filtered.emptiedBy : filtered.map(({ name, offerings }) => `${name}: ${offerings.map((item) => `${offeringLabel(item, RESERVATION_ID) ?? offeringCapacityType(item)}@${offeringZone(item)}`).join(' ')}`);
};
const any = (...values: string[]) => constraints([one('karpenter.sh/capacity-type', ...values)]);

describe('launch filters', () => {
  it('keep types that suit, are large enough and can be bought', () => {
    const small = type('small.x', [offering('on-demand', 'a', 1)], { cpu: 1_000 });
    const sold = type('sold.x', [offering('on-demand', 'a', 1, { available: false })]);
    const good = type('good.x', [offering('on-demand', 'a', 1)]);
    expect(left([small, sold, good], constraints([], { cpu: 1_500 }))).to.deep.equal(['good.x: on-demand@a']);
    expect(left([good], constraints([one('kubernetes.io/arch', 'arm64')]))).to.equal('compatible-available');
    expect(left([good], constraints([one('topology.kubernetes.io/zone', 'b')]))).to.equal('compatible-available');
    expect(left([good], constraints([], { 'eks.amazonaws.com/nitro-sandbox': 1 })), 'enclaves are no capacity').to.have.length(1);
  });

  it('keep one kind of reservations, the cheapest; of equals default before blocks before interruptible', () => {
    const od = offering('on-demand', 'a', 1);
    expect(left([type('a.x', [od, reserved('default', 'a', 0.2), reserved('block', 'b', 0.1, 1, 'capacity-block')])], any('reserved', 'on-demand'))).to.deep.equal(['a.x: block@b']);
    expect(left([type('a.x', [od, reserved('default', 'a', 0.1), reserved('interruptible', 'b', 0.1, 1, 'default', true)])], any('reserved', 'on-demand'))).to.deep.equal(['a.x: default@a']);
    expect(left([type('a.x', [od, reserved('default', 'a', 0.1)])], any('on-demand'))).to.deep.equal(['a.x: on-demand@a reserved@a'.replace('reserved@a', 'default@a')]);
    expect(left([type('a.x', [od])], any('reserved', 'on-demand'))).to.deep.equal(['a.x: on-demand@a']);
  });

  it('keep one capacity block in all', () => {
    const types = [type('a.x', [reserved('one', 'a', 0.2, 1, 'capacity-block')]), type('b.x', [reserved('two', 'b', 0.1, 1, 'capacity-block'), reserved('three', 'a', 0.3, 1, 'capacity-block')])];
    expect(left(types, any('reserved'))).to.deep.equal(['b.x: two@b']);
  });

  it('keep of several reservations in a zone the one with most left', () => {
    expect(left([type('a.x', [reserved('few', 'a', 0.1, 1), reserved('many', 'a', 0.1, 9), reserved('other', 'b', 0.1, 2)])], any('reserved'))).to.deep.equal(['a.x: many@a other@b']);
  });

  it('drop bare metal and accelerators unless there is nothing else, or minValues count', () => {
    const plain = type('m.x', [offering('on-demand', 'a', 1)]);
    const metal = type('m.metal', [offering('on-demand', 'a', 1)]);
    const metalSize = type('m.metal-24xl', [offering('on-demand', 'a', 1)]);
    const gpu = type('g.x', [offering('on-demand', 'a', 1)], { 'nvidia.com/gpu': 1 });
    expect(left([metal, gpu, plain, metalSize])).to.deep.equal(['m.x: on-demand@a']);
    expect(left([metal, gpu])).to.have.length(2);
    expect(left([metal, gpu, plain], constraints([{ key: 'karpenter.k8s.aws/instance-family', operator: 'Exists', minValues: 2 }]))).to.have.length(3);
  });

  it('drop spot that costs more than the cheapest on-demand, strictly', () => {
    const types = [type('a.x', [offering('on-demand', 'a', 1), offering('spot', 'a', 0.5)]), type('b.x', [offering('spot', 'a', 1), offering('spot', 'b', 1.1)]), type('c.x', [offering('spot', 'a', 2)])];
    expect(left(types)).to.deep.equal(['a.x: on-demand@a spot@a', 'b.x: spot@a']);
    expect(left(types, any('spot'))).to.have.length(3);
    expect(left([types[2] as InstanceType])).to.deep.equal(['c.x: spot@a']);
  });
});

describe('the choice of types', () => {
  it('is by the cheapest offering that the claim takes', () => {
    const types = [type('a.x', [offering('spot', 'a', 1), offering('on-demand', 'a', 5)]), type('b.x', [offering('spot', 'a', 9), offering('on-demand', 'a', 2)]), type('c.x', [offering('spot', 'b', 3)])];
    expect(cheapestTypes(types, constraints(), 2).map(({ name }) => name)).to.deep.equal(['a.x', 'b.x']);
    expect(cheapestTypes(types, any('on-demand'), 1).map(({ name }) => name)).to.deep.equal(['b.x']);
  });

  it('must leave as many values as minValues asks for', () => {
    const requirements = Requirements.of({ key: 'karpenter.k8s.aws/instance-family', operator: 'Exists', minValues: 2 });
    const [a, b] = [type('a.x', []), type('b.x', [])];
    expect(missingMinValues([a, b], requirements)).to.equal(undefined);
    expect(missingMinValues([a, type('a.y', [])], requirements)).to.deep.include({ key: 'karpenter.k8s.aws/instance-family', found: 1 });
  });
});

describe('fleet requests', () => {
  const subnets = new Map(['a', 'b'].map((zone) => [zone, { subnet: { id: `subnet-${zone}`, zone }, addresses: 0 }]));
  const request = (capacityType: string, instanceTypes: InstanceType[], more: object = {}) =>
    fleetRequest({ templates: [{ name: 'lt', amiID: 'ami', instanceTypes }], constraints: constraints(), capacityType, subnets, tags: { k: 'v' }, clientToken: 'token', ...more });

  it('name each type and zone once, with its price, where there is a subnet', () => {
    const types = [type('a.x', [offering('spot', 'a', 1), offering('spot', 'c', 1), offering('on-demand', 'a', 3), offering('spot', 'b', 2, { available: false })]), type('b.x', [offering('spot', 'b', 2)])];
    expect(request('spot', types)).to.deep.equal({
      Type: 'instant', ClientToken: 'token',
      LaunchTemplateConfigs: [{
        LaunchTemplateSpecification: { LaunchTemplateName: 'lt', Version: '$Latest' },
        Overrides: [
          { InstanceType: 'a.x', SubnetId: 'subnet-a', ImageId: 'ami', AvailabilityZone: 'a', Priority: 1 },
          { InstanceType: 'b.x', SubnetId: 'subnet-b', ImageId: 'ami', AvailabilityZone: 'b', Priority: 2 },
        ],
      }],
      TargetCapacitySpecification: { DefaultTargetCapacityType: 'spot', TotalTargetCapacity: 1 },
      TagSpecifications: ['instance', 'volume', 'fleet'].map((ResourceType) => ({ ResourceType, Tags: [{ Key: 'k', Value: 'v' }] })),
      SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
    });
    expect(() => request('on-demand', [type('a.x', [offering('on-demand', 'c', 1)])])).to.throw('no capacity offerings are currently available given the constraints');
  });

  it('choose target and strategy by what is launched', () => {
    const optionsOf = (capacityType: string, item: Offering, more: object = {}) => {
      const { TargetCapacitySpecification, SpotOptions, OnDemandOptions, ReservedCapacityOptions } = request(capacityType, [type('a.x', [item])], more);
      return [TargetCapacitySpecification?.DefaultTargetCapacityType, SpotOptions?.AllocationStrategy ?? OnDemandOptions?.AllocationStrategy ?? ReservedCapacityOptions?.ReservationTypes];
    };
    expect(optionsOf('on-demand', offering('on-demand', 'a', 1))).to.deep.equal(['on-demand', 'lowest-price']);
    expect(optionsOf('on-demand', offering('on-demand', 'a', 1), { pricesOverlaid: true })).to.deep.equal(['on-demand', 'prioritized']);
    expect(optionsOf('spot', offering('spot', 'a', 1), { pricesOverlaid: true })).to.deep.equal(['spot', 'capacity-optimized-prioritized']);
    expect(optionsOf('reserved', reserved('cr', 'a', 1))).to.deep.equal(['on-demand', 'lowest-price']);
    expect(optionsOf('reserved', reserved('cr', 'a', 1, 1, 'default', true))).to.deep.equal(['reserved-capacity', ['interruptible-capacity-reservation']]);
    expect(optionsOf('reserved', reserved('cr', 'a', 1, 1, 'capacity-block'))).to.deep.equal(['capacity-block', undefined]);
  });

  it('launch by a template only what is in its reservation', () => {
    const templates = ['one', 'two'].map((reservationID) => ({ name: reservationID, amiID: 'ami', reservationID, instanceTypes: [type('a.x', [reserved('one', 'a', 1), reserved('two', 'b', 1)])] }));
    expect(request('reserved', [], { templates }).LaunchTemplateConfigs?.map(({ Overrides }) => Overrides?.map(({ AvailabilityZone }) => AvailabilityZone))).to.deep.equal([['a'], ['b']]);
  });

  it("stay within EC2's 300 overrides, the cheapest", () => {
    const types = Array.from({ length: 200 }, (_, index) => type(`t${index}.x`, [offering('spot', 'a', index), offering('spot', 'b', 1_000 + index)]));
    const overrides = request('spot', types).LaunchTemplateConfigs?.[0]?.Overrides ?? [];
    expect(overrides).to.have.length(300);
    expect(Math.max(...overrides.map(({ Priority = 0 }) => Priority))).to.equal(1_099);
  });
});

describe('failed fleets', () => {
  const failure = (...codes: string[]) => fleetFailure(codes.map((ErrorCode) => ({ ErrorCode, ErrorMessage: 'no' })));

  it('are out of capacity only when every error says so', () => {
    for (const code of ['InsufficientInstanceCapacity', 'MaxSpotInstanceCountExceeded', 'VcpuLimitExceeded', 'UnfulfillableCapacity', 'Unsupported', 'InsufficientFreeAddressesInSubnet', 'MaxFleetCountExceeded', 'ReservationCapacityExceeded', 'AuthFailure.ServiceLinkedRoleCreationNotPermitted']) {
      expect(failure(code).reason, code).to.equal('InsufficientCapacityError');
    }
    expect(failure('InsufficientInstanceCapacity', 'InsufficientInstanceCapacity').message).to.equal('with fleet error(s), InsufficientInstanceCapacity: no');
    expect(failure('InsufficientInstanceCapacity', 'InvalidAMIID.NotFound').reason).to.equal('AMINotFound');
    expect(failure().reason).to.equal('LaunchFailed');
  });
});
