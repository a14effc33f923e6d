import type { KubeObject } from '../kube/object.js';
import type { Conversion, KindPlan, VersionPlan } from './plan.js';
import { alternatives } from './problem.js';

/** An object could not be converted between versions of its kind. */
export class ConversionError extends Error {
  override readonly name = 'ConversionError';
  readonly reason = 'ConversionFailed';
  constructor(readonly object: KubeObject, readonly toVersion: string, problem: string, options?: ErrorOptions) {
    super(`${object.kind} "${object.metadata?.name}" from ${object.apiVersion} to ${toVersion}: ${problem}`, options);
  }
}

/**
 * The object in another version of its kind, through the stored one. The input is not changed. As the API server demands, only
 * labels and annotations of the metadata may come out different.
 */
export function convert(kind: KindPlan, object: KubeObject, toVersion: string): KubeObject {
  const group = kind.group === '' ? '' : `${kind.group}/`;
  const fromVersion = object.apiVersion.startsWith(group) ? object.apiVersion.slice(group.length) : object.apiVersion;
  const from = versionOf(kind, object, fromVersion, toVersion);
  const to = versionOf(kind, object, toVersion, toVersion);
  if (from === to) return object;
  let result = withLabels(structuredClone(object));
  try {
    if (from.toStorage) result = withLabels(from.toStorage(result));
    if (to.fromStorage) result = to.fromStorage(result);
  } catch (error) {
    throw new ConversionError(object, toVersion, error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { labels, annotations } = result.metadata;
  const metadata = { ...object.metadata };
  for (const [name, values] of Object.entries({ labels, annotations })) {
    if (values !== undefined && (Object.keys(values).length > 0 || object.metadata[name as 'labels'] !== undefined)) Object.assign(metadata, { [name]: values });
    else delete (metadata as Record<string, unknown>)[name];
  }
  return { ...result, apiVersion: `${group}${toVersion}`, kind: object.kind, metadata };
}

/** With the labels and annotations that the types promise: over the wire, absent ones are empty. */
const withLabels = <T extends KubeObject>({ metadata, ...object }: T): T => ({ ...object, metadata: { ...metadata, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} } }) as unknown as T;

/** The conversions of all kinds that have some, by the name of their CRD (`nodepools.karpenter.sh`). */
export function conversionsOf(kinds: readonly KindPlan[]): Record<string, Conversion> {
  const converted = kinds.filter(({ definition }) => definition?.conversion === 'Webhook');
  return Object.fromEntries(converted.map((kind): [string, Conversion] => [`${kind.plural}.${kind.group}`, {
    convert: <T extends object>(objects: readonly T[], toApiVersion: string) =>
      objects.map((object) => convert(kind, object as unknown as KubeObject, toApiVersion.slice(kind.group.length + 1)) as unknown as T),
  }]));
}

function versionOf({ definition, kind }: KindPlan, object: KubeObject, name: string, toVersion: string): VersionPlan {
  const versions = definition?.versions ?? [];
  const version = versions.find((candidate) => candidate.name === name);
  if (!version) throw new ConversionError(object, toVersion, `${kind} has no version "${name}".${alternatives(name, versions.map((candidate) => candidate.name))}`);
  return version;
}
