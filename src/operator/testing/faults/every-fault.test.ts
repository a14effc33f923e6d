import { expect } from 'chai';
import { inject } from 'inversify';
import { seededRandom } from '../../random.js';
import type { StepContext } from '../../context.js';
import { Reconciler, Singleton, Step } from '../../dsl/decorators.js';
import type { Outcome } from '../../dsl/outcome.js';
import { done } from '../../dsl/outcome.js';
import { Disk, DiskReconciler, DiskServiceToken, diskScenario, hastyScenario } from './disks.test-support.js';
import type { DiskService } from './disks.test-support.js';
import { reconcilers } from '../../runtime/reconcilers.js';
import type { EveryFaultOptions, Scenario } from './every-fault.js';
import { FaultFailure, everyFault } from './every-fault.js';

/** A token that differs from try to try: whoever tries again makes a second disk. */
const random = seededRandom(1);
@Reconciler({ for: Disk, name: 'disk', backoff: { base: '1s', max: '10s' } })
class WithoutToken extends DiskReconciler {
  constructor(@inject(DiskServiceToken) service: DiskService) { super(service); }

  protected override tokenOf(): string {
    return random.uuid();
  }
}

/** The finalizer comes with the result of the effect instead of before it. */
@Reconciler({ for: Disk, name: 'disk', backoff: { base: '1s', max: '10s' } })
class FinalizerLast {
  constructor(@inject(DiskServiceToken) private readonly service: DiskService) {}

  @Step({ whileDeleting: true })
  async create(disk: Disk, ctx: StepContext<Disk>): Promise<Outcome> {
    const finalizers = disk.metadata.deletionTimestamp ? [] : ['example.com/disk'];
    if (finalizers.length > 0) disk.status.id = await this.service.create(disk.metadata.uid, ctx.idempotencyKey);
    else await this.service.removeOf(disk.metadata.uid);
    Object.assign(disk.metadata, { finalizers });
    return done();
  }
}

/** Two effects in one step, the second when the first has answered. */
@Reconciler({ for: Disk, name: 'disk', backoff: { base: '1s', max: '10s' } })
class TwoEffects extends DiskReconciler {
  constructor(@inject(DiskServiceToken) service: DiskService) { super(service); }

  protected override async made(disk: Disk): Promise<void> {
    await this.service.label(disk.metadata.uid);
  }
}

/** Has the external system looked through now and then. */
@Singleton({ name: 'sweeper', every: '18s', jitter: 0 })
class Sweeper {
  constructor(@inject(DiskServiceToken) private readonly service: DiskService) {}

  async tick(): Promise<void> {
    await this.service.removeOf('nobody');
  }
}

const failureOf = async (scenario: Scenario, options: EveryFaultOptions): Promise<FaultFailure> => {
  const error: unknown = await everyFault(scenario, options).catch((cause: unknown) => cause);
  expect(error).to.be.instanceOf(FaultFailure);
  return error as FaultFailure;
};

