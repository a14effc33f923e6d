import type { JsonObject } from '../../src/apiserver/index.js';
import type { Session } from './session.js';

export const configMap = (name: string, data: JsonObject = {}, metadata: JsonObject = {}): JsonObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data });

export const pod = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { containers: [{ name: 'app', image: 'nginx' }], ...spec } });

export const deployment = (name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'nginx' }] } }, ...spec },
});

/** A CRD of namespaced Widgets with one version, whose spec has the schema. */
export const widgets = ({ group }: Session, spec: JsonObject, version: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `widgets.${group}` },
  spec: {
    group, scope: 'Namespaced', names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } }, ...version }],
    ...more,
  },
});

export const widget = ({ group }: Session, name: string, spec: JsonObject, more: JsonObject = {}): JsonObject =>
  ({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec, ...more });

/** Where the scenario's Widgets are. */
export const widgetsOf = (session: Session, version = 'v1'): string => session.in('widgets', `${session.group}/${version}`);

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const RBAC = { apiVersion: `${RBAC_GROUP}/v1` };

/** A rule about resources of the core group, or of another. */
export const rule = (verbs: string, resources: string, more: JsonObject = {}): JsonObject => ({ verbs: verbs.split(' '), apiGroups: [''], resources: resources.split(' '), ...more });

export const role = (name: string, rules: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({ ...RBAC, kind: 'Role', metadata: { name }, rules, ...more });

export const clusterRole = (name: string, rules: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({ ...RBAC, kind: 'ClusterRole', metadata: { name }, rules, ...more });

/** Role and subjects are written `Kind/name`. */
export const binding = (name: string, of: string, ...subjects: readonly string[]): JsonObject => ({ ...RBAC, kind: 'RoleBinding', ...granted(name, of, subjects) });

export const clusterBinding = (name: string, of: string, ...subjects: readonly string[]): JsonObject => ({ ...RBAC, kind: 'ClusterRoleBinding', ...granted(name, of, subjects) });

function granted(name: string, of: string, subjects: readonly string[]): JsonObject {
  const parts = (text: string): JsonObject => ({ apiGroup: RBAC_GROUP, kind: text.slice(0, text.indexOf('/')), name: text.slice(text.indexOf('/') + 1) });
  return { metadata: { name }, roleRef: parts(of), subjects: subjects.map(parts) };
}
