import type { AdmissionOperation } from '../dsl/admission.js';
import type { Plan } from '../dsl/plan.js';

/** Where API servers reach webhooks: a service of the cluster, or a URL. */
export type WebhookAddress = { service: { namespace: string; name: string; port?: number } } | { url: string };

/** A ValidatingWebhookConfiguration or MutatingWebhookConfiguration, as far as it is generated. */
export interface GeneratedWebhookConfiguration {
  apiVersion: 'admissionregistration.k8s.io/v1';
  kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';
  metadata: { name: string };
  webhooks: {
    name: string;
    admissionReviewVersions: string[];
    clientConfig: { service?: { namespace: string; name: string; path: string; port?: number }; url?: string };
    failurePolicy: 'Fail' | 'Ignore';
    matchPolicy: 'Equivalent';
    rules: { apiGroups: string[]; apiVersions: string[]; operations: AdmissionOperation[]; resources: string[]; scope: 'Cluster' | 'Namespaced' }[];
    sideEffects: 'None';
    timeoutSeconds: number;
  }[];
}

/** What tells API servers of a plan's admission webhooks; the operator of that name puts its authority in when it runs. */
export function webhookConfigurations({ webhooks }: Pick<Plan, 'webhooks'>, operator: string, address: WebhookAddress): GeneratedWebhookConfiguration[] {
  const at = (path: string): GeneratedWebhookConfiguration['webhooks'][number]['clientConfig'] =>
    'url' in address ? { url: `${address.url}${path}` } : { service: { ...address.service, path } };
  return (['Mutating', 'Validating'] as const).flatMap((action): GeneratedWebhookConfiguration[] => {
    const ours = webhooks.filter((webhook) => webhook.action === action);
    if (ours.length === 0) return [];
    return [{
      apiVersion: 'admissionregistration.k8s.io/v1', kind: `${action}WebhookConfiguration`, metadata: { name: operator },
      webhooks: ours.map(({ name, path, kind: { group, version, plural, namespaced }, operations, failurePolicy, timeout }) => ({
        name, admissionReviewVersions: ['v1'], clientConfig: at(path), failurePolicy, matchPolicy: 'Equivalent',
        rules: [{ apiGroups: [group], apiVersions: [version], operations: [...operations], resources: [plural], scope: namespaced ? 'Namespaced' : 'Cluster' }],
        sideEffects: 'None', timeoutSeconds: timeout / 1_000,
      })),
    }];
  });
}
