import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readManifests } from '../manifest-files.js';
import type { Manifest } from '../manifest-files.js';
import type { Project } from '../project/project.js';

/** The role that "karpenter-ts manifests" writes, and the one to elect a leader, which is the project's. */
const [ROLE, ELECTION] = ['config/rbac/role.yaml', 'config/rbac/leader_election_role.yaml'] as const;

const userOf = ({ name }: Project): string => `system:serviceaccount:${name}:${name}`;

/** The generated roles, the namespaces that they are in, and what gives them to the operator's service account; nothing where there is no role. */
export async function roleManifests(project: Project): Promise<Manifest[]> {
  const file = join(project.folder, ROLE);
  if (!existsSync(file)) return [];
  const { name } = project;
  const election = join(project.folder, ELECTION);
  const { manifests } = await readManifests([file, ...(existsSync(election) ? [election] : [])]);
  const namespaces = new Set([name, ...manifests.flatMap(({ object: { metadata } }) => metadata.namespace ?? [])]);
  return [...[...namespaces].map((namespace): Manifest => ({ file, object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } })), ...manifests, {
    file,
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: userOf(project) }],
    },
  }];
}

/**
 * A kubeconfig beside the administrator's, for the operator in its service account's place: what its role lacks fails here, and not in
 * production first. Returns its path.
 */
export async function writeOperatorKubeconfig(project: Project, administrator: string): Promise<string> {
  const path = join(project.folder, '.sandbox/operator.kubeconfig');
  const config = parse(await readFile(administrator, 'utf8')) as { users: { name: string; user: object }[] };
  await writeFile(path, stringify({ ...config, users: config.users.map(({ name, user }) => ({ name, user: { ...user, as: userOf(project) } })) }), { mode: 0o600 });
  return path;
}
