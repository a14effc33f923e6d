import { paginateDescribeImages } from './aws-sdk.js';
import type { Filter, Image } from '@aws-sdk/client-ec2';
import type { AMISelectorTerm, EC2NodeClass, EC2NodeClassStatus } from '../../api/ec2nodeclass.js';
import type { Requirement } from '../../api/requirement.js';
import type { Clock } from '../../operator/clock.js';
import { aliasParameters, architectureRequirement, variantRequirements } from './ami-alias.js';
import type { AliasParameter } from './ami-alias.js';
import { aliasOf, effectiveAMITerms } from './ami-family.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { isNotFound } from './errors.js';
import { ExpiringCache } from './expiring-cache.js';
import { generationKey } from './generation-key.js';
import { isPast } from './ssm-provider.js';
import type { SsmProvider } from './ssm-provider.js';
import { tagFilters } from './selectors.js';
import type { InstanceType } from '../instance-type.js';
import { requirementsOf } from '../parsed-requirements.js';

export type Ami = NonNullable<EC2NodeClassStatus['amis']>[number];

/** One DescribeImages call, and what its images are for. */
interface Query {
  filters: Filter[];
  owners?: string[];
  /** Requirements by image id, one list a variant; images that are not named get none but their architecture. */
  variants: ReadonlyMap<string, readonly (readonly Requirement[])[]>;
}

interface Found extends Ami {
  creationDate: string;
}

/** EC2's names of architectures in Kubernetes' words; images of others are of no use. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', arm64: 'arm64' };

/** None of an alias' parameters could be read. */
export class AliasNotResolved extends Error {
  readonly reason: string = 'AliasNotResolved';
  constructor(readonly alias: string, readonly parameters: readonly string[], options: ErrorOptions) {
    super(`AMI alias "${alias}": none of its SSM parameters could be read (${parameters.join(', ')})`, options);
  }
}

/** SSM has none of an alias' parameters: there is no such version. */
export class AliasNotFound extends AliasNotResolved {
  override readonly reason = 'AMINotFound';
}

/** Resolves a node class's AMI selector terms to images. */
export class AmiProvider {
  private readonly cache: ExpiringCache<readonly Ami[]>;

  constructor(
    private readonly clients: Pick<AwsClients, 'ec2'>,
    private readonly ssm: SsmProvider,
    private readonly version: { get(signal?: AbortSignal): Promise<string> },
    private readonly clock: Clock,
    refreshInterval: number,
  ) {
    this.cache = new ExpiringCache(clock, { ttl: refreshInterval });
  }

