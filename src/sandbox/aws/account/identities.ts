import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import type { Faults } from '../faults.js';
import { AwsError } from '../protocol/error.js';
import type { Tags } from './tags.js';

export interface Role {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  readonly createdAt: number;
}

export interface InstanceProfile {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly createdAt: number;
  /** When EC2 knows it: IAM tells the other services with a delay. */
  readonly visibleAt: number;
  readonly tags: Tags;
  role: Role | undefined;
}

const NAME = /^[\w+=,.@-]{1,128}$/;
const PATH = /^\/$|^\/[!-~]+\/$/;

/** IAM's roles and instance profiles. */
export class Identities {
  readonly roles = new Map<string, Role>();
  readonly profiles = new Map<string, InstanceProfile>();

  constructor(private readonly clock: Clock, private readonly random: Random, private readonly faults: Faults, private readonly accountId: string) {}

  addRole(name: string, path = '/'): Role {
    const role = { name, path, id: this.uniqueId('AROA'), arn: `arn:aws:iam::${this.accountId}:role${path}${name}`, createdAt: this.clock.now() };
    this.roles.set(name, role);
    return role;
  }

  role(name: string): Role {
    const role = this.roles.get(name);
    if (!role) throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  }

  createProfile(name: string, path: string, tags: Tags): InstanceProfile {
    if (!NAME.test(name)) {
      throw new AwsError(
        'ValidationError',
        `The specified value for instanceProfileName is invalid: '${name}'. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
      );
    }
    if (!PATH.test(path) || path.length > 512) {
      throw new AwsError(
        'ValidationError',
        `The specified value for path is invalid: '${path}'. It must begin and end with / and contain only printable ASCII characters`,
      );
    }
    if (this.profiles.has(name)) throw new AwsError('EntityAlreadyExists', `Instance Profile ${name} already exists.`, 409);
    const now = this.clock.now();
    const profile = {
      name, path, tags, id: this.uniqueId('AIPA'), arn: `arn:aws:iam::${this.accountId}:instance-profile${path}${name}`, createdAt: now,
      visibleAt: now + this.faults.consistencyDelay, role: undefined,
    };
    this.profiles.set(name, profile);
    return profile;
  }

  profile(name: string): InstanceProfile {
    const profile = this.profiles.get(name);
    if (!profile) throw new AwsError('NoSuchEntity', `Instance Profile ${name} cannot be found.`, 404);
    return profile;
  }

  attachRole(profileName: string, roleName: string): void {
    const profile = this.profile(profileName);
    const role = this.role(roleName);
    if (profile.role) throw new AwsError('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
    profile.role = role;
  }

  detachRole(profileName: string, roleName: string): void {
    const profile = this.profile(profileName);
    if (profile.role?.name !== roleName) {
      throw new AwsError('NoSuchEntity', `The role with name ${roleName} cannot be found in instance profile ${profileName}.`, 404);
    }
    profile.role = undefined;
  }

  deleteProfile(name: string): void {
    if (this.profile(name).role) throw new AwsError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
    this.profiles.delete(name);
  }

  /** The profile that a launch names, as EC2 sees it. */
  launchable(nameOrArn: string): InstanceProfile {
    const byArn = nameOrArn.startsWith('arn:');
    const profile = byArn ? [...this.profiles.values()].find((candidate) => candidate.arn === nameOrArn) : this.profiles.get(nameOrArn);
    if (!profile || profile.visibleAt > this.clock.now()) {
      const kind = byArn ? 'ARN' : 'name';
      throw new AwsError(
        'InvalidParameterValue',
        `Value (${nameOrArn}) for parameter iamInstanceProfile.${byArn ? 'arn' : 'name'} is invalid. Invalid IAM Instance Profile ${kind}`,
      );
    }
    if (!profile.role) throw new AwsError('InvalidParameterValue', `IAM Instance Profile "${profile.arn}" has no associated IAM Roles`);
    return profile;
  }

  private uniqueId(prefix: string): string {
    return prefix + this.random.uuid().replaceAll('-', '').slice(0, 17).toUpperCase();
  }
}
