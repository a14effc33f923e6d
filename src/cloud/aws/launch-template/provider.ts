import { CreateLaunchTemplateCommand, DeleteLaunchTemplateCommand, DescribeLaunchTemplatesCommand, paginateDescribeLaunchTemplates } from '../aws-sdk.js';
import type { CreateLaunchTemplateCommandInput, LaunchTemplate as EC2LaunchTemplate } from '@aws-sdk/client-ec2';
import type { EC2NodeClass, KubeletConfiguration } from '../../../api/ec2nodeclass.js';
import { CAPACITY_TYPE_LABEL, DO_NOT_SYNC_TAINTS_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL } from '../../../api/labels.js';
import type { NodeClaim } from '../../../api/nodeclaim.js';
import { sameTaint, UNREGISTERED_TAINT } from '../../../api/taints.js';
import type { Clock } from '../../../operator/clock.js';
import { LaunchError } from '../../errors.js';
import type { InstanceType } from '../../instance-type.js';
import { resolvedAMIFamily } from '../ami-family.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import type { Cluster } from '../cluster.js';
import { isAlreadyExists, isLaunchTemplateNotFound, isNotFound } from '../errors.js';
import { ExpiringCache } from '../expiring-cache.js';
import { AWS_RESOURCES } from '../instance-type/labels.js';
import type { AwsSettings } from '../settings.js';
import { CLUSTER_NAME_TAG, launchTemplateTags } from '../tags.js';
import { bottlerocketVersion } from '../userdata/bottlerocket.js';
import type { Bootstrap } from '../userdata/bootstrap.js';
import { renderUserData } from '../userdata/render.js';
import { groupByTemplate, requestedPartition } from './groups.js';
import type { LaunchTemplateInput, TemplateGroup } from './groups.js';
import { launchTemplateRequest } from './request.js';

/** A template that exists, and the types that it launches. */
export interface LaunchTemplate {
  name: string;
  amiID: string;
  instanceTypes: readonly InstanceType[];
  /** Only offerings of this reservation may be launched by it. */
  reservationID?: string;
}

/** Sizes for metrics, and what went wrong for the log. */
export interface LaunchTemplateObserver {
  userData?(nodeClass: string, bytes: number): void;
  /** The class is gone, and what was said of its user data does not count any more. */
  userDataGone?(nodeClass: string): void;
  /** An unused template could not be deleted. */
  launchTemplateDeletion?(name: string, error: unknown): void;
  warn?(message: string, fields: Record<string, unknown>): void;
}

const LIFETIME = 60_000;
/** 90 % of what EC2 takes. */
const USER_DATA_WARNING = 14_745;
/** Labels of these domains the kubelet must not set on its own node. */
const FORBIDDEN_DOMAINS = ['kubernetes.io', 'k8s.io'];

/**
 * Makes launch templates when launches need them, and deletes those that no launch has used for a minute. What they say is
 * in their names, so there is nothing to update.
 */
export class LaunchTemplateProvider {
  /** EC2's ids by name. */
  private readonly cache: ExpiringCache<string>;
  private readonly inFlight = new Map<string, Promise<void>>();
  /** Rendered user data by what goes into it: many claims differ in nothing of that. */
  private readonly rendered: ExpiringCache<string>;

  constructor(
    private readonly clients: Pick<AwsClients, 'ec2'>,
    private readonly settings: AwsSettings,
    private readonly cluster: Cluster,
    clock: Clock,
    private readonly observer: LaunchTemplateObserver = {},
  ) {
    this.rendered = new ExpiringCache(clock, { ttl: LIFETIME });
    this.cache = new ExpiringCache(clock, { ttl: LIFETIME, onExpire: (name, id) => void this.deleteUnused(name, id) });
  }

