import { paginateDescribeInstanceStatus } from './aws-sdk.js';
import type { Filter, InstanceStatusSummary } from '@aws-sdk/client-ec2';
import type { Clock } from '../../operator/clock.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { isUnauthorized } from './errors.js';

/** EC2's verdict on one aspect of an instance. */
export interface ImpairedInstance {
  instanceID: string;
  /** Failed checks end the node forcefully; scheduled events drain it. */
  category: 'InstanceStatus' | 'SystemStatus' | 'EventStatus';
  /** Milliseconds since the epoch. */
  impairedSince: number;
}

const EVENT_CODES = ['instance-reboot', 'system-reboot', 'system-maintenance', 'instance-retirement', 'instance-stop'];
const QUERIES: readonly Filter[][] = [
  [{ Name: 'instance-status.status', Values: ['impaired'] }],
  [{ Name: 'system-status.status', Values: ['impaired'] }],
  [{ Name: 'event.code', Values: EVENT_CODES }],
];
/** A failed check counts once it has failed for this long. */
const TOLERATION = 120_000;

/** Finds the instances that EC2's status checks or scheduled events say are unwell: of the whole region, not only ours. */
export class InstanceStatusProvider {
  private unauthorized = false;

  constructor(private readonly clients: Pick<AwsClients, 'ec2'>, private readonly clock: Clock) {}

  /** False once EC2 has refused to answer: then there is nothing to be had until the next start. */
  get enabled(): boolean {
    return !this.unauthorized;
  }

  /** One entry for each instance and category. Empty, and quiet, when the operator may not ask. */
  async list(signal?: AbortSignal): Promise<ImpairedInstance[]> {
    if (this.unauthorized) return [];
    const found = new Map<string, ImpairedInstance>();
    try {
      for (const Filters of QUERIES) {
        for await (const page of paginateDescribeInstanceStatus({ client: this.clients.ec2 }, { Filters }, abortable(signal))) {
          for (const { InstanceId, InstanceStatus, SystemStatus, Events } of page.InstanceStatuses ?? []) {
            if (InstanceId === undefined) continue;
            const add = (category: ImpairedInstance['category'], impairedSince: number | undefined): void => {
              if (impairedSince !== undefined) found.set(`${InstanceId}/${category}`, { instanceID: InstanceId, category, impairedSince });
            };
            add('InstanceStatus', this.failedSince(InstanceStatus));
            add('SystemStatus', this.failedSince(SystemStatus));
            if (Events?.some(({ Code }) => Code !== undefined && EVENT_CODES.includes(Code))) add('EventStatus', this.clock.now());
          }
        }
      }
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      this.unauthorized = true;
      return [];
    }
    return [...found.values()];
  }

  private failedSince(summary: InstanceStatusSummary | undefined): number | undefined {
    const failures = (summary?.Details ?? []).filter(({ Status }) => Status === 'failed').map(({ ImpairedSince }) => ImpairedSince?.getTime() ?? this.clock.now());
    const since = failures.filter((time) => this.clock.now() - time >= TOLERATION);
    return since.length === 0 ? undefined : Math.min(...since);
  }
}
