import type * as discovery from 'kubernetes-types/discovery/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** Which addresses stand behind a service. */
@ForeignKind({ group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', plural: 'endpointslices', namespaced: true, statusSubresource: false })
export class EndpointSlice extends typed<discovery.EndpointSlice>() {}
