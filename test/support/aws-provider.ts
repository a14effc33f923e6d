import type { EC2NodeClass, EC2NodeClassSpec } from '../../src/api/ec2nodeclass.js';
import type { NodeClaim } from '../../src/api/nodeclaim.js';
import type { NodePool } from '../../src/api/nodepool.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { ResourceList } from '../../src/api/resources.js';
import type { InstanceTypeOverlays } from '../../src/cloud/overlay/overlay-store.js';
import type { CloudEvent } from '../../src/cloud/aws/ports.js';
import { createAwsServices } from '../../src/cloud/aws/services.js';
import type { AwsEnvironment, AwsServices } from '../../src/cloud/aws/services.js';
import { awsSettings } from '../../src/cloud/aws/settings.js';
import type { AwsSettings } from '../../src/cloud/aws/settings.js';
import { seededRandom } from '../../src/operator/random.js';
import { VirtualClock } from '../../src/operator/testing/virtual-clock.js';
import { createAws } from '../../src/sandbox/aws/aws.js';
import type { SandboxAws } from '../../src/sandbox/aws/aws.js';
import { sdkRequestHandler } from '../../src/sandbox/aws/sdk-request-handler.js';

const NAMED = { kind: 'EC2NodeClass', group: 'karpenter.k8s.aws' };

/** The provider on a sandbox AWS in virtual time, with the stores that the operator would have. */
export interface ProviderBed {
  aws: SandboxAws;
  clock: VirtualClock;
  services: AwsServices;
  nodeClasses: Map<string, EC2NodeClass>;
  pools: Map<string, NodePool>;
  events: CloudEvent[];
  /** Lets virtual time run until the promise is settled. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** A class in the store, its status not filled. */
  addNodeClass(spec?: Partial<EC2NodeClassSpec>, name?: string): EC2NodeClass;
  /** A class in the store with everything that its reconciler would have found, Ready. */
  readyNodeClass(spec?: Partial<EC2NodeClassSpec>, name?: string): Promise<EC2NodeClass>;
  addPool(requirements?: Requirement[], nodeClass?: string, name?: string): NodePool;
  claim(requirements?: Requirement[], options?: { requests?: ResourceList; labels?: Record<string, string>; uid?: string; nodeClass?: string }): NodeClaim;
  /** Launches for a claim, with the claim's uid as the token. */
  launch(claim: NodeClaim): ReturnType<AwsServices['cloudProvider']['create']>;
}

/** What every fresh sandbox says of types and prices: read over the wire once, as that takes half a second. */
let tables: Promise<Pick<AwsServices, 'instanceTypes' | 'pricing'>> | undefined;

async function readTables({ instanceTypes, pricing }: AwsServices): Promise<Pick<AwsServices, 'instanceTypes' | 'pricing'>> {
  await Promise.all([instanceTypes.update(), pricing.update()]);
  return { instanceTypes, pricing };
}

/** Copies what `update` reads from one provider to another. */
function share<T extends object>(from: T, to: T, ...fields: string[]): void {
  for (const field of fields) (to as Record<string, unknown>)[field] = (from as Record<string, unknown>)[field];
}

const metadata = (name: string, uid: string) => ({ name, uid, resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} });

export interface ProviderBedOptions {
  settings?: Partial<AwsSettings>;
  environment?: Partial<AwsEnvironment>;
  kubernetesVersion?: string;
  /** Default: one of its own, in January 2026. */
  clock?: VirtualClock;
  /** Default: none. */
  overlays?: InstanceTypeOverlays;
}

