// An operator with everything that faults like: an external system, a finalizer, an object that it owns, another that it only reads.
import { expect } from 'chai';
import { inject } from 'inversify';
import type { MapContext, StepContext } from '../../context.js';
import { Condition, Finalizer, Owns, Reconciler, Watches } from '../../dsl/decorators.js';
import type { Key } from '../../dsl/key.js';
import { Field, ResourceKind } from '../../dsl/kind-decorators.js';
import type { Outcome, Release } from '../../dsl/outcome.js';
import { met, released, waiting } from '../../dsl/outcome.js';
import type { ReconcilerClass } from '../../dsl/plan.js';
import { Resource } from '../../dsl/resource.js';
import { s } from '../../dsl/schema.js';
import { token } from '../../dsl/token.js';
import { ConfigMap, Node } from '../../kinds/core.js';
import { reconcilers } from '../../runtime/reconcilers.js';
import type { TestBedOptions } from '../test-bed.js';
import type { Scenario } from './every-fault.js';
import type { ExternalOptions, FaultWorld, Invariant } from './fault-world.js';

class DiskSpec {
  @Field(s.string()) declare node: string;
}
class DiskStatus {
  @Field(s.string().optional()) declare id?: string;
}
@ResourceKind({ group: 'storage.example.com', version: 'v1', kind: 'Disk', scope: 'Namespaced', spec: () => DiskSpec, status: () => DiskStatus })
export class Disk extends Resource<DiskSpec, DiskStatus, 'Created' | 'Attached' | 'Announced'> {}

/** The external system. One token makes one disk, however often it is used; whose it is stands on it. */
export class DiskService {
  /** Owners by disk. */
  readonly disks = new Map<string, string>();
  readonly created: string[] = [];
  readonly #tokens = new Map<string, string>();

  create(owner: string, clientToken: string): Promise<string> {
    const id = this.#tokens.get(clientToken) ?? `disk-${this.created.length}`;
    if (!this.#tokens.has(clientToken)) {
      this.created.push(id);
      this.disks.set(id, owner);
    }
    this.#tokens.set(clientToken, id);
    return Promise.resolve(id);
  }

  label(_owner: string): Promise<void> {
    return Promise.resolve();
  }

  removeOf(owner: string): Promise<void> {
    for (const [id, of] of this.disks) if (of === owner) this.disks.delete(id);
    return Promise.resolve();
  }
}
type Effect = 'create' | 'label' | 'removeOf';
export const DiskServiceToken = token<DiskService>('example.DiskService');

@Reconciler({ for: Disk, name: 'disk', backoff: { base: '1s', max: '10s' } })
@Owns(ConfigMap)
export class DiskReconciler {
  constructor(@inject(DiskServiceToken) protected readonly service: DiskService) {}

  @Watches(Node)
  disksOf(_node: Node, map: MapContext): Key<Disk>[] {
    return map.all(Disk);
  }

  @Condition('Created', { latch: true })
  async create(disk: Disk, ctx: StepContext<Disk>): Promise<Outcome> {
    disk.status.id = await ctx.once('create', () => this.service.create(disk.metadata.uid, this.tokenOf(disk, ctx)));
    await this.made?.(disk);
    return met();
  }

  @Condition('Attached', { dependsOn: ['Created'] })
  attach(disk: Disk, ctx: StepContext<Disk>): Outcome {
    return ctx.cache.get(Node, disk.spec.node) ? met() : waiting('NodeNotFound', `node "${disk.spec.node}" is not there`);
  }

  @Condition('Announced', { dependsOn: ['Attached'] })
  async announce(disk: Disk, ctx: StepContext<Disk>): Promise<Outcome> {
    const { name, namespace } = disk.metadata;
    await ctx.apply(ConfigMap, { metadata: { name: `of-${name}`, namespace: namespace as string }, data: { id: disk.status.id as string } } as never);
    return met();
  }

  @Finalizer('example.com/disk')
  async remove(disk: Disk): Promise<Release> {
    // By owner: the process may have ended between making the disk and writing down which it is.
    await this.service.removeOf(disk.metadata.uid);
    return released();
  }

  protected made?(disk: Disk): Promise<void>;

  protected tokenOf(_disk: Disk, ctx: StepContext<Disk>): string {
    return ctx.idempotencyKey;
  }
}

/** What a scenario of disks is run with. */
interface DiskScenario {
  readonly scenario: Scenario;
  readonly invariants: Record<string, Invariant>;
}

/** A disk is wanted before its node is there; then it is no longer wanted. */
export const diskScenario = (classes: ReconcilerClass | readonly ReconcilerClass[] = DiskReconciler, options: TestBedOptions = {}, external: ExternalOptions<Effect> = {}): DiskScenario => scenarioOf(classes, options, external, async (world) => {
  const { api } = world.bed;
  const status = async (type: string): Promise<string | undefined> => (await api.get(Disk, 'd')).status.conditions?.find((condition) => condition.type === type)?.status;
  await api.create(Disk, { metadata: { name: 'd' }, spec: { node: 'n' } } as never);
  await world.until(async () => (await status('Created')) === 'True');
  await api.create(Node, { metadata: { name: 'n' } } as never);
  await world.until(async () => (await status('Ready')) === 'True');
  expect(await api.get(ConfigMap, 'of-d')).to.have.nested.property('data.id', (await api.get(Disk, 'd')).status.id);
  await api.delete(Disk, 'd');
});

/** A disk is wanted, and at once no longer. */
export const hastyScenario = (reconciler: ReconcilerClass = DiskReconciler): DiskScenario => scenarioOf(reconciler, {}, {}, async ({ bed }) => {
  await bed.api.create(Disk, { metadata: { name: 'd' }, spec: { node: 'n' } } as never);
  await bed.settle();
  await bed.api.delete(Disk, 'd');
});

function scenarioOf(classes: ReconcilerClass | readonly ReconcilerClass[], options: TestBedOptions, external: ExternalOptions<Effect>, story: Scenario): DiskScenario {
  const services = new WeakMap<FaultWorld, DiskService>();
  const serviceOf = (world: FaultWorld): DiskService => services.get(world) as DiskService;
  const scenario: Scenario = async (world) => {
    const service = new DiskService();
    services.set(world, service);
    world.external(DiskServiceToken, service, ['create', 'label', 'removeOf'], external);
    const { api } = await world.testBed(reconcilers(...[classes].flat()), { kinds: [ConfigMap, Node], ...options });
    await story(world);
    await world.until(async () => (await api.find(Disk, 'd')) === undefined);
    expect([...service.disks.keys()], 'disks that are left').to.deep.equal([]);
  };
  return { scenario, invariants: { 'one disk an object': (world) => {
    expect(serviceOf(world).created.length, 'disks that were made').to.be.at.most(1);
  } } };
}
