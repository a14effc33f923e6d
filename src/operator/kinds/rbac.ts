import type * as rbac from 'kubernetes-types/rbac/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** Permissions in every namespace and on cluster-scoped objects. */
@ForeignKind({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', plural: 'clusterroles', namespaced: false, statusSubresource: false })
export class ClusterRole extends typed<rbac.ClusterRole>() {}

/** Who has a ClusterRole everywhere. */
@ForeignKind({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false, statusSubresource: false })
export class ClusterRoleBinding extends typed<rbac.ClusterRoleBinding>() {}

/** Permissions in a namespace. */
@ForeignKind({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles', namespaced: true, statusSubresource: false })
export class Role extends typed<rbac.Role>() {}

/** Who has a role in a namespace. */
@ForeignKind({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'RoleBinding', plural: 'rolebindings', namespaced: true, statusSubresource: false })
export class RoleBinding extends typed<rbac.RoleBinding>() {}
