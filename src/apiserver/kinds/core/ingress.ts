import type { Ingress, IngressClass } from 'kubernetes-types/networking/v1.js';
import type { KindBehaviour } from '../behaviour.js';
import { defaultClass } from './default-class.js';
import { entranceWarnings } from './network-warnings.js';
import { ingressWarnings } from './object-warnings.js';

/** How classes were named before there was a field. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

/** Routes into the cluster, by the cluster's default class unless they name one. */
export const ingressBehaviour: KindBehaviour = {
  warnings: (object, previous, subresource) => (subresource === 'status' ? entranceWarnings(object) : ingressWarnings(object, previous)),
  tracksGeneration: true,
  admit(object, { storage }) {
    const { spec } = object as unknown as Ingress;
    if (!spec || spec.ingressClassName !== undefined || object.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) return;
    const name = defaultClass(storage, 'ingressclasses.networking.k8s.io', DEFAULT_CLASS);
    if (name !== undefined) spec.ingressClassName = name;
  },
};

/** Parameters are of the whole cluster unless they are said to be in a namespace. */
export const ingressClassBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    const { parameters } = (object as unknown as IngressClass).spec ?? {};
    if (parameters) parameters.scope ??= 'Cluster';
  },
};
