import type * as apps from 'kubernetes-types/apps/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** A pod on every node. */
@ForeignKind({ group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', namespaced: true })
export class DaemonSet extends typed<apps.DaemonSet>() {}

/** Replicas of a pod, rolled out. */
@ForeignKind({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true })
export class Deployment extends typed<apps.Deployment>() {}

/** A number of equal pods. */
@ForeignKind({ group: 'apps', version: 'v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true })
export class ReplicaSet extends typed<apps.ReplicaSet>() {}

/** Pods with identity and storage of their own. */
@ForeignKind({ group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true })
export class StatefulSet extends typed<apps.StatefulSet>() {}