  /** The templates for a launch: one for each different image, pod limit, EFA count and reservation. Throws a CloudError. */
  async ensureAll(input: LaunchTemplateInput, signal?: AbortSignal): Promise<LaunchTemplate[]> {
    const { nodeClass } = input;
    if (!nodeClass.status.securityGroups?.length) throw new LaunchError('SecurityGroupsNotFound', `EC2NodeClass "${nodeClass.metadata.name}" has no security groups`);
    if (!nodeClass.status.amis?.length) throw new LaunchError('AMINotFound', `EC2NodeClass "${nodeClass.metadata.name}" has no AMIs`);
    const groups = groupByTemplate(input);
    if (groups.length === 0) throw new LaunchError('AMINotFound', `no AMI of EC2NodeClass "${nodeClass.metadata.name}" fits any of ${input.instanceTypes.map(({ name }) => name).join(', ')}`);
    return Promise.all(groups.map(async (group): Promise<LaunchTemplate> => {
      const request = await this.request(input, group, signal);
      await this.ensure(request);
      const { amiID, instanceTypes, reservation } = group;
      return { name: request.LaunchTemplateName, amiID, instanceTypes, ...(reservation ? { reservationID: reservation.id } : {}) };
    }));
  }

  /** Takes over the templates that an earlier process left, so that unused ones are deleted. To be called once after winning the election. */
  async hydrate(signal?: AbortSignal): Promise<void> {
    for (const template of await this.describe({}, signal)) this.remember(template);
  }

  /** Forgets a template that EC2 says does not exist, without deleting it. */
  invalidate(name: string): void {
    this.cache.delete(name);
  }

