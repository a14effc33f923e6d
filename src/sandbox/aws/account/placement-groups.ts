import type { Random } from '../../../operator/random.js';
import { AwsError } from '../protocol/error.js';
import { resourceId } from './identifiers.js';
import type { Tags } from './tags.js';

export interface PlacementGroup {
  readonly id: string;
  readonly name: string;
  readonly strategy: 'cluster' | 'partition' | 'spread';
  /** Of a partition group. */
  readonly partitions: number | undefined;
  readonly tags: Tags;
}

export interface NewPlacementGroup extends Pick<PlacementGroup, 'name' | 'strategy'> {
  partitions?: number;
  tags?: Record<string, string>;
}

/** The account's placement groups. A fresh account has none. */
export class PlacementGroups {
  readonly all = new Map<string, PlacementGroup>();

  constructor(private readonly random: Random) {}

  add({ name, strategy, partitions, tags = {} }: NewPlacementGroup): PlacementGroup {
    const group = { id: resourceId(this.random, 'pg'), name, strategy, partitions, tags: new Map(Object.entries(tags)) };
    this.all.set(group.id, group);
    return group;
  }

  get(id: string): PlacementGroup {
    const group = this.all.get(id);
    if (!group) throw new AwsError('InvalidPlacementGroup.Unknown', `The Placement Group '${id}' is unknown.`);
    return group;
  }
}