describe('every fault', () => {
  it('is survived by an operator that keeps the rules', async () => {
    const { scenario, invariants } = diskScenario();
    const { points, schedules } = await everyFault(scenario, { invariants, sample: 10, pairs: 20 });
    expect(points.map(({ id, label }) => `${id} ${label}`)).to.deep.equal([
      'u0 POST disks/default', 'w0 PATCH disks/default/d', 'x0 DiskService.create', 'w1 PATCH disks/default/d/status',
      'u1 POST nodes', 'w2 PATCH configmaps/default/of-d', 'w3 PATCH disks/default/d/status', 'w4 PATCH configmaps/default/of-d',
      'u2 DELETE disks/default/d', 'x1 DiskService.removeOf', 'w5 PATCH disks/default/d',
    ]);
    expect(schedules).to.equal(process.env['FAULTS'] === 'all' ? 127 : 11);
  });

  it('finds an effect that is repeated, and says how to see it again', async () => {
    const { scenario, invariants } = diskScenario(WithoutToken);
    const options = { invariants, faults: ['crash-after', 'timeout'] as const };
    const failure = await failureOf(scenario, options);
    expect(failure.schedule).to.equal('x0:crash-after');
    expect(failure.message).to.match(/^the scenario does not survive x0:crash-after: "one disk an object" does not hold after x1 DiskService\.create: .*\nagain: FAULT='x0:crash-after', or everyFault\.only\('x0:crash-after', …\)\n/);
    expect(failure.message).to.match(/\+0\.000s x0 DiskService\.create {2}<== crash-after\n {2}\+0\.000s process 2 starts/);
    const again: unknown = await everyFault.only('x0:crash-after', scenario, { invariants }).catch((error: unknown) => error);
    expect((again as Error).message).to.equal(failure.message);
  });

  it('finds an effect whose result was not written down, and nothing where it had not begun', async () => {
    const { scenario, invariants } = diskScenario(WithoutToken);
    expect((await failureOf(scenario, { invariants, faults: ['crash-before'] })).schedule).to.equal('w1:crash-before');
    await everyFault.only('x0:crash-before', scenario, { invariants });
  });

  it('finds a finalizer that stands too late', async () => {
    const { scenario } = hastyScenario(FinalizerLast);
    const failure = await failureOf(scenario, {});
    expect(failure.message).to.match(/does not survive x0:timeout: disks that are left: expected \[ 'disk-0' \]/);
    await everyFault(hastyScenario().scenario, { sample: 8 });
  });

  for (const [fault, evidence] of Object.entries({
    'u1:stale': /u1 POST nodes {2}<== stale\n {2}\+10\.000s w2/,
    'u1:dropped': /u1 POST nodes {2}<== dropped\n {2}\+[012]\.\d{3}s w2/,
    'u1:relisted': /u1 POST nodes {2}<== relisted\n {2}\+[23]\.\d{3}s w2/,
    'u1:reordered': /u1 POST nodes {2}<== reordered\n {2}\+1\.000s w2/,
    'w1:deposed': /w1 .*<== deposed\n {2}\+0\.000s u1 POST nodes\n {2}\+16\.000s another replica takes the lease\n {2}\+20\.001s process 2 starts/,
    'w3:409': /w3 .*<== 409\n {2}\+0\.000s w4 PATCH disks/,
    'w2:late': /w2 .*<== late\n {2}\+2\.000s w3/,
    'w5:late': /w5 .*<== late$/m,
    'w3:429': /w3 .*<== 429\n {2}\+1\.\d+s w4 PATCH disks/,
    'w3:500': /w3 .*<== 500\n {2}\+1\.\d+s w4/,
  })) {
    it(`delays what comes after ${fault}, and is no impossible one`, async () => {
      const { scenario } = diskScenario();
      const failure: unknown = await everyFault.only(fault, async (world) => {
        await scenario(world);
        throw new Error('show the trace');
      }).catch((error: unknown) => error);
      expect((failure as Error).message).to.match(evidence);
    });
  }

  it('sees a process that lost its lease in its sleep do nothing more', async () => {
    await everyFault.only('w0:deposed', diskScenario().scenario);
  });

  it('sees no tick begin in a process that lost its lease in its sleep', async () => {
    await everyFault.only('w1:deposed', diskScenario([DiskReconciler, Sweeper]).scenario);
  });

  it('finds a step that goes on with effects after the lead was lost in the middle of it, unless its client asks first', async () => {
    const failure = await failureOf(diskScenario(TwoEffects).scenario, { faults: ['deposed'] });
    expect(failure.message).to.match(/does not survive x0:deposed: process 1 went on with DiskService\.label after another replica had taken its lease; its client has to put effects through ExternalCalls /);
    await everyFault(diskScenario(TwoEffects, {}, { fenced: true }).scenario, { faults: ['deposed'] });
    await everyFault(diskScenario(TwoEffects, {}, { reads: ['label'] }).scenario, { faults: ['deposed'] });
  });

  it('finds a scenario that depends on something else than its inputs', async () => {
    let runs = 0;
    const error = await failureOf(async (world) => {
      runs += 1;
      await world.testBed({ kinds: [Disk] });
      await world.bed.api.create(Disk, { metadata: { name: `d${runs}` }, spec: { node: 'n' } } as never);
      await world.bed.api.delete(Disk, `d${runs}`);
    }, { faults: ['dropped'] });
    expect(error.message).to.include('not deterministic: u1 DELETE disks/default/d1 was followed by u1 DELETE disks/default/d3');
  });

  it('tries all schedules of the faults that the environment names, and refuses names that are none', async () => {
    const before = process.env['FAULTS'];
    try {
      process.env['FAULTS'] = 'late, 409';
      const { points, schedules } = await everyFault(hastyScenario().scenario, { sample: 1 });
      const [writes, patches, calls] = [/^w/, /^w\d+ (PATCH|PUT)/, /^x/].map((kind) => points.filter(({ id, label }) => kind.test(`${id} ${label}`)).length) as [number, number, number];
      expect(schedules).to.equal(1 + writes + calls + patches);
      process.env['FAULTS'] = 'earthquake';
      const error: unknown = await everyFault(hastyScenario().scenario).catch((cause: unknown) => cause);
      expect((error as Error).message).to.match(/^there is no fault "earthquake"; write all, or some of 409, .*deposed$/);
    } finally {
      if (before === undefined) delete process.env['FAULTS'];
      else process.env['FAULTS'] = before;
    }
  });

  it('says at once that an operator cannot start, instead of starting it for ever', async () => {
    const failure = await failureOf(async (world) => {
      world.external(DiskServiceToken, () => { throw new Error('no credentials'); }, []);
      const bed = await world.testBed(reconcilers(DiskReconciler));
      await world.until(async () => (await bed.api.find(Disk, 'd')) !== undefined);
    }, {});
    expect(failure.message).to.include('the scenario fails without any fault: no credentials');
  });

  it('refuses a schedule that it cannot read', async () => {
    const error: unknown = await everyFault.only('w1:earthquake', hastyScenario().scenario).catch((cause: unknown) => cause);
    expect((error as Error).message).to.match(/^the schedule "w1:earthquake" is not of the form POINT:FAULT,….*crash-before.*deposed$/);
  });
});
