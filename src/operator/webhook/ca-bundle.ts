import type { Plan } from '../dsl/plan.js';
import type { KubeClient } from '../kube/client.js';
import { isConflict } from '../kube/errors.js';
import type { KindRef, KubeObject } from '../kube/object.js';

const configuration = (action: 'Validating' | 'Mutating'): KindRef =>
  ({ group: 'admissionregistration.k8s.io', version: 'v1', kind: `${action}WebhookConfiguration`, plural: `${action.toLowerCase()}webhookconfigurations`, namespaced: false });
const CRD: KindRef = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false };
const ATTEMPTS = 10;

interface ClientConfig { caBundle?: string }
type Configuration = KubeObject & { webhooks?: { name: string; clientConfig: ClientConfig }[] };
type Definition = KubeObject & { spec: { conversion?: { strategy: string; webhook?: { clientConfig?: ClientConfig } } } };

/** An object that tells API servers of our webhooks, and so whom to trust. */
export interface BundleTarget {
  readonly kind: KindRef;
  readonly name: string;
}

/** All of a plan's: its configurations, named after the operator, and its CRDs with conversion. */
export const bundleTargets = ({ webhooks, kinds }: Pick<Plan, 'webhooks' | 'kinds'>, operator: string): BundleTarget[] => [
  ...(['Mutating', 'Validating'] as const).filter((action) => webhooks.some((webhook) => webhook.action === action)).map((action) => ({ kind: configuration(action), name: operator })),
  ...kinds.filter(({ definition }) => definition?.conversion === 'Webhook').map(({ plural, group }) => ({ kind: CRD, name: `${plural}.${group}` })),
];

/**
 * Puts the bundle into an object, if it is not in it. Returns false if there is no such object, or it names no webhook. `bundleNow` is
 * asked after the object has been read: a replica that knows an older bundle then loses against one that wrote a newer one.
 */
export async function injectBundle(client: KubeClient, { kind, name }: BundleTarget, bundleNow: () => Promise<string>): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const object = await client.find<KubeObject>(kind, { name });
    const caBundle = Buffer.from(await bundleNow()).toString('base64');
    const patch = object && (kind === CRD ? definitionPatch(object as Definition, caBundle) : configurationPatch(object as Configuration, caBundle));
    if (patch === undefined) return false;
    if (patch === 'equal') return true;
    try {
      await client.mergePatch(kind, { name }, { metadata: { resourceVersion: object?.metadata.resourceVersion }, ...patch });
      return true;
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

function configurationPatch({ webhooks = [] }: Configuration, caBundle: string): object | 'equal' {
  if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return 'equal';
  return { webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig: { ...webhook.clientConfig, caBundle } })) };
}

function definitionPatch({ spec: { conversion } }: Definition, caBundle: string): object | 'equal' | undefined {
  if (conversion?.strategy !== 'Webhook') return undefined;
  if (conversion.webhook?.clientConfig?.caBundle === caBundle) return 'equal';
  return { spec: { conversion: { webhook: { clientConfig: { caBundle } } } } };
}
