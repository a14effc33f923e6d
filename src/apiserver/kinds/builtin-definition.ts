import { createRequire } from 'node:module';
import type { ApiObject, ResourceDefinition, Subresource, TableColumns } from '../contracts.js';
import { decodeBuiltin } from '../schema/decode.js';
import { schemaNode } from '../schema/schema-node.js';
import { createdAtTable } from '../table/column.js';
import { described } from '../table/column-descriptions.js';
import type { KindBehaviour } from './behaviour.js';
import { behaviours } from './behaviours.js';
import { asGoStruct, emptyAsNull, omitEmpty } from './go-struct.js';
import type resourcesFile from './resources.json' with { 'resolution-mode': 'require' };
import { statusValidators } from './status-validators.js';
import { tables } from './tables.js';
import { builtinSchema } from './type-catalogue.js';
import { validators } from './validators.js';

/** One line of `resources.json`, which `tools/kubernetes-types.mjs` writes. */
export interface ResourceEntry {
  /** Absent: the core group. */
  group?: string;
  version: string;
  kind: string;
  type: string;
  plural: string;
  singular: string;
  scope: string;
  shortNames?: string[];
  categories?: string[];
  /** Absent: all eight. */
  verbs?: string;
  subresources?: { name: string; kind: string; group?: string; version: string; verbs: string }[];
}

const entries: ResourceEntry[] = createRequire(import.meta.url)('./resources.json') as typeof resourcesFile;

const STANDARD_VERBS = 'create delete deletecollection get list patch update watch';

/** Kinds that are one store under two names; the second reads and writes the first's objects. */
const STORED_AS: Record<string, { resource: string; apiVersion: string }> = {
  'events.k8s.io/v1/events': { resource: 'events', apiVersion: 'v1' },
  'autoscaling/v1/horizontalpodautoscalers': { resource: 'horizontalpodautoscalers.autoscaling', apiVersion: 'autoscaling/v2' },
};

/** The definitions of every built-in resource. */
export const builtinDefinitions = (): ResourceDefinition[] => entries.map(builtinDefinition);

function builtinDefinition(entry: ResourceEntry): ResourceDefinition {
  const { group = '', version, kind, plural } = entry;
  const schema = builtinSchema(entry.type);
  const apiVersion = group ? `${group}/${version}` : version;
  const behaviour: KindBehaviour = { ...validators[`${apiVersion}/${kind}`], ...statusValidators[`${apiVersion}/${kind}`], ...behaviours[`${apiVersion}/${kind}`] };
  const stored = STORED_AS[`${apiVersion}/${plural}`] ?? { resource: group ? `${plural}.${group}` : plural, apiVersion };
  const subresources = (entry.subresources ?? []).map(({ name }) => name as Exclude<Subresource, ''>);
  const statusSubresource = subresources.includes('status');
  const { validate = () => [], validateCreate = () => [], validateUpdate = () => [], validateStatus = () => [], checkDecoded, setDefaults = () => undefined, selectableFields = {}, tracksGeneration = false, ...optional } = behaviour;
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    plural,
    singular: entry.singular,
    namespaced: entry.scope === 'Namespaced',
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    verbs: (entry.verbs ?? STANDARD_VERBS).split(' '),
    subresources: {
      ...Object.fromEntries(subresources.map((name) => [name, true])),
      ...(subresources.includes('scale') && {
        scalePaths: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.spec.selector' },
      }),
    },
    custom: false,
    statusSubresource,
    tracksGeneration,
    storageResource: stored.resource,
    storageApiVersion: stored.apiVersion,
    convertsByHook: false,
    schema: schemaNode(schema),
    columns: columnsOf(stored.resource, behaviour.toStorage),
    selectableFields,
    prune(object) {
      const unknown = decodeBuiltin(object, schema);
      checkDecoded?.(object);
      return unknown;
    },
    setDefaults(object) {
      omitEmpty(object, schema);
      setDefaults(object);
    },
    complete: (object) => asGoStruct(object, schema),
    // Definitions are the only kind that storage has as JSON.
    ...(kind !== 'CustomResourceDefinition' && { settle: (object: ApiObject) => emptyAsNull(object, schema) }),
    validate: (object) => [...validate(object), ...validateCreate(object)],
    // Subresources change what the spec may not: a binding sets the node, a status that of an object which breaks newer rules.
    validateUpdate: (object, previous, subresource) => (subresource === '' || subresource === 'scale' ? [...validate(object), ...validateUpdate(object, previous, subresource)] : validateStatus(object, previous, subresource)),
    ...optional,
  };
}

/** Tables are written for the stored version. */
function columnsOf(resource: string, toStorage: KindBehaviour['toStorage']): TableColumns {
  const columns = described(resource, tables[resource] ?? createdAtTable);
  return toStorage ? { ...columns, cells: (object, now) => columns.cells(toStorage(object), now) } : columns;
}
