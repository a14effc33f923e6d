import type { JsonObject } from '../contracts.js';
import { decodeBuiltin } from '../schema/decode.js';
import type { Schema } from '../schema/schema.js';
import type { Status } from '../status.js';

export const REVIEW_GROUP = 'admission.k8s.io';
export const REVIEW_KIND = 'AdmissionReview';

/** What a webhook answers in an AdmissionReview. */
export interface AdmissionResponse {
  uid?: string;
  allowed?: boolean;
  /** Base64. */
  patch?: string;
  patchType?: string;
  warnings?: string[];
  status?: Partial<Status>;
}

const STRING: Schema = { type: 'string' };
const ANYTHING: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const RESPONSE: Schema = {
  type: 'object', typeName: 'admission.v1.AdmissionResponse',
  properties: {
    uid: STRING, allowed: { type: 'boolean' }, patch: { type: 'string', format: 'byte' }, patchType: STRING, warnings: { type: 'array', items: STRING },
    auditAnnotations: { type: 'object', additionalProperties: STRING }, status: ANYTHING,
  },
};
const REVIEW: Schema = { type: 'object', typeName: 'admission.v1.AdmissionReview', properties: { apiVersion: STRING, kind: STRING, response: RESPONSE, request: ANYTHING } };
/** Kinds that Kubernetes' client of webhooks knows, and that are no review. */
const OTHER_KINDS = new Set(['Status', 'CreateOptions', 'UpdateOptions', 'DeleteOptions', 'PatchOptions', 'GetOptions', 'ListOptions', 'WatchEvent']);

/**
 * The response in what a webhook sent; what names no version or kind is taken for the review of `version` that was asked for.
 * @throws {Error} in kube-apiserver's words, for what is no such review
 */
export function decodeReview(answer: JsonObject, version: string): AdmissionResponse | undefined {
  const { apiVersion = `${REVIEW_GROUP}/${version}`, kind = REVIEW_KIND } = answer as { apiVersion?: string; kind?: string };
  if (apiVersion !== `${REVIEW_GROUP}/${version}` || kind !== REVIEW_KIND) {
    const isKnown = (kind === REVIEW_KIND && [`${REVIEW_GROUP}/v1`, `${REVIEW_GROUP}/v1beta1`].includes(apiVersion)) || (apiVersion === 'v1' && OTHER_KINDS.has(kind));
    if (isKnown) throw new Error(`converting (${apiVersion.replace(/^.*\//, '')}.${kind}) to (${version}.${REVIEW_KIND}): unknown conversion`);
    throw new Error(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`);
  }
  decodeBuiltin(answer, REVIEW);
  return answer['response'] as AdmissionResponse | undefined;
}
