import type { Clock, KubeTransport, Random } from '../operator/index.js';
import { readText } from '../operator/kube/lines.js';
import { createAws } from './aws/aws.js';
import type { SandboxAws } from './aws/aws.js';
import type { FaultOptions } from './aws/faults.js';
import { GUIDE_SEED, createCluster } from './cluster/index.js';
import type { ControllerName, KubeletEndpoint, SandboxCluster } from './cluster/index.js';
import { PROMETHEUS_OPERATOR_CRDS } from './prometheus-operator-crds.js';

/** An API server, whoever runs it. */
export interface ControlPlane {
  /** Where machines find it, scheme included. */
  readonly url: string;
  /** Base64 PEM; empty when it has none. */
  readonly certificateAuthority: string;
  readonly transport: KubeTransport;
}

/** What lives on a control plane. */
export interface Population {
  readonly awsUrl: string;
  readonly aws: SandboxAws;
  readonly cluster: SandboxCluster;
  close(): Promise<void>;
}

export interface PopulationOptions {
  clock: Clock;
  random: Random;
  /** The CRDs that are there from the start; those that the server has already stay as they are. */
  crds: readonly object[];
  /** Port of AWS; 0 (the default) takes a free one. */
  awsPort?: number;
  /** Of spot prices and capacity. */
  seed?: number;
  faults?: FaultOptions;
  /** Milliseconds that machines take to boot; default: a realistic distribution. */
  bootDelay?: () => number;
  /** Default: all of them. */
  controllers?: readonly ControllerName[];
  /** ClusterIP of kube-dns, where there is none yet; default: EKS's usual one. */
  dnsClusterIp?: string;
  kubelets?: KubeletEndpoint;
  report?: (message: string) => void;
}

/** The guide's clusters; here they are one. */
export const CLUSTERS = ['my-cluster', 'ecommerce-cluster'] as const;
const REGION = 'us-west-2';
const ZONE_IDS = { 'us-west-2a': 'usw2-az1', 'us-west-2b': 'usw2-az2', 'us-west-2c': 'usw2-az3' };

/** Starts an AWS, and a cluster of its machines on a control plane. */
export async function populate({ url, certificateAuthority, transport }: ControlPlane, options: PopulationOptions): Promise<Population> {
  const { clock, random, crds, awsPort = 0, seed, faults, bootDelay, controllers, dnsClusterIp, kubelets, report } = options;
  const aws = createAws({ clock, random, region: REGION, ...(seed === undefined ? {} : { seed }), ...(faults ? { faults } : {}) });
  let cluster: SandboxCluster | undefined;
  const close = async (): Promise<void> => {
    await cluster?.stop();
    await aws.close();
  };
  try {
    const { url: awsUrl } = await aws.listen({ port: awsPort });
    for (const name of CLUSTERS) aws.account.clusters.connect(name, { endpoint: url, ...(certificateAuthority ? { certificateAuthority } : {}) });
    await install(transport, [...PROMETHEUS_OPERATOR_CRDS, ...crds]);
    cluster = createCluster({
      transport, clock, random, machines: aws.machines, region: REGION, zoneIds: ZONE_IDS, seed: GUIDE_SEED,
      identities: CLUSTERS.map((name) => ({ name, endpoint: url, ...(certificateAuthority ? { certificateAuthority } : {}) })),
      ...(bootDelay ? { bootDelay } : {}), ...(controllers ? { controllers } : {}), ...(dnsClusterIp ? { dnsClusterIp } : {}), ...(kubelets ? { kubelets } : {}), ...(report ? { report } : {}),
    });
    await cluster.start();
    return { awsUrl, aws, cluster, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Creates CRDs that are not there yet. */
async function install(transport: KubeTransport, crds: readonly object[]): Promise<void> {
  for (const crd of crds) {
    const response = await transport.send({
      method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify(crd),
    });
    const answer = await readText(response.body);
    if (response.status >= 300 && response.status !== 409) throw new Error(`installing a CRD: ${answer}`);
  }
}
