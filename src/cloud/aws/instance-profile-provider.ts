import {
  AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, DeleteInstanceProfileCommand, GetInstanceProfileCommand, paginateListInstanceProfiles, RemoveRoleFromInstanceProfileCommand,
} from './aws-sdk.js';
import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { fnv1 } from '../../api/hashstructure.js';
import type { Clock } from '../../operator/clock.js';
import type { Random } from '../../operator/random.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { errorText, isNotFound, isRoleMissing } from './errors.js';
import { ExpiringCache } from './expiring-cache.js';
import type { AwsSettings } from './settings.js';
import { instanceProfileTags, tagList } from './tags.js';

/** The class names neither a role nor an instance profile, and the operator has no default. */
export class RoleNotConfigured extends Error {
  readonly reason = 'RoleNotConfigured';
  constructor(nodeClass: string) {
    super(`EC2NodeClass "${nodeClass}" has neither spec.role nor spec.instanceProfile, and the operator has no nodeRole setting to default to`);
  }
}

/** IAM has no such role. */
export class RoleNotFound extends Error {
  readonly reason = 'RoleNotFound';
  constructor(readonly role: string, options?: ErrorOptions) {
    super(`IAM role "${role}" does not exist`, options);
  }
}

interface InstanceProfile {
  name: string;
  role: string | undefined;
}

const IAM_NAME = /^[\w+=,.@-]{1,128}$/;
/** IAM's AddRole takes names only; classes may have given a path. */
const withoutPath = (role: string): string => role.slice(role.lastIndexOf('/') + 1);

/** Creates, finds and removes the instance profiles of node classes that name a role. */
export class InstanceProfileProvider {
  private readonly profiles: ExpiringCache<InstanceProfile>;
  private readonly missingRoles: ExpiringCache<RoleNotFound>;
  private readonly protectedNames: ExpiringCache<true>;
  /** Names just created, by role and class, until the class's status shows them. */
  private readonly created: ExpiringCache<string>;

  constructor(
    private readonly clients: Pick<AwsClients, 'iam'>,
    private readonly settings: AwsSettings,
    clock: Clock,
    private readonly random: Random,
  ) {
    this.profiles = new ExpiringCache(clock, { ttl: 15 * 60_000 });
    this.missingRoles = new ExpiringCache(clock, { ttl: 60_000 });
    this.protectedNames = new ExpiringCache(clock, { ttl: 3_600_000 });
    this.created = new ExpiringCache(clock, { ttl: 60_000 });
  }

  /**
   * The name of the profile that the class's instances use: the given one as it is, or one that has the class's role, made
   * if need be. A profile whose role has changed is left to garbage collection. Rejects with {@link RoleNotConfigured},
   * {@link RoleNotFound}, or IAM's error.
   */
  async ensure(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<string> {
    const { spec, status, metadata } = nodeClass;
    const previous = status.instanceProfile;
    if (spec.instanceProfile) {
      if (previous && previous !== spec.instanceProfile) this.protect(previous);
      return spec.instanceProfile;
    }
    const role = spec.role ?? this.settings.nodeRole;
    if (!role) throw new RoleNotConfigured(metadata.name);
    const key = `${role}/${metadata.uid}`;
    const current = this.created.get(key) ?? previous;
    if (current && (await this.get(current, signal))?.role === withoutPath(role)) return current;
    const name = await this.create(nodeClass, withoutPath(role), signal);
    this.created.set(key, name);
    this.protect(name);
    if (previous) this.protect(previous);
    return name;
  }

  /** Whether a profile of this name exists. For classes that bring their own. */
  async exists(name: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.get(name, signal)) !== undefined;
  }

  /** Removes every profile that was made for the class, also under the name that older versions gave. Nothing in an isolated VPC. */
  async remove(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<void> {
    if (this.settings.isolatedVPC) return;
    for (const name of await this.listNames(`${this.clusterPath}${nodeClass.metadata.uid}/`, signal)) await this.delete(name, signal);
    const legacy = `${this.settings.clusterName}_${hash(`${this.settings.region}${nodeClass.metadata.name}`)}`;
    if (IAM_NAME.test(legacy)) await this.delete(legacy, signal);
  }

  /** Names of all profiles that were made for this cluster: what garbage collection goes through. */
  listClusterProfiles(signal?: AbortSignal): Promise<string[]> {
    return this.listNames(this.clusterPath, signal);
  }

  /** Whether the profile was in use within the last hour, as far as this process knows. */
  isProtected(name: string): boolean {
    return this.protectedNames.has(name);
  }

  protect(name: string): void {
    this.protectedNames.set(name, true);
  }

  /** Detaches the profile's role and deletes it. No error when it does not exist. */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const profile = await this.read(name, signal);
    this.profiles.delete(name);
    if (profile === undefined) return;
    try {
      if (profile.role) await this.clients.iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName: profile.role }), abortable(signal));
      await this.clients.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: name }), abortable(signal));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  private get clusterPath(): string {
    return `/karpenter/${this.settings.region}/${this.settings.clusterName}/`;
  }

  private async create(nodeClass: EC2NodeClass, role: string, signal: AbortSignal | undefined): Promise<string> {
    const missing = this.missingRoles.get(role);
    if (missing) throw missing;
    const { clusterName, region } = this.settings;
    const name = `${clusterName}_${hash(`${region}${nodeClass.metadata.name}${this.random.uuid()}`)}`;
    await this.clients.iam.send(
      new CreateInstanceProfileCommand({ InstanceProfileName: name, Path: `${this.clusterPath}${nodeClass.metadata.uid}/`, Tags: tagList(instanceProfileTags(this.settings, nodeClass)) }),
      abortable(signal),
    );
    try {
      await this.clients.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: role }), abortable(signal));
    } catch (error) {
      await this.delete(name, signal).catch(() => undefined);
      if (!isRoleMissing(error)) throw error;
      const failure = new RoleNotFound(role, { cause: error });
      this.missingRoles.set(role, failure);
      throw failure;
    }
    this.profiles.set(name, { name, role });
    return name;
  }

  private async get(name: string, signal: AbortSignal | undefined): Promise<InstanceProfile | undefined> {
    const known = this.profiles.get(name);
    if (known) return known;
    const profile = await this.read(name, signal);
    if (profile) this.profiles.set(name, profile);
    return profile;
  }

  private async read(name: string, signal: AbortSignal | undefined): Promise<InstanceProfile | undefined> {
    try {
      const { InstanceProfile: profile } = await this.clients.iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }), abortable(signal));
      return { name, role: profile?.Roles?.[0]?.RoleName };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async listNames(path: string, signal: AbortSignal | undefined): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const page of paginateListInstanceProfiles({ client: this.clients.iam }, { PathPrefix: path }, abortable(signal))) {
        for (const { InstanceProfileName } of page.InstanceProfiles ?? []) if (InstanceProfileName) names.push(InstanceProfileName);
      }
    } catch (error) {
      throw new Error(`listing instance profiles under ${path}: ${errorText(error)}`, { cause: error });
    }
    return names;
  }
}

const hash = (text: string): string => fnv1(new TextEncoder().encode(text)).toString();