  /**
   * Newest first, then by id, each with what a type must be to launch from it; empty when nothing matches. Rejects with
   * `UnsupportedAlias` when the cluster's version has no such images.
   */
  async list(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<readonly Ami[]> {
    const queries = await this.queries(nodeClass, signal);
    const key = `${generationKey(nodeClass)}/${JSON.stringify(queries.map(({ filters, owners }) => [filters, owners]))}`;
    const known = this.cache.get(key);
    if (known) return known;
    const found = (await Promise.all(queries.map((query) => this.run(query, signal)))).flat();
    const amis = latestOfEachKind(found).map(({ creationDate: _, ...ami }): Ami => ami);
    this.cache.set(key, amis);
    return amis;
  }

  private async queries(nodeClass: EC2NodeClass, signal: AbortSignal | undefined): Promise<Query[]> {
    const alias = aliasOf(nodeClass);
    if (alias) {
      const variants = await this.resolveAlias(`${alias.family.toLowerCase()}@${alias.version}`, aliasParameters(alias, await this.version.get(signal)), signal);
      return [{ filters: [{ Name: 'image-id', Values: [...variants.keys()] }], variants }];
    }
    const ids: string[] = [];
    const queries: Query[] = [];
    for (const term of effectiveAMITerms(nodeClass)) {
      if (term.id) ids.push(term.id);
      else if (term.ssmParameter) ids.push(...(await this.resolveParameter(term.ssmParameter, signal)));
      else queries.push(termQuery(term));
    }
    if (ids.length > 0) queries.unshift({ filters: [{ Name: 'image-id', Values: ids }], variants: new Map() });
    return queries;
  }

  private async resolveAlias(alias: string, parameters: readonly AliasParameter[], signal: AbortSignal | undefined): Promise<Map<string, Requirement[][]>> {
    const variants = new Map<string, Requirement[][]>();
    const failures: unknown[] = [];
    await Promise.all(parameters.map(async (parameter) => {
      try {
        const id = await this.ssm.get(parameter, signal);
        variants.set(id, [...(variants.get(id) ?? []), ...parameter.variants.map((variant) => variantRequirements(variant, parameter.windowsBuild))]);
      } catch (error) {
        failures.push(error);
      }
    }));
    if (variants.size === 0) {
      const Failure = failures.every(isNotFound) ? AliasNotFound : AliasNotResolved;
      throw new Failure(alias, parameters.map(({ name }) => name), { cause: failures.at(-1) });
    }
    return new Map([...variants].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private async resolveParameter(name: string, signal: AbortSignal | undefined): Promise<string[]> {
    try {
      const value = await this.ssm.get({ name, mutable: true, custom: true }, signal);
      return value.startsWith('ami-') ? [value] : [];
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  private async run({ filters, owners, variants }: Query, signal: AbortSignal | undefined): Promise<Found[]> {
    const found: Found[] = [];
    const input = { Filters: [...filters, { Name: 'state', Values: ['available'] }], IncludeDeprecated: true, ...(owners ? { Owners: owners } : {}) };
    for await (const page of paginateDescribeImages({ client: this.clients.ec2, pageSize: 1000 }, input, abortable(signal))) {
      for (const image of page.Images ?? []) for (const requirements of variants.get(image.ImageId ?? '') ?? [[]]) found.push(...this.toAmi(image, requirements));
    }
    return found;
  }

  private toAmi({ ImageId, Name, Architecture, CreationDate, DeprecationTime }: Image, requirements: readonly Requirement[]): Found[] {
    const architecture = ARCHITECTURES[Architecture ?? ''];
    if (ImageId === undefined || architecture === undefined) return [];
    return [{
      id: ImageId,
      ...(Name ? { name: Name } : {}),
      ...(isPast(DeprecationTime, this.clock) ? { deprecated: true } : {}),
      requirements: [architectureRequirement(architecture), ...requirements].sort((a, b) => a.key.length - b.key.length || (a.key < b.key ? -1 : 1)),
      creationDate: CreationDate ?? '',
    }];
  }
}

function termQuery({ tags, name, owner }: AMISelectorTerm): Query {
  const owners = owner ? [owner] : name ? ['self', 'amazon'] : undefined;
  return {
    filters: [...(name ? [{ Name: 'name', Values: [name] }] : []), ...tagFilters(tags ?? {})],
    ...(owners ? { owners } : {}),
    variants: new Map(),
  };
}

/** Among images for exactly the same machines: one that is not deprecated, then the newest, then the greatest name. */
function latestOfEachKind(found: readonly Found[]): Found[] {
  const best = new Map<string, Found>();
  for (const ami of found) {
    const kind = JSON.stringify(ami.requirements);
    const current = best.get(kind);
    if (current === undefined || isBetter(ami, current)) best.set(kind, ami);
  }
  return [...best.values()].sort((a, b) =>
    byText(b.creationDate, a.creationDate) || byText(a.id, b.id) || byText(JSON.stringify(a.requirements), JSON.stringify(b.requirements)));
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function isBetter(ami: Found, than: Found): boolean {
  if ((ami.deprecated ?? false) !== (than.deprecated ?? false)) return than.deprecated === true;
  if (ami.creationDate !== than.creationDate) return ami.creationDate > than.creationDate;
  return (ami.name ?? '') > (than.name ?? '');
}


/** The first of the class's AMIs that the type can launch from. */
export const amiFor = (instanceType: Pick<InstanceType, 'requirements'>, amis: readonly Ami[]): Ami | undefined =>
  amis.find((ami) => requirementsOf(instanceType).compatible(requirementsOf(ami)));

/** Types by the AMI that they launch from; types without one are left out. */
export function groupByAmi<Type extends InstanceType>(instanceTypes: readonly Type[], amis: readonly Ami[]): Map<Ami, Type[]> {
  const groups = new Map<Ami, Type[]>();
  for (const instanceType of instanceTypes) {
    const ami = amiFor(instanceType, amis);
    if (ami) groups.set(ami, [...(groups.get(ami) ?? []), instanceType]);
  }
  return groups;
}
