import type { JSONSchemaProps } from '../dsl/json-schema.js';
import type { PolicyRule } from '../manifests/rbac.js';

/** A CustomResourceDefinition, as far as others depend on it. */
export interface CRDSurface {
  kind: 'CustomResourceDefinition';
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; plural: string; singular?: string; shortNames?: readonly string[]; categories?: readonly string[] };
    scope: string;
    preserveUnknownFields?: boolean;
    conversion?: { strategy?: string };
    versions: readonly VersionSurface[];
  };
}

/** One of its versions. */
export interface VersionSurface {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  subresources?: { status?: object; scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string } };
  selectableFields?: readonly { jsonPath: string }[];
  schema?: { openAPIV3Schema?: JSONSchemaProps };
}

/** A ClusterRole or Role, as far as it grants something. */
export interface RoleSurface {
  kind: 'ClusterRole' | 'Role';
  metadata: { name: string; namespace?: string };
  rules?: readonly Partial<PolicyRule>[] | null;
}

/** What dashboards, alerts and scripts read of an operator: its conditions with their reasons, and its metrics. */
export interface OperatorInterface {
  apiVersion: 'karpenter-ts/v1';
  kind: 'OperatorInterface';
  metadata: { name: string };
  conditions: readonly ConditionSurface[];
  metrics: readonly MetricSurface[];
}

/** A condition that an operator sets. */
export interface ConditionSurface {
  /** `widgets.example.com` */
  of: string;
  type: string;
  /** Those that are literals in the steps, or follow from options and types. */
  reasons: readonly string[];
}

/** A metric that an operator serves. */
export interface MetricSurface {
  name: string;
  /** `counter`, `gauge`, `histogram` or `summary`. */
  type: string;
  labels: readonly string[];
}

/** Everything that others depend on. */
export interface Surface {
  readonly crds: readonly CRDSurface[];
  readonly roles: readonly RoleSurface[];
  readonly interfaces: readonly OperatorInterface[];
}

/** The surface among Kubernetes documents of any kind. */
export function surfaceOf(documents: readonly unknown[]): Surface {
  const ofKind = <T>(...kinds: readonly string[]): T[] => documents.filter((document) => kinds.includes((document as { kind?: string } | null)?.kind ?? '')) as T[];
  return { crds: ofKind('CustomResourceDefinition'), roles: ofKind('ClusterRole', 'Role'), interfaces: ofKind('OperatorInterface') };
}
