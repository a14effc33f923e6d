import type { AMIFamily, EC2NodeClassSpec } from './ec2nodeclass.js';

const FAMILIES: Readonly<Record<string, AMIFamily>> = {
  al2: 'AL2',
  al2023: 'AL2023',
  bottlerocket: 'Bottlerocket',
  windows2019: 'Windows2019',
  windows2022: 'Windows2022',
  windows2025: 'Windows2025',
};

/** The alias of a node class's images, split at its `@`: given, or derived from a family without image terms (DESIGN §9). */
export function aliasOf({ amiSelectorTerms, amiFamily }: Pick<EC2NodeClassSpec, 'amiSelectorTerms' | 'amiFamily'>): { family: AMIFamily; version: string } | undefined {
  const alias = amiSelectorTerms?.find((term) => term.alias)?.alias;
  if (alias) {
    const [name = '', version = 'latest'] = alias.split('@');
    const family = FAMILIES[name.toLowerCase()];
    return family && { family, version };
  }
  if (amiFamily && amiFamily !== 'Custom' && !amiSelectorTerms?.length) return { family: amiFamily, version: 'latest' };
  return undefined;
}

/** Which family's user data and disks a node class uses: named, or its alias's, or Custom. */
export const amiFamilyOf = (spec: Pick<EC2NodeClassSpec, 'amiSelectorTerms' | 'amiFamily'>): AMIFamily => spec.amiFamily ?? aliasOf(spec)?.family ?? 'Custom';
