import { AwsError } from '../protocol/error.js';

/** An EKS cluster as DescribeCluster shows it. The embedder sets endpoint and certificate when its API server is up. */
export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly roleArn: string;
  serviceIpv4Cidr: string;
  version: string;
  endpoint: string;
  /** Base64 of the PEM bundle. */
  certificateAuthority: string;
}

/** The account's EKS clusters. */
export class Clusters {
  readonly all = new Map<string, Cluster>();

  /** Throws ResourceNotFoundException. */
  get(name: string): Cluster {
    const cluster = this.all.get(name);
    if (!cluster) throw new AwsError('ResourceNotFoundException', `No cluster found for name: ${name}.`, 404);
    return cluster;
  }

  /** Points a cluster at the API server that stands for its control plane. */
  connect(
    name: string, { endpoint, certificateAuthority, version, serviceIpv4Cidr }: Partial<Pick<Cluster,
    'endpoint' | 'certificateAuthority' | 'version' | 'serviceIpv4Cidr'>>,
  ): void {
    const cluster = this.get(name);
    if (endpoint !== undefined) cluster.endpoint = endpoint;
    if (certificateAuthority !== undefined) cluster.certificateAuthority = certificateAuthority;
    if (version !== undefined) cluster.version = version;
    if (serviceIpv4Cidr !== undefined) cluster.serviceIpv4Cidr = serviceIpv4Cidr;
  }
}
