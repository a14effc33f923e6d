// Every `@ts-expect-error` below is a test: it fails to compile when the mistake under it compiles.
import type { MapContext, StepContext, TickContext } from '../context.js';
import type { Duration } from '../duration.js';
import { Node, Pod } from '../kinds/core.js';
import { cacheScope } from '../runtime/cache-scope.js';
import { Batch, Catches, Condition, Deadline, Finalizer, OnEvent, Owns, RBAC, Reconciler, Singleton, Step, Watches, When } from './decorators.js';
import { index, keyOf } from './key.js';
import type { Key } from './key.js';
import { Column, ConvertsFrom, Field, ResourceKind, Version } from './kind-decorators.js';
import { done, held, met, released, waiting } from './outcome.js';
import type { Outcome, Release } from './outcome.js';
import { changed } from './predicate.js';
import { Resource } from './resource.js';
import type { Operator } from '../runtime/operator.js';
import { provide } from '../runtime/reconcilers.js';
import { s } from './schema.js';
import { token } from './token.js';
import type { EventSource } from './token.js';

class Spec {
  @Field(s.string()) declare name: string;
  @Field(s.int().optional()) declare size?: number;
  @Field(s.duration().default('1h')) declare every: Duration;
  @Field(s.duration<string>().optional()) declare after?: string;
  @Field(s.array(s.string()).optional()) declare zones?: readonly string[];
  @Field(s.enum('a', 'b').nullable()) declare choice: 'a' | 'b' | null;
  @Field(s.object({ key: s.string(), value: s.string().optional() })) declare pair: { key: string; value?: string };
}
class Status {
  @Field(s.record(s.number())) declare byType: Record<string, number>;
}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Claim', scope: 'Cluster', spec: () => Spec, status: () => Status })
class Claim extends Resource<Spec, Status, 'Launched' | 'Registered'> {}

class Gone extends Error {
  readonly what = 'gone';
}
interface Message { body: string }
const queue = token<EventSource<Message> & { acknowledge(message: Message): void }>('queue');
const claimsByName = index(Claim, 'name', (claim) => [claim.spec.name]);

