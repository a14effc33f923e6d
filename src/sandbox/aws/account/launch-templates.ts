import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import type { Faults } from '../faults.js';
import { AwsError } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';
import { resourceId } from './identifiers.js';
import { readLaunchSpecification, type LaunchSpecification } from './launch-specification.js';
import type { Tags } from './tags.js';

export interface LaunchTemplateVersion {
  readonly number: number;
  readonly description: string | undefined;
  readonly createdAt: number;
  /** As requested, for showing it again. */
  readonly data: Parameters;
  readonly specification: LaunchSpecification;
}

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly visibleAt: number;
  readonly tags: Tags;
  /** Oldest first; never empty. */
  readonly versions: LaunchTemplateVersion[];
  defaultVersion: number;
}

const NAME = /^[a-zA-Z0-9()./_-]{3,128}$/;

/** The account's launch templates. */
export class LaunchTemplates {
  private readonly byId = new Map<string, LaunchTemplate>();

  constructor(private readonly clock: Clock, private readonly random: Random, private readonly faults: Faults) {}

  /** All that reads show by now. */
  visible(): LaunchTemplate[] {
    return [...this.byId.values()].filter((template) => template.visibleAt <= this.clock.now());
  }

  /** Throws without creating anything when the name or the data would be refused. */
  prepare(name: string, data: Parameters): LaunchSpecification {
    if (!NAME.test(name)) {
      throw new AwsError(
        'InvalidLaunchTemplateName.MalformedException',
        `A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the characters ( ) . / _ -: '${name}'`,
      );
    }
    if ([...this.byId.values()].some((template) => template.name === name)) {
      throw new AwsError('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
    }
    return this.read(data);
  }

  create(name: string, data: Parameters, description: string | undefined, tags: Tags): LaunchTemplate {
    const specification = this.prepare(name, data);
    const now = this.clock.now();
    const template: LaunchTemplate = {
      id: resourceId(this.random, 'lt'), name, createdAt: now, visibleAt: now + this.faults.consistencyDelay, tags, defaultVersion: 1,
      versions: [{ number: 1, description, createdAt: now, data, specification }],
    };
    this.byId.set(template.id, template);
    return template;
  }

  addVersion(template: LaunchTemplate, data: Parameters, description: string | undefined): LaunchTemplateVersion {
    const version = { number: template.versions.length + 1, description, createdAt: this.clock.now(), data, specification: this.read(data) };
    template.versions.push(version);
    return version;
  }

  /** Throws the error of a template that does not exist, in the wording of its id or its name. */
  find({ id, name }: { id?: string | undefined; name?: string | undefined }): LaunchTemplate {
    if (id !== undefined) {
      const template = this.byId.get(id);
      if (!template || template.visibleAt > this.clock.now()) {
        throw new AwsError('InvalidLaunchTemplateId.NotFound', `The specified launch template, with template ID ${id}, does not exist.`);
      }
      return template;
    }
    if (name === undefined) throw new AwsError('MissingParameter', 'Either LaunchTemplateId or LaunchTemplateName must be specified');
    const template = this.visible().find((candidate) => candidate.name === name);
    if (!template) {
      throw new AwsError('InvalidLaunchTemplateName.NotFoundException', `The specified launch template, with template name ${name}, does not exist.`);
    }
    return template;
  }

  /** A version by number, `$Latest` or `$Default` (the default). */
  version(template: LaunchTemplate, wanted = '$Default'): LaunchTemplateVersion {
    if (wanted === '$Latest') return template.versions.at(-1) as LaunchTemplateVersion;
    const number = wanted === '$Default' ? template.defaultVersion : Number(wanted);
    const version = template.versions.find((candidate) => candidate.number === number);
    if (!version) {
      throw new AwsError('InvalidLaunchTemplateId.VersionNotFound', `Could not find launch template version ${wanted} of ${template.id}.`);
    }
    return version;
  }

  delete(template: LaunchTemplate): void {
    this.byId.delete(template.id);
  }

  get count(): number {
    return this.byId.size;
  }

  get(id: string): LaunchTemplate | undefined {
    return this.byId.get(id);
  }

  private read(data: Parameters): LaunchSpecification {
    const specification = readLaunchSpecification(data);
    if (specification.userData !== undefined) checkUserData(specification.userData);
    return specification;
  }
}

const MOST_USER_DATA = 16_384;

/** Throws InvalidUserData.Malformed when it is not base64, or too long decoded. */
export function checkUserData(base64: string): void {
  if (!/^[A-Za-z0-9+/=\s]*$/.test(base64)) throw new AwsError('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  if (Buffer.from(base64, 'base64').length > MOST_USER_DATA) {
    throw new AwsError('InvalidUserData.Malformed', `User data is limited to ${MOST_USER_DATA} bytes`);
  }
}
