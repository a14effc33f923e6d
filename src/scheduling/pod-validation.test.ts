import { expect } from 'chai';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { validatePod } from './pod-validation.js';
import type { PodRules } from './pod-validation.js';
import type { ObjectLookup } from './snapshot.js';

const nothing: ObjectLookup = { persistentVolumeClaim: () => undefined, persistentVolume: () => undefined, storageClass: () => undefined };
const pod = (spec: Partial<PodSpec>): Pod => ({ metadata: { name: 'p', namespace: 'default' }, spec: { containers: [], ...spec } });
const affinity = (key: string, operator: string, ...values: string[]): Partial<PodSpec> =>
  ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }] } } } });
const errors = (spec: Partial<PodSpec>, lookup: ObjectLookup = nothing, rules: PodRules = {}): string => validatePod(pod(spec), lookup, rules).join('; ');

describe('pods that are left to others', () => {
  it('are those that avoid Karpenter', () => {
    expect(errors(affinity('karpenter.sh/nodepool', 'DoesNotExist'))).to.equal('configured to not run on a Karpenter provisioned node');
    expect(errors(affinity('karpenter.sh/nodepool', 'In', 'default'))).to.equal('');
  });

  it('are those that require restricted labels', () => {
    for (const key of ['kubernetes.io/hostname', 'karpenter.sh/registered', 'sub.karpenter.sh/x']) {
      expect(errors({ nodeSelector: { [key]: 'x' } }), key).to.contain(`label ${key} is restricted`);
    }
    for (const key of ['team', 'example.com/team', 'karpenter.sh/capacity-type', 'mykarpenter.sh/x']) {
      expect(errors({ nodeSelector: { [key]: 'spot' } }), key).to.equal('');
    }
  });

  it('are those whose requirements mean nothing', () => {
    expect(errors(affinity('karpenter.sh/capacity-type', 'In', 'cheap'))).to.contain('expected one of: [on-demand spot reserved]');
    expect(errors(affinity('karpenter.sh/capacity-type', 'In', 'cheap', 'spot'))).to.equal('');
    expect(errors(affinity('team', 'Gt', 'many'))).to.contain('single non-negative integer');
    expect(errors(affinity('bad key', 'Exists'))).to.contain('not a qualified name');
    expect(errors({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] } } } })).to.contain('matchFields');
  });

  describe('for their volumes', () => {
    const claimed: Partial<PodSpec> = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };
    const lookup = (claim: object, rest: Partial<ObjectLookup> = {}): ObjectLookup => ({ ...nothing, persistentVolumeClaim: () => claim as never, ...rest });
    const waiting = { storageClass: () => ({ provisioner: 'ebs.csi.aws.com', volumeBindingMode: 'WaitForFirstConsumer' }) };
    const bound = { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'v' } };

    it('are fine with a class that waits, or a volume that is bound', () => {
      expect(errors(claimed, lookup({ spec: { storageClassName: 'gp3' } }, waiting))).to.equal('');
      expect(errors(claimed, lookup(bound, { persistentVolume: () => ({ spec: {} }) }))).to.equal('');
    });

    const broken: [string, ObjectLookup, string, PodRules?][] = [
      ['a claim that is missing', nothing, 'persistentvolumeclaims "data" not found'],
      ['a claim that is being deleted', lookup({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), 'is being deleted'],
      ['a claim that lost its volume', lookup({ status: { phase: 'Lost' } }), 'is lost'],
      ['a volume that is missing', lookup(bound), 'persistentvolumes "v" not found'],
      ['a volume that is not bound yet', lookup({ spec: { volumeName: 'v' } }, { persistentVolume: () => ({}) }), 'is not complete'],
      ['no class', lookup({ spec: { storageClassName: '' } }), 'must define a storage class'],
      ['a class that is missing', lookup({ spec: { storageClassName: 'gp3' } }), '"gp3" not found'],
      ['a class that binds at once', lookup({ spec: { storageClassName: 'gp3' } }, { storageClass: () => ({ provisioner: 'x' }) }), 'immediate volume binding mode'],
      ['a driver that the provider does not support', lookup({ spec: { storageClassName: 'gp3' } }, waiting), 'is not supported', { unsupportedProvisioners: ['ebs.csi.aws.com'] }],
      ['a topology key that the provider does not support',
        lookup({ spec: { storageClassName: 'gp3' } }, { storageClass: () => ({ ...waiting.storageClass(), allowedTopologies: [{ matchLabelExpressions: [{ key: 'rack', values: ['1'] }] }] }) }),
        'unsupported topology key rack', { unsupportedTopologyKeys: ['rack'] }],
    ];
    for (const [name, objects, message, rules] of broken) {
      it(`are refused with ${name}`, () => expect(errors(claimed, objects, rules)).to.contain(message));
    }
  });
});
