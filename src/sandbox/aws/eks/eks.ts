import type { Cluster } from '../account/clusters.js';
import { restService } from '../protocol/rest-service.js';

const describe = (cluster: Cluster): object => ({
  name: cluster.name, arn: cluster.arn, createdAt: cluster.createdAt / 1000, version: cluster.version, endpoint: cluster.endpoint,
  roleArn: cluster.roleArn,
  resourcesVpcConfig: {
    subnetIds: cluster.subnetIds, securityGroupIds: [], clusterSecurityGroupId: cluster.securityGroupIds[0], vpcId: cluster.vpcId,
    endpointPublicAccess: true, endpointPrivateAccess: true, publicAccessCidrs: ['0.0.0.0/0'],
  },
  kubernetesNetworkConfig: { serviceIpv4Cidr: cluster.serviceIpv4Cidr, ipFamily: 'ipv4' },
  status: 'ACTIVE', certificateAuthority: { data: cluster.certificateAuthority }, platformVersion: 'eks.1', tags: {},
  accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
});

export const eks = restService('eks', {
  ListClusters: { path: /^\/clusters$/, answer: (_, { account }) => ({ clusters: [...account.clusters.all.keys()] }) },
  DescribeCluster: { path: /^\/clusters\/([^/?]+)$/, answer: ([name = ''], { account }) => ({ cluster: describe(account.clusters.get(name)) }) },
});
