import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import type { NodePool } from '../../api/nodepool.js';
import { createAwsServices } from '../../cloud/aws/services.js';
import type { AwsEnvironment } from '../../cloud/aws/services.js';
import { awsSettings } from '../../cloud/aws/settings.js';
import type { InstanceType } from '../../cloud/instance-type.js';
import { seededRandom, systemClock } from '../../operator/index.js';
import { createAws } from '../../sandbox/aws/aws.js';
import { sdkRequestHandler } from '../../sandbox/aws/sdk-request-handler.js';

const CLUSTER = 'my-cluster';

/** The name of the EC2NodeClass that a pool launches with. */
export const nodeClassOf = ({ spec: { template } }: NodePool): string => (template.spec.nodeClassRef as { name: string } | undefined)?.name ?? 'default';

/** What a pool launches when nothing describes its node class. */
const defaultClass = (name: string): EC2NodeClass => ({
  apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '', labels: {}, annotations: {} }, status: {},
  spec: { amiSelectorTerms: [{ alias: 'al2023@latest' }], subnetSelectorTerms: [], securityGroupSelectorTerms: [] },
});

/**
 * What each NodePool could launch in a region: the AWS provider's own answer, asked of an embedded AWS that sells the built-in catalogue in
 * the region's three zones, on demand and on the spot. A node class's subnets are taken to be there in every zone.
 */
export async function builtinCatalogue(region: string, pools: readonly NodePool[], nodeClasses: ReadonlyMap<string, EC2NodeClass>): Promise<Map<string, readonly InstanceType[]>> {
  const clock = systemClock({ background: true });
  const aws = createAws({ clock, random: seededRandom(1), region });
  const services = createAwsServices(
    awsSettings({ clusterName: CLUSTER, region }),
    { clock, random: seededRandom(2), requestHandler: sdkRequestHandler(aws) as NonNullable<AwsEnvironment['requestHandler']>, credentials: { accessKeyId: 'offline', secretAccessKey: 'offline' } },
    { nodeClasses: { get: () => undefined, poolsOf: () => [], pool: () => undefined }, kubernetes: { serverVersion: () => Promise.resolve(''), kubeDNS: () => Promise.resolve(undefined), caBundle: () => '' } },
  );
  try {
    await Promise.all([services.instanceTypes.update(), services.pricing.update()]);
    const everywhere = defaultClass('everywhere');
    everywhere.spec.subnetSelectorTerms = [{ tags: { 'karpenter.sh/discovery': CLUSTER, tier: 'private' } }];
    const subnets = (await services.subnets.list(everywhere)).map(({ id, zone, zoneID }) => ({ id, zone, zoneID }));
    return new Map(pools.map((pool) => {
      const className = nodeClassOf(pool);
      const { metadata, status, ...nodeClass } = nodeClasses.get(className) ?? defaultClass(className);
      return [pool.metadata.name, services.instanceTypes.list({ ...nodeClass, metadata: { ...metadata, uid: className }, status: { ...status, subnets } })];
    }));
  } finally {
    services.close();
    await aws.close();
  }
}
