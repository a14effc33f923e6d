import { expect } from 'chai';
import type { MapContext, StepContext } from '../context.js';
import { ConfigMap, Node, Pod } from '../kinds/core.js';
import { Lease } from '../kinds/coordination.js';
import { kindRefOf } from './kind-plan.js';
import { compile } from './compile.js';
import { Batch, Catches, Condition, Deadline, Finalizer, OnEvent, Owns, RBAC, Reconciler, Singleton, Step, Watches, When } from './decorators.js';
import { Column, ConvertsFrom, Field, ForeignKind, ResourceKind, Validation, Version } from './kind-decorators.js';
import { done, met, released } from './outcome.js';
import type { Outcome, Release } from './outcome.js';
import { onDelete } from './predicate.js';
import { InvalidDeclarations } from './problem.js';
import { BaseResource, Resource } from './resource.js';
import { s } from './schema.js';
import { token } from './token.js';
import type { EventSource } from './token.js';

class Spec {
  @Field(s.string().optional())
  declare text?: string;
}
class Status {
  @Field(s.string().optional())
  declare text?: string;
}
const names = { group: 'test.example.com', version: 'v1', scope: 'Cluster', spec: () => Spec, status: () => Status } as const;
@ResourceKind({ ...names, kind: 'Widget' })
class Widget extends Resource<Spec, Status, 'A' | 'B' | 'C' | 'Launched' | 'Ready'> {}
@ResourceKind({ ...names, kind: 'Box', scope: 'Namespaced' })
class Box extends Resource<Spec, Status, 'A'> {}
class NoKind extends BaseResource {}

const events = token<EventSource<string>>('test.events');

/** The problems of classes, as `Class.member: message`. */
function problemsOf(...classes: (abstract new (...args: never[]) => unknown)[]): string[] {
  try {
    compile(classes);
  } catch (error) {
    if (!(error instanceof InvalidDeclarations)) throw error;
    return error.problems.map(({ class: name, member, message }) => `${member === undefined ? name : `${name}.${member}`}: ${message}`);
  }
  return [];
}

