import { expect } from 'chai';
import { EC2NodeClass, NodePool } from 'karpenter-ts/api';
import { AwsBed } from '../../test/support/aws-bed.js';
import { ZonalShiftWatch } from './zonal-shift.js';

const ARN = 'arn:aws:eks:us-west-2:123456789012:cluster/my-cluster';

describe('a zonal shift', () => {
  it('is told to the pools that could launch there, when it begins and when it is over', async () => {
    const aws = await AwsBed.of([ZonalShiftWatch], { zonalShift: true });
    try {
      const { bed, provider } = aws;
      await aws.nodeClass();
      const pool = (name: string, zones: string[] = []): Promise<NodePool> => bed.api.create(NodePool, {
        metadata: { name },
        spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: zones.length > 0 ? [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: zones }] : [] } } },
      });
      const [anywhere, elsewhere] = [await pool('anywhere'), await pool('elsewhere', ['us-west-2b'])];
      const events = async (about: NodePool): Promise<string[]> => (await bed.events(about)).filter((event) => event.includes('ZonalShift'));
      await bed.advance('1m');
      provider.aws.account.zonalShifts.start(ARN, 'usw2-az1', 5 * 60_000);
      await bed.advance('2m');
      const active = 'Warning ZonalShiftActive: The cluster was shifted away from zone us-west-2a (usw2-az1): nothing is launched there for this NodePool';
      expect(await events(anywhere)).to.deep.equal([active]);
      await bed.advance('5m');
      expect(await events(anywhere)).to.deep.equal([active, 'Normal ZonalShiftCleared: The shift away from zone us-west-2a (usw2-az1) is over: this NodePool may launch there again']);
      expect(await events(elsewhere)).to.deep.equal([]);
      expect((await bed.api.get(EC2NodeClass, 'default')).status.subnets).to.not.equal(undefined);
    } finally {
      await aws.close();
    }
  });
});
