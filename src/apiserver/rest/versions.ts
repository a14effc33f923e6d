import type { ApiObject, ConversionHook, ResourceDefinition } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';
import { StatusError } from '../status.js';
import { deepClone, deepFreeze } from '../storage/deep.js';
import { conversionWebhook } from '../webhook/conversion-webhook.js';
import type { RestContext } from './context.js';
import { conversionProblem } from './conversion-problem.js';

/** What reading made of a stored object, until its CRD changes and a new definition comes. */
const readings = new WeakMap<ApiObject, Map<ResourceDefinition, ApiObject>>();

/**
 * Stored objects in the version that a client asked for. Custom resources are pruned and defaulted by today's schema, whatever was
 * stored. Waits only when a conversion hook must be asked.
 */
export function fromStorage(ctx: RestContext, definition: ResourceDefinition, stored: readonly ApiObject[]): ApiObject[] | Promise<ApiObject[]> {
  const apiVersion = apiVersionOf(definition);
  if (!definition.custom) return stored.map((object) => builtinFromStorage(definition, apiVersion, object));
  const foreign = definition.convertsByHook ? stored.filter((object) => object.apiVersion !== apiVersion && !readings.get(object)?.has(definition)) : [];
  if (foreign.length === 0) return stored.map((object) => readCustom(definition, object, object));
  return convertAll(hookOf(ctx, definition), foreign, apiVersion).then((converted) => {
    foreign.forEach((object, index) => readCustom(definition, object, converted[index]!));
    return stored.map((object) => readCustom(definition, object, object));
  });
}

/** As {@link fromStorage}, for one. */
export async function oneFromStorage(ctx: RestContext, definition: ResourceDefinition, stored: ApiObject): Promise<ApiObject> {
  const reading = fromStorage(ctx, definition, [stored]);
  return (Array.isArray(reading) ? reading : await reading)[0]!;
}

/** An object of a request in the version that storage keeps. */
export async function toStorage(ctx: RestContext, definition: ResourceDefinition, object: ApiObject): Promise<ApiObject> {
  if (definition.toStorage) return definition.toStorage(deepClone(object));
  if (object.apiVersion === definition.storageApiVersion) return object;
  if (!definition.convertsByHook) return { ...object, apiVersion: definition.storageApiVersion };
  const [converted] = await convertAll(hookOf(ctx, definition), [object], definition.storageApiVersion);
  return converted!;
}

function builtinFromStorage(definition: ResourceDefinition, apiVersion: string, stored: ApiObject): ApiObject {
  if (!definition.fromStorage) return stored.apiVersion === apiVersion ? stored : { ...stored, apiVersion };
  return remember(definition, stored, () => definition.fromStorage!(deepClone(stored)));
}

function readCustom(definition: ResourceDefinition, stored: ApiObject, converted: ApiObject): ApiObject {
  return remember(definition, stored, () => {
    const object = { ...deepClone(converted), apiVersion: apiVersionOf(definition) };
    // Versions that differ in name only are read as they are stored, and lose what they do not know.
    const renamed = !definition.convertsByHook && stored.apiVersion !== object.apiVersion;
    if (renamed) definition.readStored?.(object);
    definition.prune(object);
    if (!renamed) definition.setDefaults(object);
    return object;
  });
}

function remember(definition: ResourceDefinition, stored: ApiObject, read: () => ApiObject): ApiObject {
  let known = readings.get(stored);
  if (!known) readings.set(stored, (known = new Map()));
  let reading = known.get(definition);
  if (!reading) known.set(definition, (reading = deepFreeze(read())));
  return reading;
}

/** A private copy of an object in another version of its kind. */
export async function convertBetween(ctx: RestContext, from: ResourceDefinition, to: ResourceDefinition, object: ApiObject): Promise<ApiObject> {
  if (from === to) return deepClone(object);
  return deepClone(await oneFromStorage(ctx, to, await toStorage(ctx, from, deepClone(object))));
}

/** As {@link convertBetween}, where nobody has to be asked; undefined where a webhook converts. */
export function convertAtOnce(ctx: RestContext, from: ResourceDefinition, to: ResourceDefinition, object: ApiObject): ApiObject | undefined {
  if (from.convertsByHook) return undefined;
  const stored = from.toStorage ? from.toStorage(deepClone(object)) : { ...deepClone(object), apiVersion: from.storageApiVersion };
  const read = fromStorage(ctx, to, [stored]);
  return Array.isArray(read) ? deepClone(read[0]!) : undefined;
}

function hookOf(ctx: RestContext, { plural, group }: ResourceDefinition): ConversionHook {
  const name = `${plural}.${group}`;
  return ctx.conversions[name] ?? conversionWebhook({ ...ctx, webhooks: ctx.webhookTransport }, name);
}

async function convertAll(hook: ConversionHook, objects: readonly ApiObject[], apiVersion: string): Promise<ApiObject[]> {
  // Versions of the cluster's objects are no part of them yet.
  const sent = objects.map(({ metadata: { resourceVersion: _resourceVersion, ...metadata }, ...object }) => deepClone({ ...object, metadata }) as ApiObject);
  const converted = await hook.convert(sent, apiVersion);
  const failed = (problem: string): StatusError => new StatusError(500, '', `conversion webhook for ${objects[0]!.apiVersion}, Kind=${objects[0]!.kind} returned ${problem}`);
  if (converted.length !== objects.length) throw failed(`${converted.length} objects, expected ${objects.length}`);
  return converted.map((object, index) => {
    const original = objects[index]!;
    const problem = conversionProblem(original, object, apiVersion, index);
    if (problem !== undefined) throw failed(problem);
    const { labels, annotations } = object.metadata;
    const metadata = { ...original.metadata };
    delete metadata.labels;
    delete metadata.annotations;
    return { ...object, metadata: { ...metadata, ...(labels && { labels }), ...(annotations && { annotations }) } };
  });
}
