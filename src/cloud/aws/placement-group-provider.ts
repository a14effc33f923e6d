import { DescribePlacementGroupsCommand } from './aws-sdk.js';
import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import type { Clock } from '../../operator/clock.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { isNotFound } from './errors.js';
import { ExpiringCache } from './expiring-cache.js';

export interface PlacementGroup {
  id: string;
  name: string;
  /** `cluster`, `partition` or `spread`. */
  strategy: string;
  /** 0 unless the strategy is partition. */
  partitions: number;
}

/** Finds the placement group of a node class. It is not in the class's status: this is the only memory of it. */
export class PlacementGroupProvider {
  private readonly lookedUp: ExpiringCache<true>;
  private readonly groups: ExpiringCache<PlacementGroup>;

  constructor(private readonly clients: Pick<AwsClients, 'ec2'>, clock: Clock) {
    this.lookedUp = new ExpiringCache(clock, { ttl: 60_000 });
    this.groups = new ExpiringCache(clock, { ttl: 24 * 3_600_000 });
  }

  /** The group as EC2 saw it within the last minute; undefined when the class names none or it does not exist. */
  async get(nodeClass: Pick<EC2NodeClass, 'spec'>, signal?: AbortSignal): Promise<PlacementGroup | undefined> {
    const selector = nodeClass.spec.placementGroupSelector;
    if (!selector) return undefined;
    const key = keyOf(selector);
    if (this.lookedUp.has(key)) return this.groups.get(key);
    const found = await this.describe(selector, signal);
    this.lookedUp.set(key, true);
    if (found) this.groups.set(key, found);
    else this.groups.delete(key);
    return found;
  }

  /** The group as it was last seen, within a day; for launches and listings, which must not wait for EC2. */
  known(nodeClass: Pick<EC2NodeClass, 'spec'>): PlacementGroup | undefined {
    const selector = nodeClass.spec.placementGroupSelector;
    return selector && this.groups.get(keyOf(selector));
  }

  private async describe({ id, name }: Selector, signal: AbortSignal | undefined): Promise<PlacementGroup | undefined> {
    try {
      const { PlacementGroups = [] } = await this.clients.ec2.send(new DescribePlacementGroupsCommand({
        ...(id ? { GroupIds: [id] } : { GroupNames: [name ?? ''] }), Filters: [{ Name: 'state', Values: ['available'] }],
      }), abortable(signal));
      const [group] = PlacementGroups;
      if (!group?.GroupId || !group.Strategy) return undefined;
      return { id: group.GroupId, name: group.GroupName ?? '', strategy: group.Strategy, partitions: group.Strategy === 'partition' ? (group.PartitionCount ?? 0) : 0 };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

type Selector = NonNullable<EC2NodeClass['spec']['placementGroupSelector']>;
const keyOf = ({ id, name }: Selector): string => (id ? `id:${id}` : `name:${name}`);
