const text = { type: 'string' };
const texts = { type: 'object', additionalProperties: text };
const names = { type: 'array', items: text };

/** A namespaced kind of prometheus-operator's. */
const crd = (kind: string, shortName: string, properties: Record<string, object>): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.monitoring.coreos.com` },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase(), shortNames: [shortName], categories: ['prometheus-operator'] },
    versions: [{
      name: 'v1', served: true, storage: true,
      schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec: { type: 'object', properties } } } },
    }],
  },
});

/** prometheus-operator's PrometheusRule, as far as alerts need it: the guide comes with one. */
const PROMETHEUS_RULE = crd('PrometheusRule', 'promrule', {
  groups: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1 },
        interval: text,
        limit: { type: 'integer' },
        labels: texts,
        rules: {
          type: 'array',
          items: {
            type: 'object',
            required: ['expr'],
            properties: {
              alert: text,
              record: text,
              expr: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
              for: text,
              keep_firing_for: text,
              labels: texts,
              annotations: texts,
            },
          },
        },
      },
    },
  },
});

/** prometheus-operator's ServiceMonitor, as far as scraping one Service needs it: `config/prometheus` has one. */
const SERVICE_MONITOR = crd('ServiceMonitor', 'smon', {
  namespaceSelector: { type: 'object', properties: { any: { type: 'boolean' }, matchNames: names } },
  selector: {
    type: 'object',
    properties: { matchLabels: texts, matchExpressions: { type: 'array', items: { type: 'object', required: ['key', 'operator'], properties: { key: text, operator: text, values: names } } } },
  },
  endpoints: {
    type: 'array',
    items: { type: 'object', properties: { port: text, path: text, scheme: text, interval: text, scrapeTimeout: text, honorLabels: { type: 'boolean' } } },
  },
});

export const PROMETHEUS_OPERATOR_CRDS: readonly object[] = [PROMETHEUS_RULE, SERVICE_MONITOR];
