import { DescribeImagesCommand, GetParameterCommand } from './aws-sdk.js';
import type { Clock } from '../../operator/clock.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { ExpiringCache } from './expiring-cache.js';

export interface SsmParameter {
  name: string;
  /** Whether AWS changes the value over time (`latest`, `recommended`), so that a deprecated one may have a successor. */
  mutable: boolean;
  /** A user's own parameter: looked at more often. */
  custom?: boolean;
}

const LIFETIME = 24 * 3_600_000;
const CUSTOM_LIFETIME = 5 * 60_000;

/** Reads SSM parameters, and remembers them. */
export class SsmProvider {
  private readonly cache: ExpiringCache<{ parameter: SsmParameter; value: string }>;

  constructor(private readonly clients: Pick<AwsClients, 'ssm' | 'ec2'>, private readonly clock: Clock) {
    this.cache = new ExpiringCache(clock, { ttl: LIFETIME });
  }

  /** The parameter's value. Rejects with the SDK's error, `ParameterNotFound` among them. */
  async get(parameter: SsmParameter, signal?: AbortSignal): Promise<string> {
    const known = this.cache.get(parameter.name);
    if (known) return known.value;
    const { Parameter } = await this.clients.ssm.send(new GetParameterCommand({ Name: parameter.name }), abortable(signal));
    const value = Parameter?.Value ?? '';
    this.cache.set(parameter.name, { parameter, value }, parameter.custom ? CUSTOM_LIFETIME : LIFETIME);
    return value;
  }

  /** Forgets mutable parameters whose AMI has been deprecated; returns their names. To be called every half hour. */
  async invalidateDeprecated(signal?: AbortSignal): Promise<string[]> {
    const mutable = [...this.cache.live()].filter(([, { parameter }]) => parameter.mutable && !parameter.custom);
    if (mutable.length === 0) return [];
    const { Images = [] } = await this.clients.ec2.send(
      new DescribeImagesCommand({ ImageIds: [...new Set(mutable.map(([, { value }]) => value))], IncludeDeprecated: true }),
      abortable(signal),
    );
    const deprecated = new Set(Images.filter(({ DeprecationTime }) => isPast(DeprecationTime, this.clock)).map(({ ImageId }) => ImageId));
    const stale = mutable.filter(([, { value }]) => deprecated.has(value)).map(([name]) => name);
    for (const name of stale) this.cache.delete(name);
    return stale;
  }
}

/** Whether an RFC 3339 time has come; false for an absent one. */
export const isPast = (time: string | undefined, clock: Clock): boolean => time !== undefined && Date.parse(time) <= clock.now();
