import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import type { NodePool } from '../../api/nodepool.js';
import type { KubeObject } from '../../operator/kube/object.js';

/** The node classes and pools as the operator's stores have them now. */
export interface NodeClassLookup {
  get(name: string): EC2NodeClass | undefined;
  /** Pools that launch from a class: what validation's dry runs should try. */
  poolsOf(name: string): readonly NodePool[];
  /** A pool by name, for drift. */
  pool(name: string): NodePool | undefined;
}

/** What only the Kubernetes API knows about the cluster. */
export interface KubernetesFacts {
  /** `major.minor` of the API server, a trailing `+` removed. */
  serverVersion(signal?: AbortSignal): Promise<string>;
  /** ClusterIP of `kube-system/kube-dns`; undefined when there is no such service. */
  kubeDNS(signal?: AbortSignal): Promise<string | undefined>;
  /** The API server's certificate authority, base64; empty when unknown. */
  caBundle(): string;
}

/** A Kubernetes event about an object. */
export interface CloudEvent {
  object: KubeObject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** Where the provider's events go. */
export interface EventPublisher {
  publish(event: CloudEvent): void;
}
