import type { KubernetesFacts } from '../cloud/aws/index.js';
import { Service, kindRefOf } from '../operator/index.js';
import type { KubeClient } from '../operator/index.js';

/** What the AWS provider asks the Kubernetes API about the cluster. `caBundle`: base64, empty when unknown. */
export const kubernetesFacts = (client: KubeClient, caBundle: string): KubernetesFacts => ({
  async serverVersion(signal) {
    const { major, minor } = await client.raw<{ major: string; minor: string }>('/version', signal ? { signal } : {});
    return `${major}.${minor.replace(/\+$/, '')}`;
  },
  async kubeDNS(signal) {
    const service = await client.find<Service>(kindRefOf(Service), { namespace: 'kube-system', name: 'kube-dns', ...(signal ? { signal } : {}) });
    const address = service?.spec.clusterIP;
    return address && address !== 'None' ? address : undefined;
  },
  caBundle: () => caBundle,
});
