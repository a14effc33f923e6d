import type { Cluster } from '../account/clusters.js';
import { AwsError } from '../protocol/error.js';
import type { AwsRequest } from '../protocol/http.js';
import type { Service } from '../protocol/service.js';

const CLUSTER = /^\/clusters\/([^/?]+)$/;
const HEADERS = { 'content-type': 'application/json' };

const pathOf = ({ path }: AwsRequest): string => path.split('?')[0] as string;

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

/** EKS speaks REST: the operation is in the method and the path. */
export const eks: Service = {
  name: 'eks',
  operationOf(request) {
    const path = pathOf(request);
    if (request.method !== 'GET') return '';
    if (path === '/clusters') return 'ListClusters';
    return CLUSTER.test(path) ? 'DescribeCluster' : '';
  },
  respond({ request, operation, requestId, account }) {
    const answer = (body: object): { status: number; headers: Record<string, string>; body: string } => ({
      status: 200, headers: { ...HEADERS, 'x-amzn-requestid': requestId }, body: JSON.stringify(body),
    });
    if (operation === 'ListClusters') return answer({ clusters: [...account.clusters.all.keys()] });
    if (operation === 'DescribeCluster') {
      const name = decodeURIComponent(CLUSTER.exec(pathOf(request))?.[1] as string);
      return answer({ cluster: describe(account.clusters.get(name)) });
    }
    throw new AwsError('UnknownOperationException', `${request.method} ${pathOf(request)} is not an operation of this service`, 404);
  },
  refuse: (error, requestId) => ({
    status: error.status, headers: { ...HEADERS, 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.reason },
    body: JSON.stringify({ message: error.message }),
  }),
  throttled: () => new AwsError('ThrottlingException', 'Rate exceeded', 429),
};
