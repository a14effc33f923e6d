import type { ApiObject, ConversionHook, JsonObject, Random, Storage } from '../contracts.js';
import { CRD_RESOURCE, type CustomResourceDefinition } from '../crd/custom-resource-definition.js';
import { StatusError } from '../status.js';
import { callWebhook, type WebhookTransport } from './webhook-transport.js';

/** Milliseconds that kube-apiserver gives a conversion. */
const TIMEOUT = 30_000;
const GROUP = 'apiextensions.k8s.io';
const KIND = 'ConversionReview';

/** Converts by the webhook that a CRD names, as it is configured at the time of the call. */
export function conversionWebhook({ storage, random, webhooks }: { storage: Storage; random: Random; webhooks: WebhookTransport }, crdName: string): ConversionHook {
  return {
    async convert(objects, toApiVersion) {
      const failed = (problem: string): StatusError => new StatusError(500, '', `conversion webhook for ${objects[0]?.apiVersion}, Kind=${objects[0]?.kind} failed: ${problem}`);
      const webhook = (storage.get(CRD_RESOURCE, '', crdName) as unknown as CustomResourceDefinition | undefined)?.spec.conversion?.webhook;
      if (!webhook?.clientConfig) throw failed(`${crdName} configures none`);
      const version = webhook.conversionReviewVersions?.find((each) => each === 'v1' || each === 'v1beta1');
      if (!version) throw new StatusError(500, '', 'no supported conversion review versions');
      const expected = { apiVersion: `${GROUP}/${version}`, kind: KIND };
      const uid = random.uuid();
      let review: JsonObject;
      try {
        review = await callWebhook(webhooks, webhook.clientConfig, { ...expected, request: { uid, desiredAPIVersion: toApiVersion, objects } }, TIMEOUT);
      } catch (error) {
        throw failed((error as Error).message);
      }
      // What says nothing is taken for what was asked for.
      const { apiVersion, kind, response } = { ...expected, ...review } as { apiVersion: string; kind: string; response?: { uid?: string; convertedObjects?: ApiObject[]; result?: { status?: string; message?: string } } };
      if (apiVersion !== expected.apiVersion || kind !== KIND) throw failed(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`);
      if (!response) throw failed('no response provided');
      if (version === 'v1' && (response.uid ?? '') !== uid) throw failed(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
      const { status = '', message } = response.result ?? {};
      if (status !== 'Success') throw failed(message || `response.result.status was '${status}', not 'Success'`);
      return response.convertedObjects ?? [];
    },
  };
}
