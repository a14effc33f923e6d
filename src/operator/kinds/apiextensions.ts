import type * as apiextensions from 'kubernetes-types/apiextensions/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** A definition of a custom kind. */
@ForeignKind({ group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false })
export class CustomResourceDefinition extends typed<apiextensions.CustomResourceDefinition>() {}
