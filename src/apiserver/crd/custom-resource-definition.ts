import type { Metadata } from '../contracts.js';
import type { Schema } from '../schema/schema.js';
import type { PrinterColumn } from '../table/custom-columns.js';

export interface CustomResourceNames {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface CustomResourceVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: Schema };
  subresources?: { status?: object; scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string } };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}

export interface CustomResourceDefinitionSpec {
  group: string;
  names: CustomResourceNames;
  scope: 'Cluster' | 'Namespaced';
  versions: CustomResourceVersion[];
  conversion?: {
    strategy: 'None' | 'Webhook';
    webhook?: { clientConfig?: { url?: string; caBundle?: string; service?: { name: string; namespace: string; path?: string; port?: number } }; conversionReviewVersions?: string[] };
  };
  preserveUnknownFields?: boolean;
}

export interface CustomResourceDefinitionCondition {
  type: 'NamesAccepted' | 'Established' | 'Terminating';
  status: 'True' | 'False';
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface CustomResourceDefinitionStatus {
  conditions?: CustomResourceDefinitionCondition[];
  acceptedNames?: CustomResourceNames;
  storedVersions?: string[];
}

/** `apiextensions.k8s.io/v1` CustomResourceDefinition. */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: Metadata;
  spec: CustomResourceDefinitionSpec;
  status?: CustomResourceDefinitionStatus;
}

/** Where CRDs live in storage. */
export const CRD_RESOURCE = 'customresourcedefinitions.apiextensions.k8s.io';

/** Keeps a CRD until the last of its objects is gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

export const isConditionTrue = ({ status }: CustomResourceDefinition, type: CustomResourceDefinitionCondition['type']): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

/** The version that objects are stored in. A valid CRD has exactly one. */
export const storageVersionOf = ({ versions }: CustomResourceDefinitionSpec): string => versions.find(({ storage }) => storage)?.name ?? '';