/** Never called: it only has to compile. */
export function conditions(): unknown[] {
  class Good {
    @Condition('Launched', { latch: true })
    launch(_claim: Claim, ctx: StepContext<Claim>): Outcome { ctx.mark('Registered', met()); return ctx.condition('Ready') ? met() : waiting('Soon'); }
    @Condition('Registered', { dependsOn: ['Launched'], enabled: (claim: Claim, self: Good) => claim.spec.size !== undefined && self !== undefined })
    async register(): Promise<Outcome> { return met(); }
    @Step({ after: ['Launched'] })
    protected label(_claim: Claim): Outcome { return done(); }
    @Deadline('Launched', (claim: Claim) => claim.spec.every)
    late(_claim: Claim, _ctx: StepContext<Claim>): Outcome { return done(); }
    @Finalizer('example.com/cleanup')
    async cleanup(_claim: Claim): Promise<Release> { return released(); }
    @Catches(Gone, RangeError)
    broken(error: Gone | RangeError, _claim: Claim): Outcome { return waiting(error.name); }
    @Watches(Node, { when: changed((node) => node.spec, (node) => node.metadata.labels) })
    claimsOf(node: Node, map: MapContext): Key<Claim>[] { return map.keys({ index: claimsByName, value: node.spec.providerID }); }
    @OnEvent(queue)
    claimOf(message: Message): Key<Claim>[] { return [keyOf(Claim, message.body)]; }
    @When()
    ours(claim: Claim): boolean { return claim.spec.name !== ''; }
  }
  class Bad {
    // @ts-expect-error a misspelled condition
    @Condition('Lanched')
    misspelled(_claim: Claim): Outcome { return met(); }
    // @ts-expect-error a misspelled dependency
    @Condition('Registered', { dependsOn: ['Lanched'] })
    dependency(_claim: Claim): Outcome { return met(); }
    // @ts-expect-error a condition of a kind that has none
    @Condition('Launched')
    foreign(_node: Node): Outcome { return met(); }
    // @ts-expect-error a step that returns a string
    @Condition('Launched')
    text(_claim: Claim): string { return 'met'; }
    // @ts-expect-error a step that returns nothing
    @Step()
    nothing(_claim: Claim): void {}
    // @ts-expect-error a context of another kind
    @Step()
    mixed(_claim: Claim, _ctx: StepContext<Node>): Outcome { return done(); }
    // @ts-expect-error a step after a condition that the kind lacks
    @Step({ after: ['Lunched'] })
    after(_claim: Claim): Outcome { return done(); }
    // @ts-expect-error an option that does not exist
    @Condition('Launched', { latched: true })
    option(_claim: Claim): Outcome { return met(); }
    // @ts-expect-error a deadline on a condition that the kind lacks
    @Deadline('Started', '5m')
    deadline(_claim: Claim): Outcome { return done(); }
    // @ts-expect-error a finalizer without a domain
    @Finalizer('cleanup')
    domain(_claim: Claim): Release { return released(); }
    // @ts-expect-error a finalizer that returns an outcome
    @Finalizer('example.com/cleanup')
    outcome(_claim: Claim): Outcome { return met(); }
    // @ts-expect-error a step that returns a release
    @Condition('Launched')
    release(_claim: Claim): Release { return held('no'); }
    // @ts-expect-error a handler of other errors
    @Catches(RangeError)
    other(_error: Gone, _claim: Claim): Outcome { return done(); }
    // @ts-expect-error what is caught is no error
    @Catches(Map)
    noError(_error: Error): Outcome { return done(); }
    // @ts-expect-error a mapper of another kind
    @Watches(Pod)
    mapper(node: Node): Key<Claim>[] { return [keyOf(Claim, node.spec.providerID ?? '')]; }
    // @ts-expect-error a mapper that returns names
    @Watches(Node)
    names(node: Node): string[] { return [node.metadata.name]; }
    // @ts-expect-error a mapper of other events
    @OnEvent(queue)
    event(_message: { id: number }): Key<Claim>[] { return []; }
    // @ts-expect-error a predicate that does not answer
    @When()
    ours(claim: Claim): string { return claim.spec.name; }
  }
  // @ts-expect-error a kind that is none
  @Reconciler({ for: Gone, name: 'gone' })
  class NoKind {}
  // @ts-expect-error fairness by something the kind lacks
  @Reconciler({ for: Claim, name: 'fair', fairBy: (claim) => claim.spec.tenant })
  class Fair {}
  // @ts-expect-error what is owned is no kind
  @Owns(Gone)
  class Owner {}
  // @ts-expect-error a permission without its why
  @RBAC({ groups: [''], resources: ['pods'], verbs: ['get'] })
  class Unexplained {}
  // @ts-expect-error a singleton without a name
  @Singleton({ every: '1m' })
  class Nameless {}
  class Windows {
    // @ts-expect-error a window without its limit
    @Batch({ idle: '1s' })
    open(_ctx: TickContext): void {}
    // @ts-expect-error a batch gets a context, not what triggered it
    @Batch({ idle: '1s', max: '10s' })
    triggers(_node: Node): void {}
    // @ts-expect-error an error class is to be named
    @Catches()
    nothing(_error: Error): Outcome { return done(); }
    // @ts-expect-error a deadline needs its time
    @Deadline('Launched')
    timeless(_claim: Claim): Outcome { return done(); }
    // @ts-expect-error a deadline's time is a duration, not a moment
    @Deadline('Launched', () => new Date(0))
    moment(_claim: Claim): Outcome { return done(); }
  }
  // @ts-expect-error an order that does not exist
  @Reconciler({ for: Claim, name: 'order', conditions: 'sequential' })
  class Ordered {}
  // @ts-expect-error a root that does not exist
  @Reconciler({ for: Claim, name: 'root', root: 'Healthy' })
  class Rooted {}
  // @ts-expect-error a cache keeps the kind that it is of
  const scope = cacheScope(Node, { keep: (node) => node.spec });
  // @ts-expect-error a predicate on something the kind lacks
  const selector = Watches(Node, { when: changed((node) => node.spec.colour) });
  return [Good, Bad, NoKind, Fair, Owner, Unexplained, Nameless, Windows, Ordered, Rooted, scope, selector];
}

