import { token } from 'karpenter-ts/operator';

/** A record as the service has it. */
export interface ServiceRecord {
  name: string;
  type: string;
  values: string[];
  ttl: number;
  /** Whose it is: the uid of an object, so that a record whose id was never written down is found again. */
  owner: string;
}

/** The service takes no more records. */
export class QuotaExceeded extends Error {
  override readonly name = 'QuotaExceeded';
  readonly reason = 'QuotaExceeded';
}

/** The external system, as the reconciler needs it. */
export interface DnsService {
  /** Makes a record and returns its id; the same key again returns the same id, and makes nothing. Throws {@link QuotaExceeded}. */
  create(record: ServiceRecord, key: string, signal: AbortSignal): Promise<string>;
  get(id: string, signal: AbortSignal): Promise<ServiceRecord | undefined>;
  update(id: string, record: ServiceRecord, signal: AbortSignal): Promise<void>;
  /** Asks for removal, which takes a while; says how far it is. */
  remove(id: string, signal: AbortSignal): Promise<'gone' | 'removing'>;
  /** Ids of the records of an owner. */
  idsOf(owner: string, signal: AbortSignal): Promise<string[]>;
}

export const DnsService = token<DnsService>('dns-record.DnsService');
