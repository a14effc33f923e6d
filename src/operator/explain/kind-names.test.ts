import { expect } from 'chai';
import { compile } from '../dsl/compile.js';
import { Reconciler, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { Field } from '../dsl/kind-decorators.js';
import { Node } from '../kinds/core.js';
import { StatefulSet } from '../kinds/apps.js';
import { UnknownKindName, kindNamed } from './kind-names.js';

class Spec {
  @Field(s.string().optional().describe('Any'))
  declare text?: string;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Kite', scope: 'Cluster', shortNames: ['kt'], spec: () => Spec })
class Kite extends Resource<Spec, object> {}

@Reconciler({ for: Kite, name: 'kite', root: false })
class Flyer {
  @Step() fly(): Outcome { return done(); }
  @Watches(Node) none(): Key<Kite>[] { return []; }
  @Watches(StatefulSet) nothing(): Key<Kite>[] { return []; }
}

describe('Names of kinds', () => {
  const { kinds } = compile([Flyer]);

  for (const name of ['kites', 'kite', 'Kite', 'KITE', 'kt', 'kites.toys.example.com', 'kite.toys.example.com', 'kt.toys.example.com', 'kites.v1.toys.example.com']) {
    it(`${name} is Kite`, () => expect(kindNamed(kinds, name).type).to.equal(Kite));
  }
  for (const [name, kind] of [['no', Node], ['nodes', Node], ['Node', Node], ['sts', StatefulSet], ['statefulsets.apps', StatefulSet], ['statefulset.v1.apps', StatefulSet]] as const) {
    it(`${name} is ${kind.name}`, () => expect(kindNamed(kinds, name).type).to.equal(kind));
  }
  for (const name of ['ki', 'kites.apps', 'kites.v2.toys.example.com', 'pods', '', 'kites.']) {
    it(`"${name}" is refused with those that there are`, () =>
      expect(() => kindNamed(kinds, name)).to.throw(UnknownKindName, `"${name}" is no kind that this operator has to do with; it knows kites (kt), nodes (no), statefulsets (sts)`));
  }
});
