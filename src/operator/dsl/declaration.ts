import type { Duration } from '../duration.js';
import { parseDuration } from '../duration.js';
import type { BackoffPlan, KindPlan } from './plan.js';
import { isKind, kindPlanOf } from './kind-plan.js';
import type { Problems } from './problem.js';
import { alternatives } from './problem.js';
import type { DecoratorRecord } from './records.js';
import { memberRecords } from './records.js';
import type { KindClass } from './resource.js';

/** Decorators of steps. */
const STEPS: readonly string[] = ['Condition', 'Step'];

type AnyClass = abstract new (...args: never[]) => unknown;

/** Kinds that were planned once, so that equal classes give equal plans. */
export class KindPlans {
  readonly #plans = new Map<KindClass, KindPlan>();
  constructor(private readonly problems: Problems) {}

  of(type: KindClass): KindPlan {
    const known = this.#plans.get(type);
    if (known) return known;
    const plan = kindPlanOf(type, this.problems);
    this.#plans.set(type, plan);
    return plan;
  }

  all(): KindPlan[] {
    return [...this.#plans.values()];
  }
}

/** One class under compilation: what it declares, and where its mistakes are reported. */
export class Declaration {
  readonly report: (message: string, member?: string) => void;
  readonly members: readonly DecoratorRecord[];

  constructor(readonly type: AnyClass, problems: Problems, private readonly kinds: KindPlans) {
    this.report = problems.of(type);
    this.members = memberRecords(type);
  }

  /** Decorated methods, in the order of declaration; static ones and those that are no methods are reported and left out. */
  methods<Data>(...decorators: readonly string[]): readonly { decorator: string; method: string; data: Data }[] {
    return this.members
      .filter(({ decorator }) => decorators.includes(decorator))
      .map(({ decorator, member, data }) => ({ decorator, method: member as string, data: data as Data }));
  }

  /** Reports decorators that have no meaning on such a class, and members that cannot be called. */
  allow(what: string, decorators: readonly string[]): void {
    for (const { decorator, member, isStatic } of this.members) {
      if (!decorators.includes(decorator)) {
        this.report(`@${decorator} has no meaning in a ${what}; its members take ${decorators.map((name) => `@${name}`).join(', ')}`, member);
      } else if (isStatic) {
        this.report(`@${decorator} is on a static method; it has to be on an instance method`, member);
      } else if (typeof (this.type.prototype as Record<string, unknown>)[member as string] !== 'function') {
        this.report(`@${decorator} has to be on a method`, member);
      }
    }
    this.#checkRoles();
  }

  /** A method has one role, if several times: two deadlines may share one, a step and a finalizer may not. */
  #checkRoles(): void {
    const roles = new Map<string, string>();
    for (const { decorator, member = '' } of this.members) {
      const role = roles.get(member);
      if (role === undefined) roles.set(member, decorator);
      // Two steps in one method are reported where steps are read.
      else if (role !== decorator && !(STEPS.includes(role) && STEPS.includes(decorator))) this.report(`is both @${role} and @${decorator}; give each a method of its own`, member);
    }
  }

  /** Milliseconds of a duration that is not negative; undefined when it is absent, or wrong and reported. */
  duration(duration: Duration | undefined, what: string, member?: string): number | undefined {
    if (duration === undefined) return undefined;
    const length = parseDuration(duration);
    if (length === undefined || !Number.isFinite(length)) {
      this.report(`${what} "${duration}" is not a duration; write for example "1h30m", "15s" or "250ms"`, member);
    } else if (length < 0) {
      this.report(`${what} "${duration}" is negative`, member);
    } else {
      return length;
    }
    return undefined;
  }

  /** The time limit of a run. */
  timeout(timeout: Duration | undefined): number | undefined {
    const length = this.duration(timeout, 'timeout');
    if (length === 0) this.report('timeout is 0: every run would end before it has begun; leave it out for no limit');
    return length;
  }

  /** The plan of a kind that a decorator names. */
  kind(type: KindClass | undefined, what: string, member?: string): KindPlan | undefined {
    if (isKind(type)) return this.kinds.of(type);
    const named = type as { name: string } | undefined;
    this.report(
      named === undefined
        ? `${what} is undefined; are two files importing each other?`
        : `${what} is class ${named.name}, which is no kind; decorate it with @ResourceKind or @ForeignKind`,
      member,
    );
    return undefined;
  }

  fraction(value: number | undefined, what: string, fallback: number): number {
    if (value === undefined) return fallback;
    if (!(value >= 0 && value <= 1)) this.report(`${what} ${value} is not a fraction between 0 and 1`);
    return value;
  }

  backoff(options: { base?: Duration; max?: Duration; jitter?: number } | undefined, defaults: BackoffPlan): BackoffPlan {
    const base = this.duration(options?.base, 'backoff.base') ?? defaults.base;
    const max = this.duration(options?.max, 'backoff.max') ?? Math.max(defaults.max, base);
    if (base === 0) this.report('backoff.base is 0: a failing key would run without a pause');
    if (base > max) this.report(`backoff.base (${base}ms) is above backoff.max (${max}ms)`);
    return { base, max, jitter: this.fraction(options?.jitter, 'backoff.jitter', defaults.jitter) };
  }

  /** Controller names end up in metrics labels, field managers and lease names. */
  name(name: string): void {
    if (typeof name !== 'string' || name.length > 63 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) {
      this.report(`name ${JSON.stringify(name)} has to be up to 63 lower-case letters, digits, "-" and ".", and to start and end with a letter or digit`);
    }
  }

  /** A word out of a list, or a report with the likely one. */
  choice(value: string, valid: readonly string[], what: string, member?: string): void {
    if (!valid.includes(value)) this.report(`${what} "${value}" does not exist.${alternatives(value, valid)}`, member);
  }
}
