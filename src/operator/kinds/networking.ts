import type * as networking from 'kubernetes-types/networking/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** How HTTP gets from outside of the cluster to services. */
@ForeignKind({ group: 'networking.k8s.io', version: 'v1', kind: 'Ingress', plural: 'ingresses', namespaced: true })
export class Ingress extends typed<networking.Ingress>() {}

/** Who may talk to pods, and to whom they may. */
@ForeignKind({ group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', plural: 'networkpolicies', namespaced: true, statusSubresource: false })
export class NetworkPolicy extends typed<networking.NetworkPolicy>() {}
