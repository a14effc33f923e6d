import { expect } from 'chai';
import { VirtualClock } from '../../operator/testing/virtual-clock.js';
import { seededRandom } from '../../operator/random.js';
import { createAws } from '../aws/aws.js';
import { systemMachine } from './system-machine.js';

const numberOf = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

describe('the machine of the cluster\'s own pods', () => {
  it('has an address that EC2 gives to no other machine: two nodes of one name would be one', async () => {
    const aws = createAws({ clock: new VirtualClock(), random: seededRandom(1) });
    const { privateIp } = systemMachine({ name: 'my-cluster', endpoint: 'http://127.0.0.1' }, 'us-west-2', 0);
    const holding = [...aws.account.network.subnets.values()].filter(({ cidr }) => {
      const [base = '', bits] = cidr.split('/');
      return numberOf(privateIp) >= numberOf(base) && numberOf(privateIp) < numberOf(base) + 2 ** (32 - Number(bits));
    });
    expect(holding.map(({ cidr }) => cidr)).to.deep.equal([]);
    await aws.close();
  });
});
