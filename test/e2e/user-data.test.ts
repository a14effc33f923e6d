import { expect } from 'chai';
import fc from 'fast-check';
import type { AMIFamily } from '../../src/api/ec2nodeclass.js';
import { renderUserData } from '../../src/cloud/aws/userdata/render.js';
import type { Bootstrap } from '../../src/cloud/aws/userdata/bootstrap.js';
import type { ImageFamily } from '../../src/sandbox/cluster/kubelet/user-data/boot-config.js';
import { parseUserData } from '../../src/sandbox/cluster/kubelet/user-data/parse-user-data.js';

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const key = fc.tuple(fc.option(fc.constantFrom('karpenter.sh', 'karpenter.k8s.aws', 'example.com'), { nil: undefined }), name).map(([domain, label]) => (domain === undefined ? label : `${domain}/${label}`));
const value = fc.stringMatching(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,10}[A-Za-z0-9])?)?$/);
const amount = fc.constantFrom('100m', '1', '250m');

const bootstraps = (custom: string): fc.Arbitrary<Bootstrap> => fc.record({
  clusterName: name,
  clusterEndpoint: name.map((host) => `https://${host}.eks.amazonaws.com`),
  caBundle: fc.constantFrom('Q0E=', 'LS0tLS1CRUdJTg=='),
  clusterCIDR: fc.constant('10.100.0.0/16'),
  labels: fc.dictionary(key, value, { maxKeys: 6 }),
  taints: fc.uniqueArray(fc.record({ key, value: value.filter((text) => text !== ''), effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule') }), { maxLength: 4, selector: (taint) => `${taint.key}${taint.effect}` }),
  kubelet: fc.record({
    maxPods: fc.integer({ min: 1, max: 250 }),
    kubeReserved: fc.record({ cpu: amount, memory: fc.constant('300Mi') }),
    systemReserved: fc.record({ cpu: amount }),
    evictionHard: fc.record({ 'memory.available': fc.constantFrom('5%', '200Mi') }),
    clusterDNS: fc.constant(['10.100.0.10']),
  }),
  custom: fc.constant(custom),
});

/** Custom user data that calls for something else, which must lose. */
const CUSTOM: Record<ImageFamily, string> = {
  AL2: '#!/bin/bash\n/etc/eks/bootstrap.sh other\necho "vm.swappiness=1" >> /etc/sysctl.conf\n',
  AL2023: 'apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet:\n    config:\n      maxPods: 3\n',
  Bottlerocket: '[settings.kubernetes]\nmax-pods = 3\n[settings.kernel]\nlockdown = "integrity"\n',
  Windows: 'Write-Host "it\'s custom"\n',
};
const FAMILIES: [AMIFamily, ImageFamily][] = [['AL2', 'AL2'], ['AL2023', 'AL2023'], ['Bottlerocket', 'Bottlerocket'], ['Windows2022', 'Windows']];

const inOrder = (taints: readonly { key: string; value?: string; effect: string }[]): string[] => taints.map((taint) => `${taint.key}=${taint.value ?? ''}:${taint.effect}`).sort();

describe('A kubelet of the sandbox reads what the operator renders', () => {
  for (const [family, image] of FAMILIES) {
    for (const [how, custom] of [['alone', ''], ["beside the user's own", CUSTOM[image]]] as const) {
      it(`for ${family}, ${how}`, () => {
        fc.assert(fc.property(bootstraps(custom), (bootstrap) => {
          const read = parseUserData(renderUserData(family, bootstrap), image);
          expect(read).to.deep.include({
            clusterName: bootstrap.clusterName, endpoint: bootstrap.clusterEndpoint, certificateAuthority: bootstrap.caBundle, labels: bootstrap.labels, clusterDNS: ['10.100.0.10'],
            maxPods: bootstrap.kubelet.maxPods, kubeReserved: bootstrap.kubelet.kubeReserved, systemReserved: bootstrap.kubelet.systemReserved, evictionHard: bootstrap.kubelet.evictionHard,
          });
          expect(inOrder(read.taints)).to.deep.equal(inOrder(bootstrap.taints));
        }), { numRuns: 60 });
      });
    }
  }
});
