import { paginateDescribeSecurityGroups } from './aws-sdk.js';
import type { EC2NodeClass, EC2NodeClassStatus } from '../../api/ec2nodeclass.js';
import type { Clock } from '../../operator/clock.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { ExpiringCache } from './expiring-cache.js';
import { selectorQueries } from './selectors.js';
import { generationKey } from './generation-key.js';

export type SecurityGroup = NonNullable<EC2NodeClassStatus['securityGroups']>[number];

/** Finds the security groups that a node class selects; every match is attached. */
export class SecurityGroupProvider {
  private readonly cache: ExpiringCache<readonly SecurityGroup[]>;

  constructor(private readonly clients: Pick<AwsClients, 'ec2'>, clock: Clock) {
    this.cache = new ExpiringCache(clock, { ttl: 60_000 });
  }

  /** By id. Empty when nothing matches. Remembered for a minute a generation of the class. */
  async list(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<readonly SecurityGroup[]> {
    const key = generationKey(nodeClass);
    const known = this.cache.get(key);
    if (known) return known;
    const groups = new Map<string, SecurityGroup>();
    for (const Filters of selectorQueries(nodeClass.spec.securityGroupSelectorTerms, 'group-id', 'group-name')) {
      for await (const page of paginateDescribeSecurityGroups({ client: this.clients.ec2, pageSize: 500 }, { Filters }, abortable(signal))) {
        for (const { GroupId, GroupName } of page.SecurityGroups ?? []) {
          if (GroupId) groups.set(GroupId, { id: GroupId, ...(GroupName ? { name: GroupName } : {}) });
        }
      }
    }
    const found = [...groups.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.cache.set(key, found);
    return found;
  }
}
