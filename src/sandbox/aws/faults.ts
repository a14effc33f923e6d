import { AwsError } from './protocol/error.js';

export type CapacityType = 'spot' | 'on-demand';

/** Pools of capacity: what is left out stands for every type, zone or capacity type. */
export interface PoolPattern {
  instanceType?: string;
  zone?: string;
  capacityType?: CapacityType;
}

interface InjectedError {
  reason: string;
  message: string;
  status: number;
  /** How many calls it still hits. */
  remaining: number;
}

/** Initial positions of the dials. */
export interface FaultOptions {
  /** Milliseconds that every call takes. */
  latency?: number;
  /** Share of calls, 0 to 1, that are throttled: EC2 answers RequestLimitExceeded, the other services their own word for it. */
  throttleRate?: number;
  /** Milliseconds until what was created shows up in reads. */
  consistencyDelay?: number;
  /** vCPUs that run on demand at most. */
  onDemandVcpuLimit?: number;
  /** Spot instances at most. */
  spotInstanceLimit?: number;
  /** How often AWS takes a spot instance back, on average; instances draw their fate when they start. */
  spotInterruptionsPerHour?: number;
}

/** What can go wrong, as dials that may be turned while the sandbox runs. */
export class Faults {
  latency: number;
  throttleRate: number;
  consistencyDelay: number;
  onDemandVcpuLimit: number;
  spotInstanceLimit: number;
  spotInterruptionsPerHour: number;
  /** The account lacks the service-linked role of spot, and the caller may not create it. */
  spotRoleMissing = false;
  private readonly outages = new Set<string>();
  private readonly errors = new Map<string, InjectedError>();

  constructor(dials: FaultOptions = {}) {
    this.latency = dials.latency ?? 0;
    this.throttleRate = dials.throttleRate ?? 0;
    this.consistencyDelay = dials.consistencyDelay ?? 0;
    this.onDemandVcpuLimit = dials.onDemandVcpuLimit ?? Infinity;
    this.spotInstanceLimit = dials.spotInstanceLimit ?? Infinity;
    this.spotInterruptionsPerHour = dials.spotInterruptionsPerHour ?? 0;
  }

  /** No capacity any more in the pools of the pattern. */
  exhaust(pool: PoolPattern): void {
    this.outages.add(key(pool));
  }

  /** Undoes {@link exhaust} for the same pool; without one, for all. */
  restore(pool?: PoolPattern): void {
    if (pool) this.outages.delete(key(pool));
    else this.outages.clear();
  }

  isExhausted(instanceType: string, zone: string, capacityType: CapacityType): boolean {
    if (this.outages.size === 0) return false;
    for (const type of [instanceType, '*']) {
      for (const place of [zone, '*']) {
        for (const kind of [capacityType, '*']) if (this.outages.has(`${type}/${place}/${kind}`)) return true;
      }
    }
    return false;
  }

  /** The next `times` calls of an operation (`ec2:CreateFleet`) fail with this error. */
  fail(
    operation: string,
    { reason, message = 'Injected by the sandbox', status = 400, times = 1 }: { reason: string; message?: string; status?: number; times?: number },
  ): void {
    this.errors.set(operation, { reason, message, status, remaining: times });
  }

  /** Throws the injected error of the operation, if one is due. */
  strike(operation: string): void {
    const error = this.errors.get(operation);
    if (!error) return;
    error.remaining -= 1;
    if (error.remaining <= 0) this.errors.delete(operation);
    throw new AwsError(error.reason, error.message, error.status);
  }
}

const key = ({ instanceType, zone, capacityType }: PoolPattern): string => [instanceType, zone, capacityType].map((part) => part ?? '*').join('/');
