import { expect } from 'chai';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { CapacityBuffer } from '../api/capacitybuffer.js';
import { isProvisionable } from '../scheduling/pod-predicates.js';
import { virtualPods } from './virtual-pods.js';

describe('virtual pods', () => {
  const BUFFER = { metadata: { name: 'spare', namespace: 'team', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' } } as CapacityBuffer;
  const podsOf = (template: PodTemplateSpec, replicas = 1) => virtualPods(BUFFER, template, replicas);

  it('are named and numbered after their buffer, and labelled like pods of the template', () => {
    const pods = podsOf({ metadata: { labels: { app: 'web' }, annotations: { team: 'a' } }, spec: { containers: [] } }, 3);
    expect(pods.map(({ metadata }) => [metadata?.namespace, metadata?.name, metadata?.uid])).to.deep.equal([
      ['team', 'capacity-buffer-spare-1', 'u-1'], ['team', 'capacity-buffer-spare-2', 'u-2'], ['team', 'capacity-buffer-spare-3', 'u-3'],
    ]);
    expect(pods[0]?.metadata).to.deep.include({
      labels: { app: 'web' },
      annotations: { team: 'a', 'karpenter.sh/capacity-buffer-fake-pod': 'true', 'karpenter.sh/capacity-buffer-name': 'spare', 'karpenter.sh/capacity-buffer-namespace': 'team' },
    });
  });

  it('wait for a node, at the lowest priority', () => {
    const [pod] = podsOf({ spec: { containers: [], nodeName: 'pinned', priority: 1_000 } });
    expect(pod && isProvisionable(pod)).to.equal(true);
    expect(pod?.spec).to.not.have.property('nodeName');
    expect(pod?.spec?.priority).to.equal(-2_147_483_648);
  });

  it('keep what places pods, and give up volumes that somebody would have to claim', () => {
    const volumeMounts = ['data', 'scratch', 'config'].map((name) => ({ name, mountPath: `/${name}` }));
    const [pod] = podsOf({
      spec: {
        containers: [{ name: 'main', volumeMounts, volumeDevices: [{ name: 'data', devicePath: '/dev/x' }] }],
        initContainers: [{ name: 'init', volumeMounts }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }, { name: 'scratch', ephemeral: {} }, { name: 'config', configMap: { name: 'c' } }],
        nodeSelector: { zone: 'a' }, tolerations: [{ key: 'x' }],
      },
    });
    const kept = [{ name: 'config', mountPath: '/config' }];
    expect(pod?.spec).to.deep.include({ nodeSelector: { zone: 'a' }, tolerations: [{ key: 'x' }], volumes: [{ name: 'config', configMap: { name: 'c' } }] });
    expect(pod?.spec?.containers).to.deep.equal([{ name: 'main', volumeMounts: kept, resources: { requests: {} } }]);
    expect(pod?.spec?.initContainers).to.deep.equal([{ name: 'init', volumeMounts: kept, resources: { requests: {} } }]);
  });

  it('request what the API server would have pods request: limits where nothing else is said', () => {
    const [pod] = podsOf({ spec: { containers: [{ name: 'main', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }] } });
    expect(pod?.spec?.containers[0]?.resources?.requests).to.deep.equal({ cpu: '500m', memory: '1Gi' });
  });
});
