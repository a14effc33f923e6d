import { convert } from '../dsl/convert.js';
import { kindPlanOf } from '../dsl/kind-plan.js';
import type { KindPlan, VersionPlan } from '../dsl/plan.js';
import { Problems } from '../dsl/problem.js';
import type { KindClass } from '../dsl/resource.js';
import type { KubeObject } from '../kube/object.js';
import { seededRandom } from '../random.js';
import type { Examples } from './schema-values.js';
import { SchemaValues } from './schema-values.js';

/** How many objects are made up, and of what. */
export interface EveryConversionOptions {
  /** Objects of each version. Default 100. */
  runs?: number;
  /** Which ones: the same seed makes the same objects. Default 1. */
  seed?: number;
  /** For fields of which the schema does not say enough: those with patterns, or with rules in CEL. */
  examples?: Examples;
  /** Leaves out what an API server would refuse for its rules. Default: nothing. */
  where?: (object: KubeObject) => boolean;
}

/** An object that is not the same after it has been to another version and back. */
export class ConversionLoss extends Error {
  override readonly name = 'ConversionLoss';
  readonly reason = 'ConversionLoss';
  constructor(readonly object: KubeObject, readonly through: string, readonly field: string, before: unknown, after: unknown) {
    const [was, is] = [before, after].map((value) => (value === undefined ? 'absent' : JSON.stringify(value)));
    super(`${object.kind} of ${object.apiVersion} does not survive ${through}: ${field} was ${was}, and is ${is} when it is back\n${JSON.stringify(object)}`);
  }
}

/**
 * Makes objects of each version of a kind up, out of the schemas, and takes each to every other version and back: spec, status, labels and annotations have to
 * come back as they were. What a version cannot express belongs into an annotation, which may be there in between. Throws {@link ConversionLoss} for the
 * first object that lost something, what a conversion throws, and a NoValueError for a field that needs `examples`.
 */
export function everyConversion(type: KindClass, { runs = 100, seed = 1, examples, where = () => true }: EveryConversionOptions = {}): void {
  const problems = new Problems();
  const kind = kindPlanOf(type, problems);
  problems.throwIfAny();
  const versions = kind.definition?.versions ?? [];
  if (versions.length < 2) throw new TypeError(`${kind.kind} has no other versions: there is nothing to convert; see @ConvertsFrom`);
  for (const from of versions) {
    const values = new SchemaValues(seededRandom(seed), examples);
    const objects = Array.from({ length: runs }, () => madeUp(kind, from, values)).filter(where);
    if (objects.length === 0) throw new TypeError(`where lets none of ${runs} objects of ${kind.kind} ${from.name} through: nothing would be tried`);
    for (const object of objects) {
      for (const { name } of versions.filter((version) => version !== from)) {
        const back = convert(kind, convert(kind, structuredClone(object), name), from.name);
        for (const part of ['spec', 'status', 'metadata']) compare(object, name, part, contentOf(object)[part], contentOf(back)[part]);
      }
    }
  }
}

/** Of a conversion's result only what reaches an API server. */
const contentOf = (object: KubeObject): Record<string, unknown> => JSON.parse(JSON.stringify(object)) as Record<string, unknown>;

function madeUp({ group, kind, namespaced }: KindPlan, { name, schema }: VersionPlan, values: SchemaValues): KubeObject {
  const parts = Object.entries(schema.properties ?? {}).filter(([part]) => !['apiVersion', 'kind', 'metadata'].includes(part));
  return {
    apiVersion: `${group}/${name}`, kind,
    metadata: { name: 'made-up', ...(namespaced ? { namespace: 'default' } : {}), uid: 'uid', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', labels: { mine: 'kept' }, annotations: { mine: 'kept' } },
    ...Object.fromEntries(parts.map(([part, described]) => [part, values.of(described, part)])),
  };
}

function compare(object: KubeObject, through: string, path: string, before: unknown, after: unknown): void {
  if (before === after) return;
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) throw new ConversionLoss(object, through, path, before, after);
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) compare(object, through, Array.isArray(before) ? `${path}[${name}]` : `${path}.${name}`, before[name], after[name]);
}
