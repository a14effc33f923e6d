import { expect } from 'chai';
import { providerBed } from '../../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../../test/support/aws-provider.js';
import { instanceIDOf } from '../instance/instance.js';

const ARN = 'arn:aws:eks:us-west-2:123456789012:cluster/my-cluster';
const ZONE = { zone: 'us-west-2a', id: 'usw2-az1' };
const HOUR = 3_600_000;

describe('zonal shifts', () => {
  let bed: ProviderBed;

  const start = async (zonalShift = true): Promise<void> => {
    bed = await providerBed({ settings: { zonalShift } });
  };
  const update = (): Promise<void> => bed.run(bed.services.zonalShifts.update());
  const shift = async (zoneID = ZONE.id, duration = HOUR, status: 'APPLIED' | 'NOT_APPLIED' = 'APPLIED'): Promise<void> => {
    bed.aws.account.zonalShifts.start(ARN, zoneID, duration, status);
    await update();
  };
  const shifted = (): string[] => [...bed.services.zonalShifts.shifted()].sort();
  const calls = (operation: string): number => bed.aws.calls.get(operation) ?? 0;
  const refusal = (promise: Promise<unknown>): Promise<string> => bed.run(promise).then(() => 'nothing', (error: Error) => error.message);

  afterEach(() => bed.services.close());

  it('are those that are applied, until they are over', async () => {
    await start();
    await shift();
    await shift('usw2-az2', HOUR, 'NOT_APPLIED');
    expect(shifted()).to.deep.equal([ZONE.id]);
    await bed.clock.advance(HOUR);
    expect(shifted()).to.deep.equal([]);
  });

  it('that are cancelled last as long as there are others', async () => {
    await start();
    await shift();
    await shift('usw2-az2');
    bed.aws.account.zonalShifts.cancel(ARN, ZONE.id);
    await update();
    expect(shifted()).to.deep.equal([ZONE.id, 'usw2-az2']);
    bed.aws.account.zonalShifts.cancel(ARN, 'usw2-az2');
    await update();
    expect(shifted()).to.deep.equal([]);
  });

  it('make every offering of the zone unavailable, and only those', async () => {
    await start();
    const nodeClass = await bed.readyNodeClass();
    const available = (): Map<string, number> => {
      const zones = new Map<string, number>();
      for (const { offerings } of bed.services.instanceTypes.list(nodeClass)) {
        for (const offering of offerings) if (offering.available) zones.set(zoneOf(offering), (zones.get(zoneOf(offering)) ?? 0) + 1);
      }
      return zones;
    };
    const before = available();
    await shift();
    const during = available();
    expect([before.has(ZONE.zone), during.has(ZONE.zone)]).to.deep.equal([true, false]);
    expect(during.get('us-west-2b')).to.equal(before.get('us-west-2b'));
    await bed.clock.advance(HOUR);
    expect(available()).to.deep.equal(before);
  });

  it('keep launches out of the zone', async () => {
    await start();
    await bed.readyNodeClass();
    bed.addPool();
    await shift();
    expect(await bed.launch(bed.claim([{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [ZONE.zone] }])).catch((error: { reason: string }) => error.reason)).to.equal('InsufficientCapacityError');
    expect((await bed.launch(bed.claim())).labels['topology.kubernetes.io/zone']).to.not.equal(ZONE.zone);
  });

  it('leave instances there as they are: EC2 is not asked for them, nor to tag or to end them', async () => {
    await start();
    await bed.readyNodeClass();
    bed.addPool();
    const { providerID } = await bed.launch(bed.claim([{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [ZONE.zone] }]));
    const id = instanceIDOf(providerID);
    const { instances } = bed.services;
    await bed.run(instances.list());
    await shift();
    const before = calls('ec2:DescribeInstances');
    expect((await bed.run(instances.get(id)))?.id).to.equal(id);
    expect(await refusal(instances.delete(id))).to.equal(`terminating instance ${id} has to wait: the cluster was shifted away from zone ${ZONE.zone} (${ZONE.id})`);
    expect(await refusal(instances.createTags(id, { a: 'b' }))).to.equal(`tagging instance ${id} has to wait: the cluster was shifted away from zone ${ZONE.zone} (${ZONE.id})`);
    expect([calls('ec2:DescribeInstances'), calls('ec2:TerminateInstances'), calls('ec2:CreateTags')]).to.deep.equal([before, 0, 0]);
    await bed.clock.advance(HOUR);
    expect(await bed.run(instances.delete(id))).to.equal('terminating');
  });

  it('are not asked for unless the setting says so', async () => {
    await start(false);
    await shift();
    expect([shifted(), calls('arc-zonal-shift:GetManagedResource')]).to.deep.equal([[], 0]);
  });

  it('cannot be followed for a cluster that is not enabled for them', async () => {
    await start();
    bed.aws.account.zonalShifts.disable(ARN);
    expect(await refusal(bed.services.zonalShifts.update())).to.equal(`arc-zonal-shift:GetManagedResource: Resource ${ARN} is not registered with zonal shift.`);
  });
});

const zoneOf = ({ requirements }: { requirements: readonly { key: string; values?: readonly string[] }[] }): string =>
  requirements.find(({ key }) => key === 'topology.kubernetes.io/zone')?.values?.[0] ?? '';
