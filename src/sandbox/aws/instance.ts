/** A running (or dying) machine of the sandbox's EC2, as the sandbox's kubelets see it. */
export interface SandboxInstance {
  /** `i-0123456789abcdef0`. */
  readonly instanceId: string;
  readonly instanceType: string;
  readonly availabilityZone: string;
  readonly privateIp: string;
  /** `ip-10-0-1-23.us-west-2.compute.internal`: the node's name. */
  readonly privateDnsName: string;
  readonly imageId: string;
  /** Which operating system the image boots, and so which notation of user data it reads; absent: as the user data looks. */
  readonly imageFamily?: 'AL2' | 'AL2023' | 'Bottlerocket' | 'Windows';
  /** Size of the volume that pods' files go to (the root volume; Bottlerocket: /dev/xvdb) in GiB; default 20. */
  readonly podVolumeGiB?: number;
  /** Decoded from the launch template; empty when it had none. */
  readonly userData: string;
  readonly lifecycle: 'spot' | 'on-demand';
  readonly instanceProfile: string | undefined;
  /** Milliseconds since the epoch, in the sandbox's time. */
  readonly launchTime: number;
  readonly state: 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
  readonly tags: Readonly<Record<string, string>>;
  /** USD an hour at launch. */
  readonly pricePerHour: number;
  /** Facts of the type. */
  readonly shape: {
    vcpus: number; memoryMiB: number; architecture: 'amd64' | 'arm64'; gpus: number; gpuManufacturer: string; maxEnis: number;
    ipv4PerEni: number; localNvmeGB: number;
  };
}

/** What the sandbox's cluster watches of its EC2. */
export interface Machines {
  /** Calls back now for every machine that exists, and whenever one appears or changes state. Returns the unsubscription. */
  subscribe(listener: (instance: SandboxInstance) => void): () => void;
  list(): readonly SandboxInstance[];
}