/** Never called: it only has to compile. */
export function fields(): unknown[] {
  class Bad {
    // @ts-expect-error another type
    @Field(s.int()) declare text: string;
    // @ts-expect-error an optional schema on a required property
    @Field(s.string().optional()) declare required: string;
    // @ts-expect-error a required schema on an optional property
    @Field(s.string()) declare optional?: string;
    // @ts-expect-error a wider schema
    @Field(s.string()) declare narrow: 'a' | 'b';
    // @ts-expect-error a narrower schema
    @Field(s.enum('a')) declare wide: 'a' | 'b';
    // @ts-expect-error other items
    @Field(s.array(s.int())) declare items: string[];
    // @ts-expect-error an object that lacks a property
    @Field(s.object({ key: s.string() })) declare pair: { key: string; value: string };
    // @ts-expect-error null is not in the schema
    @Field(s.string()) declare nullable: string | null;
  }
  // @ts-expect-error columns have types of their own
  @Column({ name: 'Text', type: 'text', jsonPath: '.spec.name' })
  class Columned extends Resource<Spec, Status> {}
  @Version({ of: () => Converted, version: 'v1beta1', spec: () => Spec })
  class Older extends Resource<Spec, unknown> {}
  @ResourceKind({ group: 'a.b', version: 'v1', kind: 'Converted', scope: 'Cluster', spec: () => Status })
  // @ts-expect-error a conversion that makes nothing of the other version
  @ConvertsFrom(() => Older, { upgrade: (older: Older) => older, downgrade: (stored: Converted) => stored })
  class Converted extends Resource<Status, unknown> {}
  // @ts-expect-error a spec of another class
  @ResourceKind({ group: 'a.b', version: 'v1', kind: 'Wrong', scope: 'Cluster', spec: () => Status })
  class Wrong extends Resource<Spec, Status> {}
  return [
    Bad,
    Wrong,
    Columned,
    // @ts-expect-error numbers have no pattern
    s.int().pattern(/x/),
    // @ts-expect-error strings have no maximum
    s.string().max(3),
    // @ts-expect-error a default of another type
    s.int().default('3'),
    // @ts-expect-error a default that is not among the values
    s.enum('a', 'b').default('c'),
    s.array(s.object({ nodes: s.string(), reason: s.string() })).default([{ nodes: '10%' }]),
    // @ts-expect-error only lists have keys
    s.record(s.string()).listMapKeys('a'),
  ];
}

/** Never called: it only has to compile. */
export async function contexts(ctx: StepContext<Claim>): Promise<void> {
  // @ts-expect-error a condition that the kind lacks
  ctx.condition('Started');
  // @ts-expect-error a mark that the kind lacks
  ctx.mark('Drifted', met());
  // @ts-expect-error an index of another kind
  ctx.cache.list(Node, { index: claimsByName, value: 'x' });
  // @ts-expect-error a spec that lacks what is required
  await ctx.create(Claim, { metadata: { name: 'a' }, spec: {} });
  await ctx.create(Node, { metadata: { name: 'a' }, spec: { providerID: 'x' } });
  const zone: string | undefined = ctx.object.metadata.labels['zone'];
  await ctx.create(Claim, { metadata: { name: 'a', namespace: ctx.object.metadata.namespace, labels: { zone } }, spec: { ...ctx.object.spec, after: zone, pair: { key: 'a', value: zone } } });
  // @ts-expect-error undefined for what is required
  await ctx.create(Claim, { metadata: { name: 'a' }, spec: { ...ctx.object.spec, name: zone } });
  await ctx.apply(Claim, { metadata: { name: 'a' }, spec: { pair: { value: 'only this' } } });
  // @ts-expect-error a field that the kind lacks
  await ctx.apply(Claim, { metadata: { name: 'a' }, spec: { colour: 'red' } });
  // @ts-expect-error a value of another type
  await ctx.apply(Claim, { metadata: { name: 'a' }, spec: { pair: { value: 1 } } });
  const claim: Claim | undefined = ctx.cache.list(Claim, { index: claimsByName, value: undefined })[0];
  if (claim) await ctx.patch(claim, (draft) => { draft.status.byType['a'] = 1; });
}

/** Never called: it only has to compile. */
export function services(operator: Operator): unknown[] {
  class Prices { of(): number { return 1; } }
  return [
    operator.override(Prices, { of: () => 2 }),
    // @ts-expect-error what is put in the place of a service is none
    operator.override(queue, new Prices()),
    // @ts-expect-error what is bound under a token is of another type
    provide(queue, { body: 'x' }),
  ];
}

describe('mistakes in declarations', () => {
  it('do not compile', () => {
    // That this file compiled is the assertion.
  });
});
