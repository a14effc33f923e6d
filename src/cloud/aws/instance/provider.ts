import { CreateTagsCommand, paginateDescribeInstances, TerminateInstancesCommand } from '../aws-sdk.js';
import type { Filter } from '@aws-sdk/client-ec2';
import { NODECLASS_LABEL, NODEPOOL_LABEL } from '../../../api/labels.js';
import type { Clock } from '../../../operator/clock.js';
import { Batcher } from '../batcher.js';
import type { BatcherOptions } from '../batcher.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import { isNotFound } from '../errors.js';
import type { AwsSettings } from '../settings.js';
import { CLUSTER_NAME_TAG, NODECLAIM_UID_TAG, tagList } from '../tags.js';
import type { Tags } from '../tags.js';
import { ZoneShifted } from '../zonal-shift/provider.js';
import type { ZonalShifts } from '../zonal-shift/provider.js';
import { isTerminating, LIVE_STATES, toInstance } from './instance.js';
import type { Instance } from './instance.js';

const STATE_FILTER: Filter = { Name: 'instance-state-name', Values: LIVE_STATES };

/** Counts for metrics, and warnings for the log. */
export interface InstanceObserver {
  launchFailure?(failure: { zone: string; zoneID: string; capacityType: string; reason: string }): void;
  terminationFailure?(failure: { instanceID: string; zone: string; zoneID: string }): void;
  batch?: NonNullable<BatcherOptions<unknown, unknown>['observe']>;
  warn?(message: string, fields: Record<string, unknown>): void;
}

/** Finds, tags and terminates instances. */
export class InstanceProvider {
  /** What {@link list} and {@link get} last saw, by id. */
  private readonly known = new Map<string, Instance>();
  private readonly describing: Batcher<string, Instance | 'none'>;
  private readonly terminating: Batcher<string, 'terminating' | 'gone'>;

  constructor(
    private readonly clients: Pick<AwsClients, 'ec2'>,
    private readonly settings: AwsSettings,
    clock: Clock,
    private readonly zonalShifts: ZonalShifts,
    private readonly observer: InstanceObserver = {},
  ) {
    const shared = { idle: 100, max: 1_000, maxItems: 500, bucket: () => '', ...(observer.batch ? { observe: observer.batch } : {}) };
    this.describing = new Batcher(clock, { name: 'describe_instances', ...shared, execute: (ids) => this.describeBatch(ids) });
    this.terminating = new Batcher(clock, { name: 'terminate_instances', ...shared, execute: (ids) => this.terminateBatch(ids) });
  }

  /**
   * As EC2 sees it now; undefined when it does not exist or is terminated. Calls at the same time share a request. In a zone that the
   * cluster was shifted away from as last seen, as EC2 may not know better.
   */
  async get(id: string): Promise<Instance | undefined> {
    const last = this.known.get(id);
    if (last && this.zonalShifts.isShifted(last.zoneID)) return last;
    const found = await this.describing.add(id);
    if (found === 'none') {
      this.known.delete(id);
      return undefined;
    }
    this.known.set(id, found);
    return found;
  }

  /** As last seen, or as EC2 sees it now when it never was. */
  async getCached(id: string): Promise<Instance | undefined> {
    return this.known.get(id) ?? (await this.get(id));
  }

  /** Every live instance that Karpenter launched for this cluster. */
  async list(signal?: AbortSignal): Promise<Instance[]> {
    const found = await this.describe({
      Filters: [
        { Name: 'tag-key', Values: [NODEPOOL_LABEL] },
        { Name: 'tag-key', Values: [NODECLASS_LABEL] },
        { Name: `tag:${CLUSTER_NAME_TAG}`, Values: [this.settings.clusterName] },
        STATE_FILTER,
      ],
    }, signal);
    for (const [id, { zoneID }] of this.known) if (!this.zonalShifts.isShifted(zoneID)) this.known.delete(id);
    for (const instance of found) this.known.set(instance.id, instance);
    return found;
  }

  /** Asks for termination; `gone` once the instance does not exist or is terminated. Rejects with {@link ZoneShifted}. */
  async delete(id: string): Promise<'terminating' | 'gone'> {
    const instance = await this.get(id);
    if (instance === undefined) return 'gone';
    if (this.zonalShifts.isShifted(instance.zoneID)) throw new ZoneShifted('terminating', instance);
    if (isTerminating(instance)) return 'terminating';
    try {
      return await this.terminating.add(id);
    } catch (error) {
      this.observer.terminationFailure?.({ instanceID: id, zone: instance.zone, zoneID: instance.zoneID ?? '' });
      throw error;
    }
  }

