// Every pair of the corpus gets the verdict that stands there, and API servers agree with those that a witness proves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { compareSurfaces, surfaceOf } from '../../src/operator/index.js';
import type { JSONSchemaProps, KindRef, KubeObject, Surface } from '../../src/operator/index.js';
import { TestBed } from '../../src/operator/testing/index.js';
import { ROOT } from '../support/sandbox-process.js';

type Pair<T> = readonly [before: T, after: T];
interface VersionPart { name: string; storage?: boolean; served?: boolean; spec?: JSONSchemaProps; [more: string]: unknown }

interface Case {
  name: string;
  field?: Pair<JSONSchemaProps>;
  spec?: Pair<JSONSchemaProps>;
  status?: Pair<JSONSchemaProps>;
  crd?: Pair<object | null>;
  versions?: Pair<readonly VersionPart[]>;
  role?: Pair<readonly object[]>;
  roles?: Pair<readonly object[]>;
  interface?: Pair<{ conditions?: readonly object[]; metrics?: readonly object[] }>;
  expect?: readonly string[];
  witness?: object;
}

const cases = parse(readFileSync(join(ROOT, 'test/compatibility/corpus.yaml'), 'utf8')) as Case[];
const anything: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function crdOf(pair: Case, at: 0 | 1): object[] {
  const { field, spec, status, crd, versions = [[{ name: 'v1' }], [{ name: 'v1' }]] } = pair;
  if (crd?.[at] === null) return [];
  const specOf = (part: VersionPart): JSONSchemaProps => part.spec ?? spec?.[at] ?? (field ? { type: 'object', properties: { field: field[at] } } : anything);
  return [{
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com', scope: 'Cluster', names: { kind: 'Thing', plural: 'things' },
      ...crd?.[at],
      versions: versions[at].map(({ spec: _spec, ...part }) => ({
        served: true, storage: true, subresources: { status: {} }, ...part, schema: { openAPIV3Schema: { type: 'object', properties: { spec: specOf({ ...part, ...(_spec ? { spec: _spec } : {}) }), status: status?.[at] ?? anything } } },
      })),
    },
  }];
}

function surface(pair: Case, at: 0 | 1): Surface {
  const { role, roles, interface: interfaces } = pair;
  if (roles) return surfaceOf(roles[at]);
  if (role) return surfaceOf([{ kind: 'ClusterRole', metadata: { name: 'operator' }, rules: role[at] }]);
  if (interfaces) return surfaceOf([{ kind: 'OperatorInterface', metadata: { name: 'operator' }, conditions: [], metrics: [], ...interfaces[at] }]);
  return surfaceOf(crdOf(pair, at));
}

const CRD: KindRef = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false };
const THING: KindRef = { group: 'example.com', version: 'v1', kind: 'Thing', plural: 'things', namespaced: false };

describe('The upgrade gate', () => {
  it(`has ${cases.length} pairs to be right about, at least 40 of each verdict together with the proofs of an API server`, () => {
    expect(new Set(cases.map(({ name }) => name)).size).to.equal(cases.length);
    expect(cases.filter(({ expect: verdict }) => verdict).length, 'incompatible').to.be.at.least(40);
    expect(cases.filter(({ expect: verdict }) => !verdict).length, 'compatible').to.be.at.least(40);
  });

  for (const pair of cases) {
    it(`${pair.expect ? 'refuses' : 'accepts'}: ${pair.name}`, () => {
      const found = compareSurfaces(surface(pair, 0), surface(pair, 1));
      expect(found.map(({ rule, path }) => `${rule} ${path}`)).to.deep.equal(pair.expect ?? []);
      for (const { breaks, accepted } of found) expect([breaks, accepted].every((text) => text.length > 0)).to.equal(true);
    });
  }

  it('finds nothing between a version and itself', () => {
    for (const pair of cases) for (const at of [0, 1] as const) expect(compareSurfaces(surface(pair, at), surface(pair, at)), pair.name).to.deep.equal([]);
  });

  it('is right by what an API server does with the witnesses', async () => {
    const bed = await TestBed.of([]);
    const { client } = bed.api;
    const spec = async (witness: object): Promise<object | string> =>
      client.create<KubeObject & { spec: object }>(THING, { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'witness' }, spec: witness }).then(async (thing) => {
        await client.delete(THING, { name: 'witness' });
        return thing.spec;
      }, (error: Error) => error.message);
    try {
      for (const pair of cases.filter(({ witness }) => witness)) {
        const results: (object | string)[] = [];
        for (const at of [0, 1] as const) {
          await client.create(CRD, crdOf(pair, at)[0] as KubeObject);
          await bed.clock.settle();
          results.push(await spec(pair.witness as object));
          await client.delete(CRD, { name: 'things.example.com' });
          await bed.clock.settle();
        }
        expect(results[0], `${pair.name}, before`).to.be.an('object').that.deep.includes(pair.witness as object);
        if (pair.expect) expect(results[1], pair.name).to.not.deep.equal(results[0]);
        else expect(results[1], pair.name).to.deep.equal(results[0]);
      }
    } finally {
      await bed.close();
    }
  });
});
