import { DescribeClusterCommand } from './aws-sdk.js';
import type { Cluster as EksCluster } from '@aws-sdk/client-eks';
import { isIP } from 'node:net';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import type { KubernetesFacts } from './ports.js';
import type { AwsSettings } from './settings.js';

/** The service CIDR, without which AL2023 nodes cannot be configured, is not known. */
export class ClusterCIDRUnknown extends Error {
  readonly reason = 'ClusterCIDRResolutionFailed';
  constructor(clusterName: string, options?: ErrorOptions) {
    super(`eks:DescribeCluster names no service CIDR for cluster "${clusterName}"`, options);
  }
}

/** What nodes must be told of the cluster that they join. Each fact is asked for once. */
export class Cluster {
  private description: EksCluster | undefined;
  private dns: { address: string | undefined } | undefined;

  constructor(private readonly clients: Pick<AwsClients, 'eks'>, private readonly kubernetes: KubernetesFacts, private readonly settings: AwsSettings) {}

  get name(): string {
    return this.settings.clusterName;
  }

  /** The API server's URL as nodes reach it. */
  async endpoint(signal?: AbortSignal): Promise<string> {
    if (this.settings.clusterEndpoint !== '') return this.settings.clusterEndpoint;
    const { endpoint } = await this.describe(signal);
    if (!endpoint) throw new Error(`eks:DescribeCluster names no endpoint for cluster "${this.name}"; set clusterEndpoint`);
    return endpoint;
  }

  /** Base64; empty when unknown. */
  caBundle(): string {
    return this.settings.clusterCABundle || this.kubernetes.caBundle();
  }

  /** The DNS service's address; undefined when it cannot be found out, which is no error. */
  async dnsAddress(signal?: AbortSignal): Promise<string | undefined> {
    if (this.dns === undefined) {
      try {
        this.dns = { address: await this.kubernetes.kubeDNS(signal) };
      } catch {
        return undefined;
      }
    }
    return this.dns.address;
  }

  /** Whether services, and so nodes, have IPv6 addresses: the DNS service's address tells. */
  async isIPv6(signal?: AbortSignal): Promise<boolean> {
    return isIP((await this.dnsAddress(signal)) ?? '') === 6;
  }

  /** Addresses of services. Rejects with {@link ClusterCIDRUnknown}. */
  async serviceCIDR(signal?: AbortSignal): Promise<string> {
    const { kubernetesNetworkConfig } = await this.describe(signal);
    const cidr = kubernetesNetworkConfig?.serviceIpv4Cidr ?? kubernetesNetworkConfig?.serviceIpv6Cidr;
    if (!cidr) throw new ClusterCIDRUnknown(this.name);
    return cidr;
  }

  /** Rejects when EKS does not know the cluster. */
  async arn(signal?: AbortSignal): Promise<string> {
    const { arn } = await this.describe(signal);
    if (!arn) throw new Error(`eks:DescribeCluster names no ARN for cluster "${this.name}"`);
    return arn;
  }

  private async describe(signal: AbortSignal | undefined): Promise<EksCluster> {
    if (this.description === undefined) {
      const { cluster } = await this.clients.eks.send(new DescribeClusterCommand({ name: this.name }), abortable(signal));
      if (!cluster) throw new Error(`eks:DescribeCluster does not know cluster "${this.name}"`);
      this.description = cluster;
    }
    return this.description;
  }
}