/** Types and prices are read already. */
export async function providerBed({ settings = {}, environment = {}, kubernetesVersion = '1.32', clock = new VirtualClock(Date.UTC(2026, 0, 1)), overlays }: ProviderBedOptions = {}): Promise<ProviderBed> {
  const aws = createAws({ clock, random: seededRandom(1), kubernetesVersion });
  const nodeClasses = new Map<string, EC2NodeClass>();
  const pools = new Map<string, NodePool>();
  const events: CloudEvent[] = [];
  const services = createAwsServices(
    awsSettings({ clusterName: 'my-cluster', region: 'us-west-2', interruptionQueue: 'my-cluster', ...settings }),
    { clock, random: seededRandom(2), requestHandler: sdkRequestHandler(aws) as NonNullable<AwsEnvironment['requestHandler']>, credentials: { accessKeyId: 'AKIASANDBOX', secretAccessKey: 'sandbox' }, ...environment },
    {
      nodeClasses: {
        get: (name) => nodeClasses.get(name),
        pool: (name) => pools.get(name),
        poolsOf: (name) => [...pools.values()].filter(({ spec }) => spec.template.spec.nodeClassRef.name === name),
      },
      kubernetes: { serverVersion: async () => kubernetesVersion, kubeDNS: async () => '10.100.0.10', caBundle: () => 'Y2E=' },
      events: { publish: (event) => events.push(event) },
      ...(overlays ? { overlays } : {}),
    },
  );
  let claims = 0;

  const bed: ProviderBed = {
    aws, clock, services, nodeClasses, pools, events,
    async run(promise) {
      let settled = false;
      promise.then(() => { settled = true; }, () => { settled = true; });
      await clock.advanceUntil(() => settled, { step: '50ms' });
      return promise;
    },
    addNodeClass(spec = {}, name = 'default') {
      const nodeClass: EC2NodeClass = {
        apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: metadata(name, `uid-of-${name}`), status: {},
        spec: {
          subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster', tier: 'private' } }],
          securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }],
          amiSelectorTerms: [{ alias: 'al2023@latest' }],
          role: 'KarpenterNodeRole-my-cluster',
          ...spec,
        },
      };
      nodeClasses.set(name, nodeClass);
      return nodeClass;
    },
    async readyNodeClass(spec, name) {
      const nodeClass = bed.addNodeClass(spec, name);
      const { status } = nodeClass;
      status.subnets = (await services.subnets.list(nodeClass)).map(({ id, zone, zoneID }) => ({ id, zone, zoneID }));
      status.securityGroups = [...(await services.securityGroups.list(nodeClass))];
      status.amis = [...(await services.amis.list(nodeClass))];
      status.instanceProfile = await services.instanceProfiles.ensure(nodeClass);
      status.conditions = ['AMIsReady', 'SubnetsReady', 'SecurityGroupsReady', 'InstanceProfileReady', 'ValidationSucceeded', 'Ready'].map((type) => ({
        type, status: 'True', reason: type, message: '', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1,
      }));
      return nodeClass;
    },
    addPool(requirements = [], nodeClass = 'default', name = 'default') {
      const pool: NodePool = {
        apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: metadata(name, `uid-of-${name}`), status: {},
        spec: { template: { spec: { requirements, nodeClassRef: { ...NAMED, name: nodeClass } } } },
      };
      pools.set(name, pool);
      return pool;
    },
    claim(requirements = [], { requests = {}, labels = {}, uid = `claim-uid-${(claims += 1)}`, nodeClass = 'default' } = {}) {
      return {
        apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', status: {},
        metadata: { ...metadata(`default-${uid}`, uid), labels: { 'karpenter.sh/nodepool': 'default', ...labels } },
        spec: { requirements, resources: { requests }, nodeClassRef: { ...NAMED, name: nodeClass } },
      };
    },
    launch: (claim) => bed.run(services.cloudProvider.create(claim, { clientToken: claim.metadata.uid })),
  };
  tables ??= readTables(services);
  const { instanceTypes, pricing } = await tables;
  share(instanceTypes, services.instanceTypes, 'facts', 'offeredZones', 'zones', 'tableVersion');
  share(pricing, services.pricing, 'onDemandPrices', 'spotPrices', 'changes');
  return bed;
}
