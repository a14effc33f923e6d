import type * as scheduling from 'kubernetes-types/scheduling/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** A name for a pod priority. */
@ForeignKind({ group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass', plural: 'priorityclasses', namespaced: false, statusSubresource: false })
export class PriorityClass extends typed<scheduling.PriorityClass>() {}
