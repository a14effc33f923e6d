import type { Account } from './account.js';

/** The clusters of the guide, each with the address range of its VPC and the roles that the guide gives its nodes. */
const CLUSTERS = [
  {
    name: 'my-cluster', network: 0, serviceCidr: '10.100.0.0/16',
    roles: ['KarpenterNodeInstanceProfile-my-cluster', 'KarpenterNodeRole-my-cluster'],
  },
  {
    name: 'ecommerce-cluster', network: 1, serviceCidr: '10.100.0.0/16',
    roles: ['KarpenterNodeInstanceProfile-ecommerce', 'KarpenterNodeInstanceProfile-ecommerce-cluster', 'KarpenterNodeRole-ecommerce-cluster'],
  },
] as const;

/** Puts into an empty account what someone who followed the guide has: two clusters, tagged as its selectors ask. */
export function furnish(account: Account, kubernetesVersion: string): void {
  for (const { name, network, serviceCidr, roles } of CLUSTERS) {
    const prefix = `10.${network}`;
    const discovery = { 'karpenter.sh/discovery': name };
    const owned = { [`kubernetes.io/cluster/${name}`]: 'shared' };
    const vpc = account.network.addVpc(`${prefix}.0.0/16`, { Name: name, ...owned });
    const subnets = account.network.zones.flatMap((zone, index) => [
      account.network.addSubnet(vpc, zone, `${prefix}.${index * 32}.0/19`, {
        publicAddresses: false,
        tags: {
          Name: `${name}-private-${zone.name}`, ...owned, ...discovery, tier: 'private', database: 'allowed',
          'kubernetes.io/role/internal-elb': '1',
        },
      }),
      account.network.addSubnet(vpc, zone, `${prefix}.${128 + index * 16}.0/20`, {
        publicAddresses: true,
        tags: { Name: `${name}-public-${zone.name}`, ...owned, ...discovery, tier: 'public', 'kubernetes.io/role/elb': '1' },
      }),
    ]);
    const groups = [
      account.network.addSecurityGroup(vpc, `eks-cluster-sg-${name}`, 'EKS created security group applied to ENIs', {
        Name: `eks-cluster-sg-${name}`, 'aws:eks:cluster-name': name, [`kubernetes.io/cluster/${name}`]: 'owned', ...discovery,
      }),
      account.network.addSecurityGroup(vpc, `${name}-database`, 'Clients of the databases', {
        Name: `${name}-database`, ...discovery, database: 'true',
      }),
      account.network.addSecurityGroup(vpc, `${name}-restricted`, 'Nodes with high security', {
        Name: `${name}-restricted`, ...discovery, 'security-level': 'high',
      }),
    ];
    account.network.addSecurityGroup(vpc, 'default', 'default VPC security group', {});
    for (const role of roles) account.identities.addRole(role);
    const role = account.identities.addRole(`${name}-control-plane`);
    account.clusters.all.set(name, {
      name, arn: `arn:aws:eks:${account.region}:${account.id}:cluster/${name}`, createdAt: account.clock.now(), vpcId: vpc.id,
      subnetIds: subnets.map((subnet) => subnet.id), securityGroupIds: groups.slice(0, 1).map((group) => group.id), roleArn: role.arn,
      serviceIpv4Cidr: serviceCidr, version: kubernetesVersion, endpoint: `https://${name}.eks.${account.region}.amazonaws.com`,
      certificateAuthority: '',
    });
    account.addQueue(name);
    account.addQueue(`Karpenter-${name}`);
  }
}
