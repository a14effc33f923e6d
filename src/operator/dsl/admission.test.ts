import { expect } from 'chai';
import { ConfigMap, Pod } from '../kinds/core.js';
import type { Admission } from './admission.js';
import { Defaults, Validates } from './admission.js';
import { compile } from './compile.js';
import { Reconciler, Step } from './decorators.js';
import { ConvertsFrom, Field, ResourceKind, Version } from './kind-decorators.js';
import { done } from './outcome.js';
import type { Outcome } from './outcome.js';
import type { InvalidDeclarations } from './problem.js';
import type { KindClass } from './resource.js';
import { Resource } from './resource.js';
import { s } from './schema.js';

class Spec {
  @Field(s.string()) declare size: string;
}
@Version({ of: () => Shop, version: 'v1beta1', spec: () => Spec })
class OldShop extends Resource<Spec, unknown> {}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Shop', scope: 'Namespaced', spec: () => Spec, conversion: 'Webhook' })
@ConvertsFrom(() => OldShop, { upgrade: (old) => ({ ...old }), downgrade: (shop) => ({ ...shop }) })
class Shop extends Resource<Spec, unknown> {}

type AnyClass = abstract new (...args: never[]) => unknown;
const problemsOf = (...classes: AnyClass[]): string[] => {
  try {
    compile(classes);
  } catch (error) {
    return (error as InvalidDeclarations).problems.map(({ class: name, member, message }) => `${name}${member === undefined ? '' : `.${member}`}: ${message}`);
  }
  return [];
};

/** Never called: it only has to compile. */
export function misuse(): unknown[] {
  class Bad {
    // @ts-expect-error a validator of another kind
    @Validates(Pod)
    kind(_shop: Shop): string { return ''; }
    // @ts-expect-error a validator that answers with a condition's outcome
    @Validates(Shop)
    outcome(_shop: Shop): Outcome { return done(); }
    // @ts-expect-error a defaulter that returns another kind
    @Defaults(Shop)
    other(_shop: Shop): Spec { return { size: '' }; }
    // @ts-expect-error nothing can be filled in of what is deleted
    @Defaults(Shop, { operations: ['DELETE'] })
    deleted(_shop: Shop): void {}
  }
  return [Bad];
}

describe('@Validates and @Defaults', () => {
  it('make one webhook for each kind and action, over the methods of all classes', () => {
    class Rules {
      @Validates(Shop) size(_shop: Shop, _admission: Admission<Shop>): string | undefined { return undefined; }
      @Validates(Shop, { operations: ['DELETE'] }) stays(_shop: Shop): void {}
    }
    @Reconciler({ for: Shop, name: 'shop' })
    class Reconciles {
      @Step() run(): Outcome { return done(); }
      @Defaults(Shop, { timeout: '3s', failurePolicy: 'Ignore' }) fill(shop: Shop): Shop { return shop; }
    }
    const { webhooks } = compile([Rules, Reconciles]);
    expect(webhooks.map(({ kind: { kind }, handlers, ...webhook }) => ({ ...webhook, kind, methods: handlers.map(({ method }) => method) }))).to.deep.equal([
      { action: 'Validating', kind: 'Shop', name: 'validate.shops.test.example.com', path: '/validate-test-example-com-v1-shop', operations: ['CREATE', 'UPDATE', 'DELETE'], failurePolicy: 'Fail', timeout: 10_000, methods: ['size', 'stays'] },
      { action: 'Mutating', kind: 'Shop', name: 'mutate.shops.test.example.com', path: '/mutate-test-example-com-v1-shop', operations: ['CREATE', 'UPDATE'], failurePolicy: 'Ignore', timeout: 3_000, methods: ['fill'] },
    ]);
  });

  it('of core kinds have names and paths, too', () => {
    class Rules { @Validates(ConfigMap) judge(_map: ConfigMap): void {} }
    expect(compile([Rules]).webhooks[0]).to.deep.include({ name: 'validate.configmaps.core', path: '/validate-v1-configmap' });
  });

  const cases: [string, () => AnyClass[], string][] = [
    ['an undefined kind', () => { class Rules { @Validates(undefined as unknown as KindClass) judge(): void {} } return [Rules]; }, 'Rules.judge: the kind of @Validates is undefined; are two files importing each other?'],
    ['a class that is no kind', () => { class Rules { @Validates(Spec as unknown as KindClass) judge(): void {} } return [Rules]; }, 'Rules.judge: the kind of @Validates is class Spec, which is no kind; decorate it with @ResourceKind or @ForeignKind'],
    ['an older version', () => { class Rules { @Defaults(OldShop) fill(_shop: OldShop): void {} } return [Rules]; }, 'Rules.fill: the kind of @Defaults is an older version; name the stored one, class Shop: the API server converts requests to it'],
    ['an operation that does not exist', () => { class Rules { @Validates(Shop, { operations: ['CREAT' as 'CREATE'] }) judge(_shop: Shop): void {} } return [Rules]; }, 'Rules.judge: operation "CREAT" does not exist. Did you mean "CREATE"? It can be "CREATE", "UPDATE", "DELETE".'],
    ['no operations', () => { class Rules { @Validates(Shop, { operations: [] }) judge(_shop: Shop): void {} } return [Rules]; }, 'Rules.judge: @Validates has no operations; leave them out for "CREATE" and "UPDATE"'],
    ['a failure policy that does not exist', () => { class Rules { @Validates(Shop, { failurePolicy: 'ignore' as 'Ignore' }) judge(_shop: Shop): void {} } return [Rules]; }, 'Rules.judge: failurePolicy "ignore" does not exist. Did you mean "Ignore"? It can be "Fail", "Ignore".'],
    ['a timeout that API servers do not take', () => { class Rules { @Validates(Shop, { timeout: '31s' }) judge(_shop: Shop): void {} } return [Rules]; }, 'Rules.judge: timeout "31s" has to be whole seconds from 1s to 30s, as API servers have it'],
    ['options that contradict each other', () => { class Rules { @Validates(Shop) a(_shop: Shop): void {} @Validates(Shop, { failurePolicy: 'Ignore' }) b(_shop: Shop): void {} } return [Rules]; }, 'Rules.b: failurePolicy "Ignore" differs from "Fail" of Rules.a; the Shop has one validating webhook'],
    ['other decorators in a class of webhooks', () => { class Rules { @Validates(Shop) judge(_shop: Shop): void {} @Step() run(): Outcome { return done(); } } return [Rules]; }, 'Rules.run: @Step has no meaning in a class of webhooks; its members take @Validates, @Defaults'],
    ['a static method', () => { class Rules { @Validates(Shop) static judge(_shop: Shop): void {} } return [Rules]; }, 'Rules.judge: @Validates is on a static method; it has to be on an instance method'],
  ];
  for (const [what, classes, problem] of cases) {
    it(`refuses ${what}`, () => {
      expect(problemsOf(...classes())).to.deep.equal([problem]);
    });
  }

});
