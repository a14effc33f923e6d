import type { CreateFleetCommandInput, CreateFleetCommandOutput } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { providerBed } from '../../../../test/support/aws-provider.js';
import type { ProviderBed, ProviderBedOptions } from '../../../../test/support/aws-provider.js';
import type { Requirement } from '../../../api/requirement.js';
import { InsufficientCapacity } from '../../errors.js';
import { CreateFleetCommand } from '../aws-sdk.js';
import { offeringCapacityType, offeringZone } from '../instance-type/offering-labels.js';

const oneOf = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values });
const types = (...values: string[]): Requirement => oneOf('node.kubernetes.io/instance-type', ...values);
const capacityTypes = (...values: string[]): Requirement => oneOf('karpenter.sh/capacity-type', ...values);
const zone = (value: string): Requirement => oneOf('topology.kubernetes.io/zone', value);
const TENANCY = 'karpenter.k8s.aws/instance-tenancy';
const ZONE = 'us-west-2a';

const refused = (promise: Promise<unknown>): Promise<Error> => promise.then(() => { throw new Error('it launched'); }, (error: Error) => error);
const alive = (bed: ProviderBed) => bed.aws.account.instances.alive();

describe('InstanceLauncher', () => {
  /** A bed with what the provider sent to EC2 as fleets, and what it warned of; `answer` may change what EC2 says to fleets. */
  async function launchBed({ answer = (output) => output, ...options }: ProviderBedOptions & { answer?: (output: CreateFleetCommandOutput) => CreateFleetCommandOutput } = {}) {
    const warnings: string[] = [];
    const bed = await providerBed({ ...options, environment: { observers: { instances: { warn: (message) => warnings.push(message) } } } });
    const fleets: CreateFleetCommandInput[] = [];
    const { ec2 } = bed.services.clients;
    const send = ec2.send.bind(ec2) as (command: object, options?: object) => Promise<unknown>;
    Object.assign(ec2, {
      async send(command: object, rest?: object) {
        const output = await send(command, rest);
        if (!(command instanceof CreateFleetCommand)) return output;
        fleets.push(command.input);
        return answer(output as CreateFleetCommandOutput);
      },
    });
    const isOffered = (type: string, capacityType: string, zoneName = ZONE, nodeClass = 'default') => bed.services.instanceTypes.list(bed.nodeClasses.get(nodeClass) as never)
      .find(({ name }) => name === type)?.offerings.find((offering) => offeringCapacityType(offering) === capacityType && offeringZone(offering) === zoneName)?.available;
    return { bed, fleets, warnings, isOffered };
  }

  it('launches on dedicated hardware only if nothing else will do', async () => {
    const { bed } = await launchBed();
    await bed.readyNodeClass();
    const tenancyWith = async (...requirements: Requirement[]) => {
      await bed.launch(bed.claim([types('m5.large'), capacityTypes('on-demand'), ...requirements]));
      return alive(bed).at(-1)?.specification.tenancy ?? 'default';
    };
    expect(await tenancyWith(oneOf(TENANCY, 'dedicated'))).to.equal('dedicated');
    expect(await tenancyWith({ key: TENANCY, operator: 'NotIn', values: ['default'] })).to.equal('dedicated');
    expect(await tenancyWith(oneOf(TENANCY, 'default', 'dedicated'))).to.equal('default');
    expect(await tenancyWith()).to.equal('default');
  });

  it('warns of launching on demand with fewer than five types where spot would do', async () => {
    const { bed, warnings } = await launchBed();
    await bed.readyNodeClass();
    const five = ['m5.large', 'c5.large', 'r5.large', 'm5a.large', 'c5a.large'];
    await bed.launch(bed.claim([types('m5.large'), capacityTypes('spot', 'on-demand')]));
    await bed.launch(bed.claim([types('m5.large'), capacityTypes('on-demand')]));
    bed.services.unavailable.markCapacityTypeUnavailable('spot');
    await bed.launch(bed.claim([types(...five), capacityTypes('spot', 'on-demand')]));
    expect(warnings).to.deep.equal([]);
    await bed.launch(bed.claim([types(...five.slice(1)), capacityTypes('spot', 'on-demand')]));
    expect(warnings).to.deep.equal(['at least 5 instance types are recommended when flexible to spot but requesting on-demand']);
  });

  it("passes the class's context on to EC2, but not once minValues had to be relaxed", async () => {
    const { bed, fleets } = await launchBed();
    await bed.readyNodeClass({ context: 'arn:aws:ec2:context' });
    await bed.launch(bed.claim([types('m5.large')]));
    const relaxed = bed.claim([types('m5.large')]);
    relaxed.metadata.annotations['karpenter.sh/nodeclaim-min-values-relaxed'] = 'true';
    await bed.launch(relaxed);
    expect(fleets.map(({ Context }) => Context)).to.deep.equal(['arn:aws:ec2:context', undefined]);
  });

  it('leaves a spread placement group alone in a zone where it is full, whatever the type', async () => {
    // EC2 names one of the types; the group is full for all of them.
    const { bed, isOffered } = await launchBed({ answer: ({ Errors = [], ...output }) => ({ ...output, Errors: Errors.slice(0, 1) }) });
    const group = bed.aws.account.placementGroups.add({ name: 'apart', strategy: 'spread' });
    const nodeClass = await bed.readyNodeClass({ placementGroupSelector: { name: 'apart' } });
    await bed.readyNodeClass({}, 'other');
    await bed.services.placementGroups.get(nodeClass);
    const wanted = [types('m5.large', 'c5.large'), capacityTypes('on-demand'), zone(ZONE)];
    for (let launches = 0; launches < 7; launches += 1) await bed.launch(bed.claim(wanted));
    expect(alive(bed).every(({ specification }) => specification.placementGroupId === group.id)).to.equal(true);
    expect(await refused(bed.launch(bed.claim(wanted)))).to.be.instanceOf(InsufficientCapacity).with.property('message').that.includes('spread placement group');
    expect([isOffered('m5.large', 'on-demand'), isOffered('c5.large', 'on-demand')]).to.deep.equal([false, false]);
    expect(isOffered('m5.large', 'on-demand', 'us-west-2b'), 'the group elsewhere').to.equal(true);
    expect(isOffered('m5.large', 'on-demand', ZONE, 'other'), 'others there').to.equal(true);
  });

  it('gives spot up for a while, with an event, when its service-linked role cannot be had', async () => {
    const { bed, isOffered } = await launchBed();
    await bed.readyNodeClass();
    bed.aws.faults.spotRoleMissing = true;
    const flexible = () => bed.claim([types('m5.large'), capacityTypes('spot', 'on-demand')]);
    const claim = flexible();
    expect(await refused(bed.launch(claim))).to.be.instanceOf(InsufficientCapacity);
    expect(bed.events.map(({ object, type, reason }) => [object.metadata.name, type, reason])).to.deep.include([claim.metadata.name, 'Warning', 'SpotServiceLinkedRoleCreationFailure']);
    expect([isOffered('c5.large', 'spot'), isOffered('c5.large', 'on-demand')]).to.deep.equal([false, true]);
    expect((await bed.launch(flexible())).labels['karpenter.sh/capacity-type']).to.equal('on-demand');
    await bed.clock.advance('3m15s');
    expect(isOffered('c5.large', 'spot')).to.equal(true);
  });

  describe('in a zone with two subnets', () => {
    /** Those of one zone, the one with more free addresses first. */
    async function twoSubnets() {
      const launched = await launchBed();
      const { bed } = launched;
      await bed.readyNodeClass({ subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster' } }] });
      const [larger, smaller] = [...bed.aws.account.network.subnets.values()].filter((subnet) => subnet.zone.name === ZONE && subnet.tags.get('karpenter.sh/discovery') === 'my-cluster')
        .sort((a, b) => b.freeAddresses - a.freeAddresses);
      if (!larger || !smaller) throw new Error('the account has fewer than two subnets in a zone');
      const launch = async () => {
        await bed.launch(bed.claim([types('m5.large'), capacityTypes('on-demand'), zone(ZONE)]));
        return alive(bed).at(-1)?.subnet.id;
      };
      return { ...launched, larger, smaller, launch };
    }
    const fill = (subnet: { freeAddresses: number; takeAddress(): string }, left = 0): void => {
      while (subnet.freeAddresses > left) subnet.takeAddress();
    };

    it('launches where most addresses are free', async () => {
      const { bed, larger, smaller, launch } = await twoSubnets();
      expect(await launch()).to.equal(larger.id);
      fill(larger, smaller.freeAddresses - 1);
      await bed.clock.advance('61s');
      await bed.services.subnets.list(bed.nodeClasses.get('default') as never);
      expect(await launch()).to.equal(smaller.id);
    });

    it('goes to the other one when EC2 finds no address, and leaves the zone when there is none in either', async () => {
      const { bed, larger, smaller, launch, isOffered } = await twoSubnets();
      fill(larger);
      expect(await refused(launch())).to.be.instanceOf(InsufficientCapacity);
      expect(isOffered('c5.large', 'on-demand'), 'there is the other subnet').to.equal(true);
      expect(isOffered('m5.large', 'on-demand'), 'the type was refused').to.equal(false);
      await bed.clock.advance('3m15s');
      expect(await launch()).to.equal(smaller.id);
      fill(larger);
      fill(smaller);
      await bed.clock.advance('3m15s');
      for (let attempts = 0; attempts < 2; attempts += 1) {
        await refused(bed.launch(bed.claim([types(['m5.large', 'c5.large'][attempts] as string), capacityTypes('on-demand'), zone(ZONE)])));
      }
      expect([isOffered('r5.large', 'on-demand'), isOffered('r5.large', 'on-demand', 'us-west-2b')]).to.deep.equal([false, true]);
    });
  });
});