describe('compile', () => {
  describe('makes a plan', () => {
    @Reconciler({
      for: Widget, name: 'widget.lifecycle', concurrency: { perCpu: 100, min: 10, max: 50 }, backoff: { base: '1s', max: '1m', jitter: 0.2 },
      rate: { qps: 10, burst: 100 }, timeout: '2m', priority: (widget) => (widget.spec.text === 'urgent' ? 10 : 0), fairBy: (widget) => widget.spec.text,
      conditions: 'parallel', reads: [ConfigMap],
    })
    @Owns(Pod, { metadataOnly: true })
    @RBAC({ groups: [''], resources: ['configmaps'], verbs: ['get'], why: 'prices' })
    class Lifecycle {
      @When()
      ours(widget: Widget): boolean { return widget.spec.text !== 'foreign'; }
      @Watches(Node, { when: onDelete(), priority: 10, debounce: '10s', optional: true, metadataOnly: true })
      widgetsOf(_node: Node, _map: MapContext): [] { return []; }
      @OnEvent(events)
      widgetsNamed(_name: string, _map: MapContext): [] { return []; }
      @Condition('B', { dependsOn: ['A'], every: '1m', optional: true })
      b(): Outcome { return met(); }
      @Condition('A', { latch: true, failedReason: 'Broken' })
      a(_widget: Widget, _ctx: StepContext<Widget>): Outcome { return met(); }
      @Step({ after: ['A'] })
      step(): Outcome { return done(); }
      @Deadline('A', '5m')
      late(): Outcome { return done(); }
      @Catches(RangeError, TypeError)
      broken(_error: RangeError | TypeError): Outcome { return done(); }
      @Finalizer('test.example.com/cleanup')
      cleanup(): Release { return released(); }
    }
    @Singleton({ name: 'sweeper', every: '2m', jitter: 0.1, immediate: false })
    class Sweeper {
      tick(): void {}
    }
    @Singleton({ name: 'provisioner' })
    class Provisioner {
      @Watches(Pod)
      pending(pod: Pod): boolean { return pod.spec.nodeName === undefined; }
      @Batch({ idle: '1s', max: '10s' })
      provision(): void {}
    }
    const plan = compile([Lifecycle, Sweeper, Provisioner, Lifecycle, Box]);
    const [lifecycle] = plan.reconcilers;

    it('with everything that the decorators said, in milliseconds', () => {
      expect(plan.reconcilers).to.have.length(1);
      expect(lifecycle).to.deep.include({ name: 'widget.lifecycle', backoff: { base: 1_000, max: 60_000, jitter: 0.2 }, timeout: 120_000, order: 'parallel', predicates: ['ours'] });
      expect(lifecycle?.kind).to.include({ kind: 'Widget', plural: 'widgets', namespaced: false, statusSubresource: true });
      expect(lifecycle?.steps.map(({ method }) => method)).to.deep.equal(['a', 'b', 'step']);
      expect(lifecycle?.steps[1]).to.deep.include({ condition: 'B', dependsOn: ['A'], every: 60_000, optional: true, latch: false });
      expect(lifecycle?.root).to.deep.equal({ type: 'Ready', dependents: ['A'], tentative: [] });
      expect(lifecycle?.watches[0]).to.deep.include({ method: 'widgetsOf', priority: 10, debounce: 10_000, optional: true, metadataOnly: true });
      expect(lifecycle?.eventSources).to.deep.equal([{ method: 'widgetsNamed', source: events }]);
      expect(lifecycle?.deadlines[0]?.within({} as Widget, {})).to.equal(300_000);
      expect(lifecycle?.finalizers).to.deep.equal([{ method: 'cleanup', name: 'test.example.com/cleanup' }]);
      expect(lifecycle?.catches[0]?.errors).to.deep.equal([RangeError, TypeError]);
      expect(lifecycle?.rules[0]?.resources).to.deep.equal(['configmaps']);
      expect(lifecycle?.priority({ spec: { text: 'urgent' } } as Widget)).to.equal(10);
    });

    it('of singletons with their tick or their window', () => {
      expect(plan.singletons[0]).to.deep.include({ name: 'sweeper', method: 'tick', every: 120_000, jitter: 0.1, immediate: false });
      expect(plan.singletons[1]).to.deep.include({ name: 'provisioner', method: 'provision' }).and.not.to.have.property('every');
      expect(plan.singletons[1]?.batch?.window({})).to.deep.equal({ idle: 1_000, max: 10_000 });
    });

    it('with one informer a kind, as large as its most demanding reader needs', () => {
      expect(plan.informers.map(({ kind, optional, metadataOnly }) => `${kind.kind} ${optional} ${metadataOnly}`)).to.have.members([
        'Widget false false', 'Pod false false', 'Node true true', 'ConfigMap false false',
      ]);
    });

    it('with custom kinds first, whether a reconciler uses them or not', () => {
      expect(plan.kinds.filter(({ definition }) => definition).map(({ kind }) => kind)).to.have.members(['Widget', 'Box']);
      expect(plan.kinds.at(-1)?.definition).to.equal(undefined);
    });

    it('that is frozen', () => {
      expect(Object.isFrozen(plan)).to.equal(true);
      expect(Object.isFrozen(lifecycle?.steps[0]?.dependsOn)).to.equal(true);
      expect(Object.isFrozen(lifecycle?.backoff)).to.equal(true);
    });
  });

  describe('knows inheritance', () => {
    class Base {
      @Condition('A')
      a(): Outcome { return met(); }
      @Condition('B', { dependsOn: ['A'] })
      b(): Outcome { return met(); }
    }

    it('a subclass takes steps over, also those that it overrides, and what it decorates anew wins', () => {
      @Reconciler({ for: Widget, name: 'derived' })
      class Derived extends Base {
        override a(): Outcome { return met('Overridden'); }
        @Condition('B', { optional: true })
        override b(): Outcome { return met(); }
        @Condition('C')
        c(): Outcome { return met(); }
      }
      const { steps } = compile([Derived]).reconcilers[0]!;
      expect(steps.map(({ method, condition, optional, dependsOn }) => `${method} ${condition} ${optional} ${dependsOn.join()}`)).to.deep.equal(['a A false ', 'b B true ', 'c C false ']);
    });

    it('a base class does not see the steps of its subclasses, nor siblings each other\'s', () => {
      @Reconciler({ for: Widget, name: 'left' })
      class Left extends Base {
        @Condition('C')
        c(): Outcome { return met(); }
      }
      @Reconciler({ for: Box, name: 'right', root: 'Succeeded' })
      class Right extends Base {}
      const plan = compile([Left, Right]);
      expect(plan.reconcilers.map(({ steps }) => steps.length)).to.deep.equal([3, 2]);
    });

    it('@Reconciler itself is not inherited', () => {
      @Reconciler({ for: Widget, name: 'parent' })
      class Parent extends Base {}
      class Child extends Parent {}
      expect(problemsOf(Child)).to.deep.equal(['Child: is neither a @Reconciler, a @Singleton nor a kind, and has no @Validates or @Defaults method; its base class Parent has @Reconciler, which is not inherited']);
    });

    it('a condition belongs to one method of the chain', () => {
      @Reconciler({ for: Widget, name: 'twice' })
      class Twice extends Base {
        @Condition('A')
        another(): Outcome { return met(); }
      }
      expect(problemsOf(Twice)).to.deep.equal(['Twice.another: condition "A" already belongs to method "a"']);
    });
  });

  describe('tells every mistake with the class, the method and the alternatives', () => {
    type Declared = abstract new (...args: never[]) => unknown;
    const cases: [string, () => Declared[], string | RegExp][] = [
      ['a class without decorators', () => [class Plain {}], 'Plain: is neither a @Reconciler, a @Singleton nor a kind, and has no @Validates or @Defaults method'],
      ['two controllers in one class', () => {
        @Reconciler({ for: Widget, name: 'both' }) @Singleton({ name: 'both', every: '1m' }) class Both { @Step() a(): Outcome { return done(); } tick(): void {} }
        return [Both];
      }, 'Both: is more than one controller; give every @Reconciler and @Singleton a class of its own'],
      ['two controllers of one name', () => {
        @Reconciler({ for: Widget, name: 'same' }) class First { @Step() a(): Outcome { return done(); } }
        @Singleton({ name: 'same', every: '1m' }) class Second { tick(): void {} }
        return [First, Second];
      }, 'Second: the name "same" already belongs to class First; names are unique among all controllers'],
      ['a name that no label takes', () => {
        @Reconciler({ for: Widget, name: 'Not Valid' }) class Named { @Step() a(): Outcome { return done(); } }
        return [Named];
      }, 'Named: name "Not Valid" has to be up to 63 lower-case letters, digits, "-" and ".", and to start and end with a letter or digit'],
      ['a primary kind that is none', () => {
        @Reconciler({ for: NoKind, name: 'nokind' }) class For { @Step() a(): Outcome { return done(); } }
        return [For];
      }, 'For: the kind of @Reconciler (for) is class NoKind, which is no kind; decorate it with @ResourceKind or @ForeignKind'],
      ['a kind that is not loaded yet', () => {
        @Reconciler({ for: Widget, name: 'cyclic', reads: [undefined as unknown as typeof Widget] }) class Cyclic { @Step() a(): Outcome { return done(); } }
        return [Cyclic];
      }, 'Cyclic: a kind of reads is undefined; are two files importing each other?'],
      ['a reconciler that does nothing', () => {
        @Reconciler({ for: Widget, name: 'idle' }) class Idle { @When() ours(_widget: Widget): boolean { return true; } }
        return [Idle];
      }, 'Idle: has no @Condition, @Step or @Finalizer: it would do nothing'],
      ['a misspelled dependency', () => {
        @Reconciler({ for: Widget, name: 'typo' }) class Typo { @Condition('Launched') a(): Outcome { return met(); } @Condition('B', { dependsOn: ['Lanuched' as 'Launched'] }) b(): Outcome { return met(); } }
        return [Typo];
      }, 'Typo.b: condition "B" depends on "Lanuched", which no step of this class owns. Did you mean "Launched"? It can be "Launched".'],
      ['a step after a condition of another class', () => {
        @Reconciler({ for: Widget, name: 'after' }) class After { @Step({ after: ['C'] }) a(): Outcome { return done(); } }
        return [After];
      }, 'After.a: the step comes after "C", which no step of this class owns. It can be nothing: there is none.'],
      ['conditions in a circle', () => {
        @Reconciler({ for: Widget, name: 'circle' }) class Circle {
          @Condition('A', { dependsOn: ['C'] }) a(): Outcome { return met(); }
          @Condition('B', { dependsOn: ['A'] }) b(): Outcome { return met(); }
          @Condition('C', { dependsOn: ['B'] }) c(): Outcome { return met(); }
        }
        return [Circle];
      }, 'Circle.a: conditions depend on each other in a circle: A -> C -> B -> A'],
      ['a condition that depends on itself', () => {
        @Reconciler({ for: Widget, name: 'self' }) class Self { @Condition('A', { dependsOn: ['A'] }) a(): Outcome { return met(); } }
        return [Self];
      }, 'Self.a: conditions depend on each other in a circle: A -> A'],
      ['two steps in one method', () => {
        @Reconciler({ for: Widget, name: 'double' }) class Double { @Condition('A') @Step() a(): Outcome { return met(); } }
        return [Double];
      }, 'Double.a: is more than one step; give every @Condition and @Step a method of its own'],
      ['a method with two roles', () => {
        @Reconciler({ for: Widget, name: 'roles' })
        class Roles {
          @Condition('A') a(): Outcome { return met(); }
          @Deadline('A', '1m') @Deadline('A', '2m') late(): Outcome { return done(); }
          @Finalizer('a.b/c') @When() gone(): never { throw new Error('never called'); }
        }
        return [Roles];
      }, 'Roles.gone: is both @When and @Finalizer; give each a method of its own'],
      ['a condition type that Kubernetes refuses', () => {
        @Reconciler({ for: Widget, name: 'type' }) class Typed { @Condition('not valid' as 'A') a(): Outcome { return met(); } }
        return [Typed];
      }, 'Typed.a: condition type "not valid" is not a CamelCase word, such as "Launched"'],
      ['a failedReason that Kubernetes refuses', () => {
        @Reconciler({ for: Widget, name: 'reason' }) class Reasoned { @Condition('A', { failedReason: 'went wrong' }) a(): Outcome { return met(); } }
        return [Reasoned];
      }, 'Reasoned.a: failedReason "went wrong" is not a CamelCase word'],
      ['blocked without dependencies', () => {
        @Reconciler({ for: Widget, name: 'blocked' }) class Blocked { @Condition('A', { blocked: 'propagate' }) a(): Outcome { return met(); } }
        return [Blocked];
      }, "Blocked.a: blocked: 'propagate' without dependsOn: nothing can block it"],
      ['a condition with two owners', () => {
        @Reconciler({ for: Widget, name: 'owner.one' }) class One { @Condition('A') a(): Outcome { return met(); } }
        @Reconciler({ for: Widget, name: 'owner.two' }) class Two { @Condition('A') a(): Outcome { return met(); } }
        return [One, Two];
      }, 'Two.a: condition "A" of Widget already belongs to class One; a condition has one owner'],
      ['a step that owns the root', () => {
        @Reconciler({ for: Widget, name: 'rooted' }) class Rooted { @Condition('A') a(): Outcome { return met(); } @Condition('Ready') r(): Outcome { return met(); } }
        return [Rooted];
      }, 'Rooted.r: condition "Ready" is the root of Widget, which is computed from the others'],
      ['two roots for one kind', () => {
        @Reconciler({ for: Widget, name: 'root.one' }) class One { @Condition('A') a(): Outcome { return met(); } }
        @Reconciler({ for: Widget, name: 'root.two', root: 'Succeeded' }) class Two { @Condition('B') b(): Outcome { return met(); } }
        return [One, Two];
      }, 'Two: root "Succeeded" differs from "Ready" of class One; all reconcilers of Widget share one root'],
      ['a root of nothing', () => {
        @Reconciler({ for: Widget, name: 'hollow', root: 'Ready' }) class Hollow { @Step() a(): Outcome { return done(); } }
        return [Hollow];
      }, 'Hollow: root "Ready" has no conditions to count; add a @Condition or set root: false'],
      ['a root that does not exist', () => {
        @Reconciler({ for: Widget, name: 'redy', root: 'Redy' as 'Ready' }) class Redy { @Condition('A') a(): Outcome { return met(); } }
        return [Redy];
      }, 'Redy: root "Redy" does not exist. Did you mean "Ready"? It can be "Ready", "Succeeded".'],
      ['words that are none', () => {
        @Reconciler({ for: Widget, name: 'words', conditions: 'paralel' as 'parallel', transitionEvents: 'non' as 'none' })
        class Worded { @Condition('A') a(): Outcome { return met(); } @Condition('B', { dependsOn: ['A'], blocked: 'unknwon' as 'unknown' }) b(): Outcome { return met(); } }
        return [Worded];
      }, ['Worded.b: blocked "unknwon" does not exist. Did you mean "unknown"? It can be "unknown", "propagate".',
        'Worded: conditions "paralel" does not exist. Did you mean "parallel"? It can be "ordered", "parallel".',
        'Worded: transitionEvents "non" does not exist. Did you mean "none"? It can be "byOutcome", "normal", "none".'].join('\n')],
      ['a deadline for a condition of somebody else', () => {
        @Reconciler({ for: Widget, name: 'deadline' }) class Late { @Condition('A') a(): Outcome { return met(); } @Deadline('B', '1m') late(): Outcome { return done(); } }
        return [Late];
      }, 'Late.late: the deadline is for condition "B", which no step of this class owns. Did you mean "A"? It can be "A".'],
      ['a deadline that is no duration', () => {
        @Reconciler({ for: Widget, name: 'fiveish' }) class Fiveish { @Condition('A') a(): Outcome { return met(); } @Deadline('A', '5 minutes') late(): Outcome { return done(); } }
        return [Fiveish];
      }, 'Fiveish.late: the deadline of "A", "5 minutes" is not a duration; write for example "1h30m", "15s" or "250ms"'],
      ['a period that is negative', () => {
        @Reconciler({ for: Widget, name: 'past' }) class Past { @Condition('A', { every: '-1m' }) a(): Outcome { return met(); } }
        return [Past];
      }, 'Past.a: every "-1m" is negative'],
      ['a period of nothing', () => {
        @Reconciler({ for: Widget, name: 'busy' }) class Busy { @Step({ every: 0 }) a(): Outcome { return done(); } }
        return [Busy];
      }, 'Busy.a: every "0s" would run without a pause'],
      ['a finalizer without a domain', () => {
        @Reconciler({ for: Widget, name: 'final' }) class Final { @Finalizer('cleanup' as 'a.b/c') a(): Release { return released(); } }
        return [Final];
      }, 'Final.a: finalizer "cleanup" has to be a domain and a name, such as "example.com/cleanup"'],
      ['a finalizer with two owners', () => {
        @Reconciler({ for: Widget, name: 'final.one' }) class One { @Finalizer('a.b/c') a(): Release { return released(); } }
        @Reconciler({ for: Widget, name: 'final.two' }) class Two { @Finalizer('a.b/c') a(): Release { return released(); } }
        return [One, Two];
      }, 'Two.a: finalizer "a.b/c" on Widget already belongs to class One'],
      ['a finalizer twice in a class', () => {
        @Reconciler({ for: Widget, name: 'finals' }) class Finals { @Finalizer('a.b/c') a(): Release { return released(); } @Finalizer('a.b/c') b(): Release { return released(); } }
        return [Finals];
      }, 'Finals.b: finalizer "a.b/c" is declared twice in this class'],
      ['an error class that is none', () => {
        @Reconciler({ for: Widget, name: 'catch' }) class Caught { @Step() a(): Outcome { return done(); } @Catches(Map as never) b(): Outcome { return done(); } }
        return [Caught];
      }, 'Caught.b: @Catches names Map, which is no class of errors'],
      ['an error class that is caught twice', () => {
        @Reconciler({ for: Widget, name: 'catches' }) class Catchers { @Step() a(): Outcome { return done(); } @Catches(RangeError) b(): Outcome { return done(); } @Catches(RangeError) c(): Outcome { return done(); } }
        return [Catchers];
      }, 'Catchers.c: RangeError is already caught by method "b"'],
      ['a watch on no kind', () => {
        @Reconciler({ for: Widget, name: 'watch' }) class Watching { @Step() a(): Outcome { return done(); } @Watches(NoKind) b(): [] { return []; } }
        return [Watching];
      }, 'Watching.b: the kind of @Watches is class NoKind, which is no kind; decorate it with @ResourceKind or @ForeignKind'],
      ['a watch whose priority is no number', () => {
        @Reconciler({ for: Widget, name: 'urgent' }) class Urgent { @Step() a(): Outcome { return done(); } @Watches(Pod, { priority: Number.NaN }) b(_pod: Pod): [] { return []; } }
        return [Urgent];
      }, 'Urgent.b: priority NaN is not a number'],
      ['an event source without a token', () => {
        @Reconciler({ for: Widget, name: 'event' }) class Listening { @Step() a(): Outcome { return done(); } @OnEvent('queue' as never) b(): [] { return []; } }
        return [Listening];
      }, 'Listening.b: the source of @OnEvent is queue; give the token under which the container has the source'],
      ['an owner that cannot own', () => {
        @Reconciler({ for: Box, name: 'own' }) @Owns(Node) class Owner { @Step() a(): Outcome { return done(); } }
        return [Owner];
      }, 'Owner: @Owns Node: a cluster-scoped object cannot be owned by a namespaced Box'],
      ['a rule without a reason', () => {
        @Reconciler({ for: Widget, name: 'rbac' }) @RBAC({ groups: [], resources: ['pods'], verbs: ['gte'], why: ' ' }) class Ruled { @Step() a(): Outcome { return done(); } }
        return [Ruled];
      }, /@RBAC has no groups\n.*@RBAC verb "gte" does not exist\. Did you mean "get"\?.*\n.*@RBAC does not say why/],
      ['limits that are no limits', () => {
        @Reconciler({ for: Widget, name: 'limits', concurrency: { perCpu: 0, min: 9, max: 3 }, rate: { qps: 0, burst: 1 }, jitter: 2, priority: Number.NaN, backoff: { base: '1m', max: '1s' } })
        class Limits { @Step() a(): Outcome { return done(); } }
        return [Limits];
      }, /concurrency\.perCpu 0 has to be above 0\n.*concurrency\.min 9 is above concurrency\.max 3\n.*rate has to have qps above 0 and burst of at least 1, not 0 and 1\n.*priority NaN is not a number\n.*backoff\.base \(60000ms\) is above backoff\.max \(1000ms\)\n.*jitter 2 is not a fraction between 0 and 1/],
      ['a time limit that lets nothing run', () => {
        @Reconciler({ for: Widget, name: 'hurried', timeout: '0s' }) class Hurried { @Step() a(): Outcome { return done(); } }
        @Singleton({ name: 'rushed', every: '1m', timeout: 0 }) class Rushed { tick(): void {} }
        return [Hurried, Rushed];
      }, ['Hurried', 'Rushed'].map((name) => `${name}: timeout is 0: every run would end before it has begun; leave it out for no limit`).join('\n')],
      ['a backoff without a pause', () => {
        @Reconciler({ for: Widget, name: 'hasty', backoff: { base: 0 } }) class Hasty { @Step() a(): Outcome { return done(); } }
        return [Hasty];
      }, 'Hasty: backoff.base is 0: a failing key would run without a pause'],
      ['a step that is no method', () => {
        @Reconciler({ for: Widget, name: 'field' }) class Fielded { @Step() a(): Outcome { return done(); } declare b: string; }
        (Step() as unknown as PropertyDecorator)(Fielded.prototype, 'b');
        return [Fielded];
      }, 'Fielded.b: @Step has to be on a method'],
      ['a decorator that has no meaning there', () => {
        @Reconciler({ for: Widget, name: 'batched' }) class Batched { @Step() a(): Outcome { return done(); } @Batch({ idle: '1s', max: '2s' }) b(): void {} }
        return [Batched];
      }, 'Batched.b: @Batch has no meaning in a reconciler; its members take @Condition, @Step, @Deadline, @Finalizer, @Catches, @Watches, @When, @OnEvent, @Validates, @Defaults'],
      ['a static step', () => {
        @Reconciler({ for: Widget, name: 'static' }) class Still { @Step() a(): Outcome { return done(); } @Step() static b(): Outcome { return done(); } }
        return [Still];
      }, 'Still.b: @Step is on a static method; it has to be on an instance method'],
      ['a singleton that does nothing', () => {
        @Singleton({ name: 'nothing', every: '1m' }) class Nothing {}
        return [Nothing];
      }, 'Nothing: has neither a method tick(ctx) nor a @Batch method: it would do nothing'],
      ['a singleton that never runs', () => {
        @Singleton({ name: 'never' }) class Never { tick(): void {} }
        @Singleton({ name: 'never.batch' }) class NeverBatch { @Batch({ idle: '1s', max: '2s' }) run(): void {} }
        return [Never, NeverBatch];
      }, /Never: needs every: nothing else makes it tick\n.*NeverBatch\.run: has neither every nor a trigger \(@Watches, @OnEvent\): it would never run/],
      ['a singleton with a tick and a window', () => {
        @Singleton({ name: 'two', every: '1m' }) class Two { tick(): void {} @Batch({ idle: '3s', max: '2s' }) run(): void {} }
        return [Two];
      }, /Two: has both tick\(ctx\) and the @Batch method "run"; a singleton has one of them\n.*Two\.run: the window's idle \(3000ms\) is above its max \(2000ms\)/],
      ['a singleton without a pause', () => {
        @Singleton({ name: 'restless', every: '0s' }) class Restless { tick(): void {} }
        return [Restless];
      }, 'Restless: every "0s" would run without a pause'],
      ['a singleton with two windows', () => {
        @Singleton({ name: 'windows', every: '1m' }) class Windows { @Batch({ idle: '1s', max: '2s' }) a(): void {} @Batch({ idle: '1s', max: '2s' }) b(): void {} }
        return [Windows];
      }, 'Windows.b: is the second @Batch of the class; a singleton has one'],
      ['triggers without a window', () => {
        @Singleton({ name: 'triggered', every: '1m' }) class Triggered { tick(): void {} @Watches(Pod) pods(_pod: Pod): boolean { return true; } }
        return [Triggered];
      }, 'Triggered: has triggers but no @Batch method to run for them'],
      ['conditions in a singleton', () => {
        @Singleton({ name: 'conditioned', every: '1m' }) class Conditioned { tick(): void {} @Condition('A') a(): Outcome { return met(); } }
        return [Conditioned];
      }, 'Conditioned.a: @Condition has no meaning in a singleton; its members take @Batch, @Watches, @OnEvent, @Validates, @Defaults'],
      ['two classes for one kind', () => {
        @ForeignKind({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }) class OtherPod extends BaseResource {}
        @Reconciler({ for: OtherPod, name: 'other' }) class Other { @Step() a(): Outcome { return done(); } @Watches(Pod) b(): [] { return []; } }
        return [Other];
      }, 'Pod: Pod is already class OtherPod; a kind has one class'],
    ];
    for (const [what, declare, expected] of cases) {
      it(what, () => {
        const problems = problemsOf(...declare()).join('\n');
        if (typeof expected === 'string') expect(problems).to.equal(expected);
        else expect(problems).to.match(expected);
      });
    }

    it('all of them at once', () => {
      @Reconciler({ for: Widget, name: 'Bad' }) class Bad { @Condition('A', { dependsOn: ['B'], every: 'x' }) a(): Outcome { return met(); } }
      @Singleton({ name: 'worse' }) class Worse {}
      expect(problemsOf(Bad, Worse)).to.have.length(5);
      expect(() => compile([Bad])).to.throw(InvalidDeclarations, /^3 declarations are wrong:\n {2}- Bad: name "Bad".*\n {2}- Bad\.a: condition "A" depends on "B".*\n {2}- Bad\.a: every "x"/);
    });
  });

  describe('tells what is wrong with a kind', () => {
    class Recursive {
      @Field(s.object(() => Recursive).optional())
      declare inner?: Recursive;
    }
    class Empty { declare nothing: string; }
    const kind = { ...names, kind: 'Bad' };
    const spec = (schema: ReturnType<typeof s.any> | object) => ({ ...names, kind: 'Bad', spec: () => s.object({ field: schema as ReturnType<typeof s.string> }) });
    const cases: [string, () => abstract new () => unknown, string | RegExp][] = [
      ['names', () => { @ResourceKind({ ...kind, group: 'nodots', version: '1', kind: 'bad', plural: 'Bads', shortNames: ['B'], categories: ['_'] }) class Bad extends Resource<Spec, Status> {} return Bad; },
        /group "nodots" is not a DNS subdomain with a dot.*\n.*version "1" is not a Kubernetes version.*\n.*kind "bad" is not CamelCase.*\n.*plural "Bads" is not a lower-case DNS label\n.*short name "B".*\n.*category "_"/],
      ['columns', () => { @ResourceKind(kind) @Column({ name: 'X', jsonPath: 'spec.x', type: 'text' as 'string' }) class Bad extends Resource<Spec, Status> {} return Bad; },
        'Bad: column "X": jsonPath "spec.x" has to start with "."\nBad: column "X": there is no column type "text". It can be "string", "integer", "number", "boolean", "date".'],
      ['scale', () => { @ResourceKind({ ...kind, scale: { specReplicasPath: 'replicas', statusReplicasPath: '.status.n' } }) class Bad extends Resource<Spec, Status> {} return Bad; },
        'Bad: scale: path "replicas" has to lie under ".spec." or ".status."'],
      ['a class inside itself', () => { @ResourceKind({ ...kind, spec: () => Recursive }) class Bad extends Resource<Recursive, Status> {} return Bad; },
        'Bad: spec.inner contains class Recursive inside itself (Recursive > Recursive); a CRD schema cannot be recursive'],
      ['a class without fields', () => { @ResourceKind({ ...kind, spec: () => Empty }) class Bad extends Resource<Empty, Status> {} return Bad; },
        'Bad: class Empty, the schema of spec, has no @Field properties'],
      ['no schema at all', () => { @ResourceKind({ group: names.group, version: 'v1', kind: 'Bad', scope: 'Cluster' }) class Bad extends BaseResource {} return Bad; },
        'Bad: the kind has neither spec nor status nor fields of its own'],
      ['a schema that is not loaded yet', () => { @ResourceKind({ ...kind, spec: () => undefined as unknown as typeof Spec }) class Bad extends Resource<Spec, Status> {} return Bad; },
        'Bad: the schema of spec is undefined; give a function that returns a class with @Field properties, or a schema'],
      ['static fields', () => {
        class Shared { @Field(s.string()) static shared: string; @Field(s.string()) declare field: string; }
        @ResourceKind({ ...kind, spec: () => Shared }) class Bad extends Resource<Shared, Status> {} return Bad;
      }, 'Bad: static property "shared" of class Shared cannot be a field'],
      ['fields without a schema', () => { @ResourceKind(spec(undefined as unknown as object)) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: spec.field has no schema; write for example s.string()'],
      ['map lists without keys', () => { @ResourceKind(spec(s.array(s.object({ a: s.string() })).listMapKeys())) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: spec.field is a map list without keys; name the fields that tell items apart'],
      ['patterns and bounds', () => { @ResourceKind(spec(s.string().pattern('(').minLength(5).maxLength(2))) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: the pattern of spec.field is not a regular expression: (\nBad: spec.field: minLength 5 is above maxLength 2'],
      ['defaults that do not fit', () => { @ResourceKind(spec(s.int().max(10).default(11))) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: the default of spec.field, 11, is above the maximum of 10'],
      ['nested defaults that do not fit', () => { @ResourceKind(spec(s.array(s.object({ a: s.enum('x') })).default([{ a: 'y' as 'x' }]))) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: the default of spec.field, [{"a":"y"}], holds {"a":"y"}, which holds "y", which is none of "x"'],
      ['keys of map lists', () => { @ResourceKind(spec(s.array(s.object({ type: s.string(), key: s.string().optional() })).listMapKeys('typ', 'key'))) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: items of spec.field have no field "typ" to tell them apart. Did you mean "type"? They have type, key\nBad: field "key" tells items of spec.field apart; it has to be required or have a default'],
      ['sets of objects', () => { @ResourceKind(spec(s.array(s.object({ a: s.string() })).listType('set'))) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        "Bad: spec.field is a set of objects; items of a set are scalars, or objects of mapType('atomic')"],
      ['rules', () => { @ResourceKind(spec(s.string().validation(' ', 'x').validation('true', 'a\nb', { fieldPath: 'x' }))) class Bad extends BaseResource { declare spec: { field: string }; declare status: Status; } return Bad; },
        'Bad: a validation rule of spec.field is empty\nBad: the message of rule "true" of spec.field has to be one line that is not empty\nBad: the fieldPath "x" of rule "true" of spec.field has to start with "." or "["'],
      ['a rule on no field', () => {
        class Ruled { @Validation('true', 'x') declare other: string; @Field(s.string()) declare field: string; }
        @ResourceKind({ ...kind, spec: () => Ruled }) class Bad extends Resource<Ruled, Status> {} return Bad;
      }, 'Bad: @Validation on property "other" of class Ruled, which is not a @Field'],
      ['a version that is none', () => {
        @ResourceKind(kind) @ConvertsFrom(() => Widget, { upgrade: (old: Widget) => old, downgrade: (stored: Bad) => stored }) class Bad extends Resource<Spec, Status> {} return Bad;
      }, 'Bad: @ConvertsFrom names class Widget, which is no @Version of Bad'],
      ['a version of another kind, under a name that is taken', () => {
        @Version({ of: () => Widget, version: 'v1', spec: () => Spec, status: () => Status, deprecationWarning: 'old' }) class Old extends Resource<Spec, Status> {}
        @ResourceKind(kind) @ConvertsFrom(() => Old, { upgrade: (old: Old) => old, downgrade: (stored: Bad) => stored }) class Bad extends Resource<Spec, Status> {} return Bad;
      }, 'Bad: @ConvertsFrom names class Old, which is a version of Widget\nBad: a deprecationWarning needs deprecated: true\nBad: version "v1" is declared twice'],
      ['a version that Kubernetes refuses', () => {
        @Version({ of: () => Bad, version: 'old', spec: () => Spec, status: () => Status }) class Old extends Resource<Spec, Status> {}
        @ResourceKind(kind) @ConvertsFrom(() => Old, { upgrade: (old: Old) => old, downgrade: (stored: Bad) => stored }) class Bad extends Resource<Spec, Status> {} return Bad;
      }, 'Bad: version "old" of class Old is not a Kubernetes version, such as "v1beta1"'],
    ];
    for (const [what, declare, expected] of cases) {
      it(what, () => {
        const problems = problemsOf(declare()).join('\n');
        if (typeof expected === 'string') expect(problems).to.equal(expected);
        else expect(problems).to.match(expected);
      });
    }
  });

  it('refuses a class that is no kind where a kind is asked for, and a decorator that knows no class', () => {
    expect(() => kindRefOf(class Plain {} as never)).to.throw(TypeError, 'class Plain is no kind; decorate it with @ResourceKind, @Version or @ForeignKind');
    const standard = Step() as unknown as (value: unknown, context: object) => void;
    expect(() => standard(() => undefined, { kind: 'method', name: 'a' })).to.throw(TypeError, '@Step: load karpenter-ts/operator before the classes it decorates');
  });

  it('registers nothing by importing: unlisted classes take no part', () => {
    @Reconciler({ for: Lease, name: 'unlisted' })
    class Unlisted {
      @Step()
      a(): Outcome { return done(); }
    }
    expect(Unlisted.name).to.equal('Unlisted');
    expect(compile([])).to.deep.equal({ kinds: [], reconcilers: [], singletons: [], informers: [], webhooks: [], conversions: {} });
  });
});
