import type { EC2NodeClassSpec } from '../../../api/ec2nodeclass.js';
import type { AMIFamily } from '../../../api/ec2nodeclass.js';
import type { InstanceTypeFacts } from './facts.js';

/** Why no machine of the type can be launched with the class's settings; undefined when one can (karpenter-aws §3.7). */
export function incompatibility(
  facts: InstanceTypeFacts,
  spec: Pick<EC2NodeClassSpec, 'networkInterfaces' | 'cpuOptions' | 'connectionTracking'>,
  family: AMIFamily,
  placementStrategy?: string,
): string | undefined {
  if (spec.networkInterfaces?.length) {
    const reason = interfaceIncompatibility(facts, spec.networkInterfaces);
    if (reason !== undefined) return reason;
  }
  if (family === 'AL2023' && facts.name.startsWith('a1.')) return 'AL2023 does not support a1';
  if (spec.cpuOptions?.nestedVirtualization === 'enabled' && !facts.nestedVirtualization) return 'no nested virtualization';
  if (placementStrategy !== undefined && !facts.placementStrategies.includes(placementStrategy)) return `no placement groups of strategy ${placementStrategy}`;
  if (spec.connectionTracking && facts.hypervisor !== 'nitro') return 'connection tracking needs the Nitro hypervisor';
  return undefined;
}

function interfaceIncompatibility(facts: InstanceTypeFacts, interfaces: NonNullable<EC2NodeClassSpec['networkInterfaces']>): string | undefined {
  if (facts.networkCards.length === 0) return 'network cards are not known';
  if (facts.enaUnsupported) return 'no elastic network adapter';
  for (const { networkCardIndex, deviceIndex } of interfaces) {
    const limit = facts.networkCards[networkCardIndex];
    if (limit === undefined) return `no network card ${networkCardIndex}`;
    if (deviceIndex >= limit) return `network card ${networkCardIndex} takes ${limit} interfaces`;
  }
  const efaOnly = interfaces.filter(({ interfaceType }) => interfaceType === 'efa-only').length;
  return efaOnly > facts.efaInterfaces ? `at most ${facts.efaInterfaces} EFA interfaces` : undefined;
}
