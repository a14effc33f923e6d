import { isDeepStrictEqual } from 'node:util';
import { inject } from 'inversify';
import { Catches, Condition, Finalizer, Reconciler, held, met, released, unmet, waiting } from 'karpenter-ts/operator';
import type { Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { DnsRecord } from './dns-record.js';
import type { ServiceRecord } from './dns-service.js';
import { DnsService, QuotaExceeded } from './dns-service.js';

type Ctx = StepContext<DnsRecord>;

const wanted = ({ metadata: { uid }, spec: { name, type, values, ttl } }: DnsRecord): ServiceRecord => ({ name, type, values: [...values].sort(), ttl, owner: uid });

/** Keeps a record of an external service as its object says, and removes it with the object. */
@Reconciler({ for: DnsRecord, name: 'dns-record', timeout: '30s' })
export class DnsRecordReconciler {
  constructor(@inject(DnsService) private readonly dns: DnsService) {}

  /**
   * The key is the same for every attempt of this step at this object: a crash between the call and the write of its result makes no
   * second record. A record that was lost needs another key, or the service would answer with the lost one.
   */
  @Condition('Created')
  async create(record: DnsRecord, ctx: Ctx): Promise<Outcome> {
    const { status } = record;
    status.id ??= await this.dns.create(wanted(record), `${ctx.idempotencyKey}-${status.recreations ?? 0}`, ctx.signal);
    return met();
  }

  /** Looks every five minutes, too: nobody tells us when somebody changes the record at the service. */
  @Condition('Synced', { dependsOn: ['Created'], every: '5m' })
  async sync(record: DnsRecord, ctx: Ctx): Promise<Outcome> {
    const { status } = record;
    const id = status.id as string;
    const actual = await this.dns.get(id, ctx.signal);
    if (!actual) {
      delete status.id;
      status.recreations = (status.recreations ?? 0) + 1;
      ctx.events.warning('RecordLost', `${id} is gone at the service; it is made again`);
      return waiting('RecordLost', `${id} is gone at the service`).recheck('1s');
    }
    if (!isDeepStrictEqual(actual, wanted(record))) await this.dns.update(id, wanted(record), ctx.signal);
    return met();
  }

  /** What no retry heals soon is an outcome and no error: the condition says it, and it is tried again in ten minutes. */
  @Catches(QuotaExceeded)
  full(error: QuotaExceeded): Outcome {
    return unmet('QuotaExceeded', error.message).recheck('10m');
  }

  /** Held until the service agrees. The id may never have been written down: the owner's uid finds the record then. */
  @Finalizer('dns.example.com/record')
  async remove({ metadata: { uid }, status }: DnsRecord, ctx: Ctx): Promise<Release> {
    const ids = new Set([...(status.id === undefined ? [] : [status.id]), ...await this.dns.idsOf(uid, ctx.signal)]);
    for (const id of ids) if ((await this.dns.remove(id, ctx.signal)) === 'removing') return held(`the service is removing ${id}`, '5s');
    return released();
  }
}
