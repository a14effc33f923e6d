import type * as core from 'kubernetes-types/core/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** A group of containers on one node. */
@ForeignKind({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true })
export class Pod extends typed<core.Pod>() {}

/** A machine of the cluster. */
@ForeignKind({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false })
export class Node extends typed<core.Node>() {}

/** A scope for names. */
@ForeignKind({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false })
export class Namespace extends typed<core.Namespace>() {}

/** A report of something that happened to an object. */
@ForeignKind({ group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true, statusSubresource: false })
export class Event extends typed<core.Event>() {}

/** Configuration as keys and values. */
@ForeignKind({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, statusSubresource: false })
export class ConfigMap extends typed<core.ConfigMap>() {}

/** Secret data as keys and values. */
@ForeignKind({ group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true, statusSubresource: false })
export class Secret extends typed<core.Secret>() {}

/** A stable address for pods. */
@ForeignKind({ group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true })
export class Service extends typed<core.Service>() {}

/** An identity for pods. */
@ForeignKind({ group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true, statusSubresource: false })
export class ServiceAccount extends typed<core.ServiceAccount>() {}

/** A piece of storage. */
@ForeignKind({ group: '', version: 'v1', kind: 'PersistentVolume', plural: 'persistentvolumes', namespaced: false })
export class PersistentVolume extends typed<core.PersistentVolume>() {}

/** A request for storage. */
@ForeignKind({ group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true })
export class PersistentVolumeClaim extends typed<core.PersistentVolumeClaim>() {}

/** ReplicaSet's predecessor. */
@ForeignKind({ group: '', version: 'v1', kind: 'ReplicationController', plural: 'replicationcontrollers', namespaced: true })
export class ReplicationController extends typed<core.ReplicationController>() {}

/** A description of pods to be made. */
@ForeignKind({ group: '', version: 'v1', kind: 'PodTemplate', plural: 'podtemplates', namespaced: true, statusSubresource: false })
export class PodTemplate extends typed<core.PodTemplate>() {}

/** Limits on what a namespace may use and have. */
@ForeignKind({ group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true })
export class ResourceQuota extends typed<core.ResourceQuota>() {}

/** Bounds and defaults of what containers and claims of a namespace ask for. */
@ForeignKind({ group: '', version: 'v1', kind: 'LimitRange', plural: 'limitranges', namespaced: true, statusSubresource: false })
export class LimitRange extends typed<core.LimitRange>() {}
