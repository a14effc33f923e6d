import { AWS_INSTANCE_LABELS, ZONE_ID_LABEL } from '../../src/api/labels.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { providerBed } from './aws-provider.js';
import type { Workload } from './workload.js';
import { adversarialMix } from './workloads-adversarial.js';
import { halfFullNodes } from './workloads-existing.js';
import { dedicatedPool, dedicatedTo, serviceDaemons, serviceMix, servicePools } from './workloads-services.js';
import { UPSTREAM_LABELS, inValues, nodePool, preferenceMix, upstreamCatalogue, upstreamMix } from './workloads.js';

/** Makes the same workload again and again, each time of new objects; only the catalogue stays, as it does in an operator. */
export type WorkloadMaker = () => Workload;

/** What the provider hands out of AWS's catalogue for an ordinary class with a subnet in each of three zones. */
async function awsCatalogue(): Promise<readonly InstanceType[]> {
  const bed = await providerBed();
  return bed.services.instanceTypes.list(await bed.readyNodeClass());
}

function onUpstream(rest: () => Pick<Workload, 'pods' | 'preferencePolicy'>): Promise<WorkloadMaker> {
  const catalogue = upstreamCatalogue();
  const pools = [nodePool('default', { limits: { cpu: '10000000', memory: '10000000Gi' } })];
  return Promise.resolve(() => ({ catalogue, pools, wellKnownLabels: UPSTREAM_LABELS, ...rest() }));
}

async function onAws(rest: (catalogue: readonly InstanceType[]) => Omit<Workload, 'catalogue'>): Promise<WorkloadMaker> {
  const catalogue = await awsCatalogue();
  return () => ({ catalogue, wellKnownLabels: [...AWS_INSTANCE_LABELS, ZONE_ID_LABEL], ...rest(catalogue) });
}

const upstream = (count: number) => (): Promise<WorkloadMaker> => onUpstream(() => ({ pods: upstreamMix(count) }));

const services = (count: number) => (): Promise<WorkloadMaker> =>
  onAws(() => ({ pools: servicePools(), daemonSets: serviceDaemons(), pods: serviceMix(count) }));

/** Pods that run on anybody's machines, onto machines of a size with which half of them are enough. */
const existing = (count: number, size: string) => (): Promise<WorkloadMaker> => onAws((catalogue) => {
  const types = catalogue.filter(({ name }) => ['m6i', 'c6i', 'r6a', 'm7g'].some((family) => name === `${family}.${size}`));
  return {
    pools: servicePools(), daemonSets: serviceDaemons(), pods: serviceMix(5_000, { seed: 2, owner: {} }),
    ...halfFullNodes(count, types, 'general'),
  };
});

const TEAMS = Array.from({ length: 20 }, (_, index) => `team-${index}`);

/** By name. All are deterministic. */
export const WORKLOADS: Readonly<Record<string, () => Promise<WorkloadMaker>>> = {
  'upstream-mix-1000': upstream(1_000),
  'upstream-mix-5000': upstream(5_000),
  'upstream-mix-20000': upstream(20_000),
  'upstream-mix-100000': upstream(100_000),
  'preferences-respect': () => onUpstream(() => ({ pods: preferenceMix(4_000) })),
  'preferences-ignore': () => onUpstream(() => ({ pods: preferenceMix(4_000), preferencePolicy: 'Ignore' })),
  'services-2000': services(2_000),
  'services-10000': services(10_000),
  'services-50000': services(50_000),
  'existing-250': existing(250, '8xlarge'),
  'existing-5000': existing(5_000, '2xlarge'),
  pools: () => onAws(() => ({
    pools: TEAMS.map((team) => dedicatedPool(team, [inValues('karpenter.k8s.aws/instance-category', 'c', 'm', 'r')])),
    daemonSets: serviceDaemons(),
    pods: TEAMS.flatMap((team, index) => serviceMix(1_000, { seed: index, name: team, owner: dedicatedTo(team) })),
  })),
  adversarial: () => onAws(() => ({ pools: servicePools(), daemonSets: serviceDaemons(), pods: adversarialMix(5_000) })),
};
