import { DescribeClusterCommand } from './aws-sdk.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import type { KubernetesFacts } from './ports.js';
import type { AwsSettings } from './settings.js';

const OLDEST_MINOR = 26;
const NEWEST_MINOR = 36;

/** Karpenter has not been tried with this version of Kubernetes. */
export class UnsupportedKubernetesVersion extends Error {
  readonly reason = 'UnsupportedKubernetesVersion';
  constructor(readonly version: string) {
    super(`Kubernetes ${version} is outside the supported range 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}`);
  }
}

/** The cluster's Kubernetes version, `1.31`. */
export class VersionProvider {
  private known: string | undefined;

  constructor(private readonly clients: Pick<AwsClients, 'eks'>, private readonly kubernetes: KubernetesFacts, private readonly settings: AwsSettings) {}

  /** As last read; reads it if it never was. */
  async get(signal?: AbortSignal): Promise<string> {
    this.known ??= await this.read(signal);
    return this.known;
  }

  /**
   * Reads it anew, to be called every 5 minutes. Rejects with {@link UnsupportedKubernetesVersion} when the version changed to
   * one outside the supported range; it is in use nevertheless.
   */
  async update(signal?: AbortSignal): Promise<void> {
    const version = await this.read(signal);
    const changed = version !== this.known;
    this.known = version;
    const minor = Number(version.split('.')[1]);
    if (changed && !(minor >= OLDEST_MINOR && minor <= NEWEST_MINOR)) throw new UnsupportedKubernetesVersion(version);
  }

  private async read(signal: AbortSignal | undefined): Promise<string> {
    if (!this.settings.eksControlPlane) return (await this.kubernetes.serverVersion(signal)).replace(/\+$/, '');
    const { cluster } = await this.clients.eks.send(new DescribeClusterCommand({ name: this.settings.clusterName }), abortable(signal));
    if (!cluster?.version) throw new Error(`eks:DescribeCluster names no version for cluster "${this.settings.clusterName}"`);
    return cluster.version;
  }
}