  /** Asks for termination of whatever was launched for a claim whose launch was not seen to end. */
  async deleteLaunchedFor(claimUID: string, signal?: AbortSignal): Promise<'terminating' | 'gone'> {
    const outcomes = await Promise.all((await this.launchedFor(claimUID, signal)).map(({ id }) => this.delete(id)));
    return outcomes.includes('terminating') ? 'terminating' : 'gone';
  }

  /** Adds tags to an instance. No error when it does not exist (any more): `gone`. Rejects with {@link ZoneShifted}. */
  async createTags(id: string, tags: Tags, signal?: AbortSignal): Promise<'tagged' | 'gone'> {
    const last = this.known.get(id);
    if (last && this.zonalShifts.isShifted(last.zoneID)) throw new ZoneShifted('tagging', last);
    try {
      await this.clients.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }), abortable(signal));
    } catch (error) {
      if (isNotFound(error)) return 'gone';
      throw error;
    }
    const known = this.known.get(id);
    if (known) this.known.set(id, { ...known, tags: { ...known.tags, ...tags } });
    return 'tagged';
  }

  /** Live instances with the claim's tag: at most one, if all goes well. */
  launchedFor(claimUID: string, signal?: AbortSignal): Promise<Instance[]> {
    return this.describe({
      Filters: [
        { Name: `tag:${NODECLAIM_UID_TAG}`, Values: [claimUID] },
        { Name: `tag:${CLUSTER_NAME_TAG}`, Values: [this.settings.clusterName] },
        STATE_FILTER,
      ],
    }, signal);
  }

  private async describe(input: { Filters: Filter[]; InstanceIds?: string[] }, signal?: AbortSignal): Promise<Instance[]> {
    const found: Instance[] = [];
    // EC2 refuses a page size together with ids.
    const pageSize = input.InstanceIds ? {} : { pageSize: 1000 };
    for await (const page of paginateDescribeInstances({ client: this.clients.ec2, ...pageSize }, input, abortable(signal))) {
      for (const reservation of page.Reservations ?? []) for (const instance of reservation.Instances ?? []) found.push(toInstance(instance, this.settings.reservedCapacity));
    }
    return found;
  }

  /** One id that EC2 does not know fails the whole call: then each is asked for by itself. */
  private async describeBatch(ids: readonly string[]): Promise<(Instance | 'none' | Error)[]> {
    const unique = [...new Set(ids)];
    const found = new Map<string, Instance | 'none' | Error>();
    try {
      for (const instance of await this.describe({ InstanceIds: unique, Filters: [STATE_FILTER] })) found.set(instance.id, instance);
    } catch (error) {
      if (unique.length === 1) found.set(unique[0] as string, isNotFound(error) ? 'none' : asError(error));
    }
    await Promise.all(unique.filter((id) => !found.has(id)).map(async (id) => {
      if (unique.length === 1) {
        found.set(id, 'none');
        return;
      }
      try {
        found.set(id, (await this.describe({ InstanceIds: [id], Filters: [STATE_FILTER] }))[0] ?? 'none');
      } catch (error) {
        found.set(id, isNotFound(error) ? 'none' : asError(error));
      }
    }));
    return ids.map((id) => found.get(id) as Instance | 'none' | Error);
  }

  private async terminateBatch(ids: readonly string[]): Promise<('terminating' | 'gone' | Error)[]> {
    const unique = [...new Set(ids)];
    const outcomes = new Map<string, 'terminating' | 'gone' | Error>();
    try {
      for (const id of await this.terminate(unique)) outcomes.set(id, 'terminating');
    } catch (error) {
      if (unique.length === 1) outcomes.set(unique[0] as string, isNotFound(error) ? 'gone' : asError(error));
    }
    await Promise.all(unique.filter((id) => !outcomes.has(id)).map(async (id) => {
      try {
        const terminated = await this.terminate([id]);
        outcomes.set(id, terminated.includes(id) ? 'terminating' : new Error(`ec2:TerminateInstances did not terminate ${id}`));
      } catch (error) {
        outcomes.set(id, isNotFound(error) ? 'gone' : asError(error));
      }
    }));
    return ids.map((id) => outcomes.get(id) as 'terminating' | 'gone' | Error);
  }

  private async terminate(ids: string[]): Promise<string[]> {
    const { TerminatingInstances = [] } = await this.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    return TerminatingInstances.flatMap(({ InstanceId, CurrentState }) =>
      InstanceId !== undefined && (CurrentState?.Name === 'shutting-down' || CurrentState?.Name === 'terminated') ? [InstanceId] : []);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
