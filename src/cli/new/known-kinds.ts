import { parseAllDocuments } from 'yaml';
import { templateText } from './template.js';

/** An object as the test of a reconciler creates it. */
export interface ExampleObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

/** An object of every kind that is exported by the package and may have a reconciler. */
export const exampleObjects = async (): Promise<ExampleObject[]> =>
  parseAllDocuments(await templateText('reconciler/objects.yaml')).map((document) => document.toJS() as ExampleObject);

/** The kinds of Kubernetes and of Karpenter for which there can be a reconciler. */
export const kubernetesKinds = async (): Promise<string[]> => (await exampleObjects()).map(({ kind }) => kind);

/** Everything that `karpenter-ts/operator` exports as a value. */
export const frameworkExports = async (): Promise<string[]> => Object.keys(await import('../../operator/index.js'));
