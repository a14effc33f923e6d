import { convert } from '../dsl/convert.js';
import type { KindPlan } from '../dsl/plan.js';
import type { KubeObject } from '../kube/object.js';
import { groupVersionOf } from '../kube/paths.js';
import { WebhookRefusal, failure } from './webhook-refusal.js';

/** Answers an `apiextensions.k8s.io/v1` ConversionReview: all objects in the wanted version, or why not. */
export function reviewConversion(kinds: readonly KindPlan[], { request }: { request?: unknown }): object {
  const { uid, desiredAPIVersion, objects } = (request ?? {}) as { uid?: unknown; desiredAPIVersion?: unknown; objects?: unknown };
  if (typeof uid !== 'string') throw new WebhookRefusal(400, 'BadRequest', 'the ConversionReview has no request with a uid');
  if (typeof desiredAPIVersion !== 'string' || !Array.isArray(objects)) throw new WebhookRefusal(400, 'BadRequest', 'request.desiredAPIVersion has to be a text, and request.objects a list');
  try {
    return { uid, convertedObjects: (objects as unknown[]).map((object) => converted(kinds, object, desiredAPIVersion)), result: { status: 'Success' } };
  } catch (error) {
    return { uid, convertedObjects: [], result: failure(400, 'BadRequest', (error as Error).message) };
  }
}

function converted(kinds: readonly KindPlan[], object: unknown, desiredAPIVersion: string): KubeObject {
  const { apiVersion, kind: name, metadata } = (object ?? {}) as Partial<KubeObject>;
  if (typeof apiVersion !== 'string' || typeof name !== 'string' || typeof metadata !== 'object') throw new Error('one of request.objects has no apiVersion, kind and metadata');
  const { group, version } = groupVersionOf(desiredAPIVersion);
  const kind = kinds.find((candidate) => candidate.kind === name && apiVersion.startsWith(`${candidate.group}/`));
  if (!kind) throw new Error(`${name} of ${apiVersion} is not converted here; there are ${kinds.map((known) => `${known.kind} of ${known.group}`).join(', ')}`);
  if (group !== kind.group) throw new Error(`${name} of ${apiVersion} cannot become ${desiredAPIVersion}: the group is another`);
  return convert(kind, object as KubeObject, version);
}
