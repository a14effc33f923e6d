import type { AdmissionPlugin, RestContext } from '../rest/context.js';

/** What of a node's labels its pods get. */
const LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** Kubernetes' plugin PodTopologyLabels: pods know by their labels where they run, as soon as they are assigned to a node. */
export const podTopologyLabels = ({ storage }: Pick<RestContext, 'storage'>): AdmissionPlugin => ({
  mutate({ operation, definition, subresource, object }) {
    if (operation !== 'CREATE' || definition.storageResource !== 'pods' || !object) return;
    const { spec, target } = object as { spec?: { nodeName?: string }; target?: { kind?: string; name?: string } };
    const node = subresource === '' ? spec?.nodeName : subresource === 'binding' && target?.kind === 'Node' ? target.name : undefined;
    const { labels = {} } = (node ? storage.get('nodes', '', node)?.metadata : undefined) ?? {};
    const copied = Object.entries(labels).filter(([label]) => LABELS.includes(label));
    if (copied.length > 0) object.metadata.labels = { ...object.metadata.labels, ...Object.fromEntries(copied) };
  },
});
