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

/** What is read and written through each subresource; absent kind: the resource's own, and options of it for a proxy. */
const SUBRESOURCES: Record<Named, { kind?: string; group?: string; verbs: string }> = {
  status: { verbs: 'get patch update' },
  scale: { kind: 'Scale', group: 'autoscaling', verbs: 'get patch update' },
  binding: { kind: 'Binding', verbs: 'create' },
  eviction: { kind: 'Eviction', group: 'policy', verbs: 'create' },
  exec: { kind: 'PodExecOptions', verbs: 'create get' },
  attach: { kind: 'PodAttachOptions', verbs: 'create get' },
  portforward: { kind: 'PodPortForwardOptions', verbs: 'create get' },
  proxy: { verbs: 'create delete get patch update' },
  log: { verbs: 'get' },
  finalize: { verbs: 'update' },
  approval: { verbs: 'get patch update' },
  ephemeralcontainers: { verbs: 'get patch update' },
  resize: { verbs: 'get patch update' },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', verbs: 'create' },
};

/** The subresources of a resource, in the order in which they are listed. */
export function subresourcesOf({ kind, subresources, custom }: ResourceDefinition): ServedSubresource[] {
  const served = (Object.keys(SUBRESOURCES) as Named[]).filter((name) => subresources[name]);
  return (custom ? served : served.sort()).map((name) => {
    const { kind: other = name === 'proxy' ? `${kind}ProxyOptions` : kind, group, verbs } = SUBRESOURCES[name];
    return { name, kind: other, ...(group !== undefined && { groupVersion: { group, version: 'v1' } }), verbs: verbs.split(' ') };
  });
}
