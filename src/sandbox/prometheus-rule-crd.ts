const text = { type: 'string' };
const texts = { type: 'object', additionalProperties: text };

/** prometheus-operator's PrometheusRule, as far as alerts need it: the guide comes with one. */
export const PROMETHEUS_RULE_CRD: object = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'prometheusrules.monitoring.coreos.com' },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind: 'PrometheusRule', listKind: 'PrometheusRuleList', plural: 'prometheusrules', singular: 'prometheusrule', shortNames: ['promrule'], categories: ['prometheus-operator'] },
    versions: [{
      name: 'v1',
      served: true,
      storage: true,
      schema: {
        openAPIV3Schema: {
          type: 'object',
          required: ['spec'],
          properties: {
            spec: {
              type: 'object',
              properties: {
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
              },
            },
          },
        },
      },
    }],
  },
};
