import type { ResourceDefinition, Subresource } from '../contracts.js';

/** A subresource as discovery announces it. */
export interface ServedSubresource {
  name: string;
  kind: string;
  /** Absent: the group and version of the resource itself. */
  groupVersion?: { group: string; version: string };
  verbs: string[];
}

type Named = Exclude<Subresource, ''>;

/** What is read and written through each subresource; absent kind: the resource's own. */
const SUBRESOURCES: Record<Named, { kind?: string; group?: string; verbs: string }> = {
  status: { verbs: 'get patch update' },
  scale: { kind: 'Scale', group: 'autoscaling', verbs: 'get patch update' },
  binding: { kind: 'Binding', verbs: 'create' },
  eviction: { kind: 'Eviction', group: 'policy', verbs: 'create' },
  portforward: { kind: 'PodPortForwardOptions', verbs: 'create get' },
  log: { verbs: 'get' },
  finalize: { verbs: 'update' },
  approval: { verbs: 'get patch update' },
  ephemeralcontainers: { verbs: 'get patch update' },
  resize: { verbs: 'get patch update' },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', verbs: 'create' },
};

/** The subresources of a resource, by name. */
export function subresourcesOf({ kind, subresources }: ResourceDefinition): ServedSubresource[] {
  const served = (Object.keys(SUBRESOURCES) as Named[]).filter((name) => subresources[name]);
  return served.sort().map((name) => {
    const { kind: other = kind, group, verbs } = SUBRESOURCES[name];
    return { name, kind: other, ...(group !== undefined && { groupVersion: { group, version: 'v1' } }), verbs: verbs.split(' ') };
  });
}
