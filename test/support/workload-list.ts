import { AWS_INSTANCE_LABELS, ZONE_ID_LABEL } from '../../src/api/labels.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { providerBed } from './aws-provider.js';
import type { Workload } from './workload.js';
import { adversarialMix } from './workloads-adversarial.js';
import { halfFullNodes } from './workloads-existing.js';
import { dedicatedPool, dedicatedTo, serviceDaemons, serviceMix, servicePools } from './workloads-services.js';
import { UPSTREAM_LABELS, inValues, nodePool, preferenceMix, upstreamCatalogue, upstreamMix } from './workloads.js';

/** What the provider hands out of AWS's catalogue for an ordinary class with a subnet in each of three zones. */
async function awsCatalogue(): Promise<readonly InstanceType[]> {
  const bed = await providerBed();
  return bed.services.instanceTypes.list(await bed.readyNodeClass());
}

const onUpstream = async (pods: Workload['pods'], preferencePolicy?: 'Ignore'): Promise<Workload> => ({
  catalogue: upstreamCatalogue(),
  pools: [nodePool('default', { limits: { cpu: '10000000', memory: '10000000Gi' } })],
  wellKnownLabels: UPSTREAM_LABELS,
  pods,
  ...(preferencePolicy ? { preferencePolicy } : {}),
});

async function onAws(pods: Workload['pods'], rest: (catalogue: readonly InstanceType[]) => Partial<Workload> = () => ({})): Promise<Workload> {
  const catalogue = await awsCatalogue();
  return { catalogue, wellKnownLabels: [...AWS_INSTANCE_LABELS, ZONE_ID_LABEL], pools: servicePools(), daemonSets: serviceDaemons(), pods, ...rest(catalogue) };
}

/** Pods that run on anybody's machines, onto machines of a size with which half of them are enough. */
const existing = (count: number, size: string): Promise<Workload> => onAws(() => serviceMix(5_000, { seed: 2, owner: {} }), (catalogue) =>
  halfFullNodes(count, catalogue.filter(({ name }) => ['m6i', 'c6i', 'r6a', 'm7g'].some((family) => name === `${family}.${size}`)), 'general'));

const TEAMS = Array.from({ length: 20 }, (_, index) => `team-${index}`);

/** By name. All are deterministic. */
export const WORKLOADS: Readonly<Record<string, () => Promise<Workload>>> = {
  'upstream-mix-1000': () => onUpstream(() => upstreamMix(1_000)),
  'upstream-mix-5000': () => onUpstream(() => upstreamMix(5_000)),
  'upstream-mix-20000': () => onUpstream(() => upstreamMix(20_000)),
  'upstream-mix-100000': () => onUpstream(() => upstreamMix(100_000)),
  'preferences-respect': () => onUpstream(() => preferenceMix(4_000)),
  'preferences-ignore': () => onUpstream(() => preferenceMix(4_000), 'Ignore'),
  'services-2000': () => onAws(() => serviceMix(2_000)),
  'services-10000': () => onAws(() => serviceMix(10_000)),
  'services-50000': () => onAws(() => serviceMix(50_000)),
  'existing-250': () => existing(250, '8xlarge'),
  'existing-5000': () => existing(5_000, '2xlarge'),
  pools: () => onAws(
    () => TEAMS.flatMap((team, index) => serviceMix(1_000, { seed: index, name: team, owner: dedicatedTo(team) })),
    () => ({ pools: TEAMS.map((team) => dedicatedPool(team, [inValues('karpenter.k8s.aws/instance-category', 'c', 'm', 'r')])) }),
  ),
  adversarial: () => onAws(() => adversarialMix(5_000)),
};