  /** Deletes every template that was made for the class. */
  async deleteAll(nodeClass: Pick<EC2NodeClass, 'metadata'>, signal?: AbortSignal): Promise<void> {
    for (const { LaunchTemplateName } of await this.describe({ [NODECLASS_LABEL]: nodeClass.metadata.name }, signal)) {
      if (!LaunchTemplateName) continue;
      this.cache.delete(LaunchTemplateName);
      try {
        await this.clients.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName }), abortable(signal));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    this.observer.userDataGone?.(nodeClass.metadata.name);
  }

  private observeUserData(nodeClass: string, bytes: number): void {
    this.observer.userData?.(nodeClass, bytes);
    if (bytes >= USER_DATA_WARNING) this.observer.warn?.('user data is close to the limit of 16384 bytes', { EC2NodeClass: { name: nodeClass }, bytes });
  }

  /** Stops deleting; what is left is taken over by the next process's {@link hydrate}. */
  close(): void {
    this.cache.close();
  }

  private async request(input: LaunchTemplateInput, group: TemplateGroup, signal: AbortSignal | undefined): Promise<CreateLaunchTemplateCommandInput & { LaunchTemplateName: string }> {
    const { nodeClass, claim, capacityType, tenancy, placementGroup } = input;
    const userData = await this.userData(input, group, signal);
    this.observeUserData(nodeClass.metadata.name, Buffer.byteLength(userData));
    const partition = placementGroup && requestedPartition(input.requirements);
    return launchTemplateRequest({
      nodeClass,
      region: this.settings.region,
      amiID: group.amiID,
      userData,
      capacityType,
      tenancy,
      efaCount: group.efaCount,
      ipv6: await this.cluster.isIPv6(signal),
      nitroEnclaves: (input.requests[AWS_RESOURCES.nitroSandbox] ?? 0) > 0,
      reservedCapacity: this.settings.reservedCapacity,
      tags: launchTemplateTags(this.settings, nodeClass, claim.metadata.labels[NODEPOOL_LABEL] ?? ''),
      ...(group.reservation ? { reservation: group.reservation } : {}),
      ...(placementGroup ? { placement: { groupID: placementGroup.id, ...(partition ? { partition } : {}) } } : {}),
    });
  }

  private async userData({ nodeClass, claim, capacityType }: LaunchTemplateInput, { pods }: TemplateGroup, signal: AbortSignal | undefined): Promise<string> {
    const family = resolvedAMIFamily(nodeClass);
    const { userData: custom = '', instanceStorePolicy } = nodeClass.spec;
    if (family === 'Custom') return custom;
    const version = bottlerocketVersion(nodeClass);
    const bootstrap: Bootstrap = {
      clusterName: this.cluster.name,
      clusterEndpoint: await this.cluster.endpoint(signal),
      caBundle: this.cluster.caBundle(),
      clusterCIDR: family === 'AL2023' ? await this.cluster.serviceCIDR(signal) : '',
      labels: allowedLabels({ ...claim.metadata.labels, [CAPACITY_TYPE_LABEL]: capacityType, [DO_NOT_SYNC_TAINTS_LABEL]: 'true' }),
      taints: startTaints(claim),
      kubelet: await this.kubelet(nodeClass, pods, signal),
      custom,
      ...(instanceStorePolicy ? { instanceStorePolicy } : {}),
      ...(version ? { bottlerocketVersion: version } : {}),
    };
    const key = JSON.stringify([family, bootstrap]);
    const known = this.rendered.get(key) ?? renderUserData(family, bootstrap);
    this.rendered.set(key, known);
    return known;
  }

  private async kubelet({ spec: { kubelet } }: EC2NodeClass, pods: number, signal: AbortSignal | undefined): Promise<KubeletConfiguration> {
    const dns = await this.cluster.dnsAddress(signal);
    return { ...(dns ? { clusterDNS: [dns] } : {}), maxPods: pods, ...kubelet };
  }

  /** Makes sure that the template exists; calls for the same name share the work. */
  private async ensure(request: CreateLaunchTemplateCommandInput & { LaunchTemplateName: string }): Promise<void> {
    const name = request.LaunchTemplateName;
    for (;;) {
      const id = this.cache.get(name);
      if (id !== undefined) {
        this.cache.set(name, id);
        return;
      }
      // Without the caller's signal: others may come to wait for the same work.
      await (this.inFlight.get(name) ?? this.busyWith(name, this.createOrFind(request)));
    }
  }

  /** Work on a template; whoever needs it next waits, so that none is found just before it is deleted. */
  private busyWith(name: string, work: Promise<void>): Promise<void> {
    const tracked = work.finally(() => this.inFlight.delete(name));
    this.inFlight.set(name, tracked);
    return tracked;
  }

  /** All templates of the cluster were known once ({@link hydrate}), so there is hardly ever one to be found: creating it is tried first. */
  private async createOrFind(request: CreateLaunchTemplateCommandInput & { LaunchTemplateName: string }): Promise<void> {
    try {
      const { LaunchTemplate } = await this.clients.ec2.send(new CreateLaunchTemplateCommand(request));
      this.remember(LaunchTemplate ?? {});
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      this.remember((await this.find(request.LaunchTemplateName)) ?? {});
    }
  }

  private async find(name: string): Promise<EC2LaunchTemplate | undefined> {
    try {
      const { LaunchTemplates = [] } = await this.clients.ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }));
      return LaunchTemplates[0];
    } catch (error) {
      if (isLaunchTemplateNotFound(error)) return undefined;
      throw error;
    }
  }

  private remember({ LaunchTemplateName, LaunchTemplateId }: EC2LaunchTemplate): void {
    if (LaunchTemplateName && LaunchTemplateId) this.cache.set(LaunchTemplateName, LaunchTemplateId);
  }

  private async describe(tags: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<EC2LaunchTemplate[]> {
    const wanted = { [CLUSTER_NAME_TAG]: this.settings.clusterName, ...tags };
    const Filters = Object.entries(wanted).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
    const found: EC2LaunchTemplate[] = [];
    for await (const page of paginateDescribeLaunchTemplates({ client: this.clients.ec2, pageSize: 200 }, { Filters }, abortable(signal))) found.push(...(page.LaunchTemplates ?? []));
    return found;
  }

  private async deleteUnused(name: string, id: string): Promise<void> {
    if (this.cache.has(name) || this.inFlight.has(name)) return;
    await this.busyWith(name, this.deleteByID(name, id));
  }

  private async deleteByID(name: string, id: string): Promise<void> {
    try {
      await this.clients.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id }));
    } catch (error) {
      if (!isNotFound(error)) this.observer.launchTemplateDeletion?.(name, error);
    }
  }
}

/** Labels that a kubelet may give its own node, sorted by key. */
export const allowedLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => {
    const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
    return !FORBIDDEN_DOMAINS.some((forbidden) => domain === forbidden || domain.endsWith(`.${forbidden}`));
  }).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The claim's taints, and the one that keeps pods away until the node is registered. */
function startTaints({ spec }: Pick<NodeClaim, 'spec'>): NonNullable<NodeClaim['spec']['taints']> {
  const taints = [...(spec.taints ?? []), ...(spec.startupTaints ?? [])];
  return taints.some((taint) => sameTaint(taint, UNREGISTERED_TAINT)) ? taints : [...taints, UNREGISTERED_TAINT];
}
