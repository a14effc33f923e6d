import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { RoleBinding } from 'kubernetes-types/rbac/v1.js';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { endpointSliceWarnings, networkPolicyWarnings } from './network-warnings.js';

const RBAC = 'rbac.authorization.k8s.io';
const WEBHOOK_SECONDS = 10;
const WEBHOOK_PORT = 443;

export const roleBindingBehaviour: KindBehaviour = {
  setDefaults(object) {
    const binding = object as unknown as RoleBinding;
    binding.roleRef ??= { apiGroup: '', kind: '', name: '' };
    binding.roleRef.apiGroup ||= RBAC;
    for (const subject of binding.subjects ?? []) if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC;
  },
};

export const priorityClassBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    (object as unknown as PriorityClass).preemptionPolicy ??= 'PreemptLowerPriority';
  },
};

export const networkPolicyBehaviour: KindBehaviour = {
  warnings: networkPolicyWarnings,
  tracksGeneration: true,
  setDefaults(object) {
    const { spec } = object as unknown as NetworkPolicy;
    if (!spec) return;
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress && spec.egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
    const ports = [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap((rule) => rule.ports ?? []);
    for (const port of ports) port.protocol ??= 'TCP';
  },
};

export const endpointSliceBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: endpointSliceWarnings,
  setDefaults(object) {
    for (const port of (object as unknown as EndpointSlice).ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
};

function defaultWebhooks(object: ApiObject): void {
  for (const webhook of (object as unknown as ValidatingWebhookConfiguration).webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= WEBHOOK_SECONDS;
    for (const rule of (webhook.rules ?? []) as { scope?: string }[]) rule.scope ??= '*';
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= WEBHOOK_PORT;
  }
}

export const validatingWebhookBehaviour: KindBehaviour = { tracksGeneration: true, setDefaults: defaultWebhooks };

export const mutatingWebhookBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    defaultWebhooks(object);
    for (const webhook of (object as unknown as MutatingWebhookConfiguration).webhooks ?? []) webhook.reinvocationPolicy ??= 'Never';
  },
};
