import type { ApiObject, ConversionHook, JsonObject, Random, Storage } from '../contracts.js';
import { CRD_RESOURCE, type CustomResourceDefinition } from '../crd/custom-resource-definition.js';
import { internalError } from '../status.js';
import { callWebhook, type WebhookTransport } from './webhook-transport.js';

/** Milliseconds that kube-apiserver gives a conversion. */
const TIMEOUT = 30_000;

/** Converts by the webhook that a CRD names, as it is configured at the time of the call. */
export function conversionWebhook({ storage, random, webhooks }: { storage: Storage; random: Random; webhooks: WebhookTransport }, crdName: string): ConversionHook {
  return {
    async convert(objects, toApiVersion) {
      const failed = (problem: string): Error =>
        internalError(`conversion webhook for ${objects[0]?.apiVersion}, Kind=${objects[0]?.kind} failed: ${problem}`);
      const crd = storage.get(CRD_RESOURCE, '', crdName) as unknown as CustomResourceDefinition | undefined;
      const clientConfig = crd?.spec.conversion?.webhook?.clientConfig;
      if (!clientConfig) throw failed(`${crdName} configures none`);
      const uid = random.uuid();
      let review: JsonObject;
      try {
        review = await callWebhook(webhooks, clientConfig, {
          apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: { uid, desiredAPIVersion: toApiVersion, objects },
        }, TIMEOUT);
      } catch (error) {
        throw failed((error as Error).message);
      }
      const response = review['response'] as { uid?: string; convertedObjects?: ApiObject[]; result?: { status?: string; message?: string } } | undefined;
      if (!response) throw failed('no response provided');
      if (response.uid !== uid) throw failed(`expected response.uid ${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
      if (response.result?.status !== 'Success') throw failed(response.result?.message || 'the result is not "Success", and has no message');
      return response.convertedObjects ?? [];
    },
  };
}
