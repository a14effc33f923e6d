import { expect } from 'chai';
import { qualifiedName } from '../../schema/names.js';
import type { ApiObject, JsonObject } from '../../contracts.js';
import { fieldErrorText } from '../../schema/field-error.js';
import { createRegistry } from '../registry.js';

const registry = createRegistry();

function definitionOf(apiVersion: string, kind: string): ReturnType<typeof registry.lookupKind> & object {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return registry.lookupKind(group ?? '', version ?? '', kind)!;
}

/** The problems of an object as a create finds them, after defaulting. */
function problems(apiVersion: string, kind: string, fields: JsonObject, name = 'x'): string[] {
  const object = structuredClone({ apiVersion, kind, metadata: { name }, ...fields }) as ApiObject;
  const definition = definitionOf(apiVersion, kind);
  definition.setDefaults(object);
  return definition.validate(object).map(({ field, message, reason }) => fieldErrorText({ field, message, reason } as never));
}

function updateProblems(apiVersion: string, kind: string, before: JsonObject, after: JsonObject): string[] {
  const definition = definitionOf(apiVersion, kind);
  const [previous, object] = [before, after].map((fields) => {
    const made = structuredClone({ apiVersion, kind, metadata: { name: 'x' }, ...fields }) as ApiObject;
    definition.setDefaults(made);
    return made;
  });
  return definition.validateUpdate(object!, previous!, '', () => undefined).map(({ field, message }) => `${field}: ${message}`);
}

const container = (more: JsonObject = {}): JsonObject => ({ name: 'app', image: 'app:1', ...more });
const podProblems = (spec: JsonObject): string[] => problems('v1', 'Pod', { spec: { containers: [container()], ...spec } });
const ofContainer = (more: JsonObject): string[] => podProblems({ containers: [container(more)] });
const template = (labels: JsonObject = { app: 'web' }, spec: JsonObject = {}): JsonObject => ({ metadata: { labels }, spec: { containers: [container()], ...spec } });
const selector = { matchLabels: { app: 'web' } };

describe('Validation of built-in kinds', () => {
  describe('finds nothing wrong with', () => {
    it('a plain pod', () => expect(podProblems({})).to.deep.equal([]));
    it('a rich pod', () =>
      expect(
        podProblems({
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          tolerations: [{ operator: 'Exists' }, { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }],
          topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector }],
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }] } } },
          volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
          containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/v' }], resources: { limits: { 'nvidia.com/gpu': '1' }, requests: { 'nvidia.com/gpu': '1', cpu: '1' } }, env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] })],
        }),
      ).to.deep.equal([]));
    it('a deployment', () => expect(problems('apps/v1', 'Deployment', { spec: { selector, template: template() } })).to.deep.equal([]));
    it('a stateful set that mounts its claims', () =>
      expect(problems('apps/v1', 'StatefulSet', { spec: { selector, serviceName: 's', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }], template: template({ app: 'web' }, { containers: [container({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })] }) } })).to.deep.equal([]));
    it('a cron job', () => expect(problems('batch/v1', 'CronJob', { spec: { schedule: '*/5 * * * *', timeZone: 'Europe/Berlin', jobTemplate: { spec: { template: template({}, { restartPolicy: 'OnFailure' }) } } } })).to.deep.equal([]));
  });

  describe('finds in pods', () => {
    for (const [what, found, expected] of [
      ['no containers', () => podProblems({ containers: [] }), 'spec.containers: Required value'],
      ['no image', () => ofContainer({ image: '' }), 'spec.containers[0].image: Required value'],
      ['no name', () => ofContainer({ name: '' }), 'spec.containers[0].name: Required value'],
      ['the same name twice', () => podProblems({ containers: [container(), container()] }), 'spec.containers[1].name: Duplicate value: "app"'],
      ['an unknown restart policy', () => podProblems({ restartPolicy: 'Sometimes' }), 'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
      ['an unknown pull policy', () => ofContainer({ imagePullPolicy: 'Maybe' }), 'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"'],
      ['a port out of range', () => ofContainer({ ports: [{ containerPort: 70000 }] }), 'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
      ['an unknown protocol', () => ofContainer({ ports: [{ containerPort: 1, protocol: 'ICMP' }] }), 'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
      ['a mount of no volume', () => ofContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }), 'spec.containers[0].volumeMounts[0].name: Not found: "v"'],
      ['more requested than the limit', () => ofContainer({ resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } }), 'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi'],
      ['a negative request', () => ofContainer({ resources: { requests: { cpu: '-1' } } }), 'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
      ['a device without limit', () => ofContainer({ resources: { requests: { 'nvidia.com/gpu': '1' } } }), 'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
      ['a bad label value', () => podProblems({ nodeSelector: { a: 'b c' } }), "spec.nodeSelector: Invalid value: \"b c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"],
      ['a toleration of everything without operator', () => podProblems({ tolerations: [{}] }), 'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"'],
      ['seconds on another effect', () => podProblems({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }] }), "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set"],
      ['a spread without skew', () => podProblems({ topologySpreadConstraints: [{ topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }] }), 'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
      ['an affinity without terms', () => podProblems({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }), 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term'],
      ['an anti-affinity over a label that cannot be', () => podProblems({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selector, topologyKey: 'bad key' }] } } }), `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "bad key": ${qualifiedName('bad key')[0]}`],
      ['two sources of one volume', () => podProblems({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }), 'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
      ['a probe without handler', () => ofContainer({ livenessProbe: { periodSeconds: 1 } }), 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
      ['a variable with two values', () => ofContainer({ env: [{ name: 'A', value: 'b', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }), 'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ] as const) {
      it(what, () => expect(found()).to.deep.equal([expected]));
    }
  });

  describe('finds in workloads', () => {
    const deployment = (spec: JsonObject): string[] => problems('apps/v1', 'Deployment', { spec: { selector, template: template(), ...spec } });
    for (const [what, found, expected] of [
      ['a selector that misses its own pods', () => deployment({ template: template({ app: 'other' }) }), 'spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`'],
      ['an empty selector', () => deployment({ selector: {} }), 'spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
      ['negative replicas', () => deployment({ replicas: -1 }), 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
      ['pods that are not kept alive', () => deployment({ template: template({ app: 'web' }, { restartPolicy: 'Never' }) }), 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
      ['a rolling update that cannot move', () => deployment({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } }), 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
      ['rolling fields of a recreate', () => deployment({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }), "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
      ['a job that restarts forever', () => problems('batch/v1', 'Job', { spec: { manualSelector: true, selector, template: template() } }), 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
      ['a schedule that is none', () => problems('batch/v1', 'CronJob', { spec: { schedule: 'daily', jobTemplate: { spec: { template: template({}, { restartPolicy: 'Never' }) } } } }), 'spec.schedule: Invalid value: "daily": expected exactly 5 fields, found 1: [daily]'],
      ['a budget with two limits', () => problems('policy/v1', 'PodDisruptionBudget', { spec: { selector, minAvailable: 1, maxUnavailable: 1 } }), `spec: Invalid value: ${JSON.stringify({ MinAvailable: 1, Selector: selector, MaxUnavailable: 1, UnhealthyPodEvictionPolicy: null })}: minAvailable and maxUnavailable cannot be both set`],
    ] as const) {
      it(what, () => expect(found()).to.deep.equal([expected]));
    }
  });

  describe('finds elsewhere', () => {
    for (const [what, found, expected] of [
      ['a service without ports', () => problems('v1', 'Service', { spec: {} }), 'spec.ports: Required value'],
      ['nameless ports', () => problems('v1', 'Service', { spec: { ports: [{ name: 'a', port: 1 }, { port: 2 }] } }), 'spec.ports[1].name: Required value'],
      ['a claim without access mode', () => problems('v1', 'PersistentVolumeClaim', { spec: { resources: { requests: { storage: '1Gi' } } } }), 'spec.accessModes: Required value: at least 1 access mode is required'],
      ['a bad key of a config map', () => problems('v1', 'ConfigMap', { data: { 'a b': '' } }), "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"],
      ['a key without certificate', () => problems('v1', 'Secret', { type: 'kubernetes.io/tls', data: { 'tls.key': '' } }), 'data[tls.crt]: Required value'],
      ['an unknown taint effect', () => problems('v1', 'Node', { spec: { taints: [{ key: 'a', effect: 'NoWay' }] } }), 'metadata.taints[0].effect: Unsupported value: "NoWay": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'],
      ['the same taint twice', () => problems('v1', 'Node', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }, { key: 'a', effect: 'NoSchedule' }] } }), 'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair'],
      ['a class without provisioner', () => problems('storage.k8s.io/v1', 'StorageClass', {}), 'provisioner: Required value'],
      ['too high a priority', () => problems('scheduling.k8s.io/v1', 'PriorityClass', { value: 2_000_000_000 }), 'value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
      ['rules without verbs', () => problems('rbac.authorization.k8s.io/v1', 'Role', { rules: [{ apiGroups: [''], resources: ['pods'] }] }), 'rules[0].verbs: Required value: verbs must contain at least one value'],
    ] as const) {
      it(what, () => expect(found()).to.deep.equal([expected]));
    }
  });

  describe('of updates', () => {
    const podUpdate = (before: JsonObject, after: JsonObject): string[] => updateProblems('v1', 'Pod', { spec: { containers: [container()], ...before } }, { spec: { containers: [container()], ...after } });

    it('lets a pod change its image and take more tolerations, and nothing else', () => {
      expect(podUpdate({}, { containers: [container({ image: 'app:2' })] })).to.deep.equal([]);
      expect(podUpdate({}, { tolerations: [{ key: 'a', operator: 'Exists' }] })).to.deep.equal([]);
      expect(podUpdate({ tolerations: [{ key: 'a', operator: 'Exists' }] }, {})[0]).to.match(/^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/);
      expect(podUpdate({}, { nodeSelector: { a: 'b' } })).to.have.length(1);
      expect(podUpdate({ schedulingGates: [{ name: 'a' }] }, { nodeSelector: { a: 'b' } })).to.deep.equal([]);
      expect(podUpdate({}, { schedulingGates: [{ name: 'a' }] })).to.have.length(1);
    });

    it('keeps selectors', () => {
      const spec = { selector, template: template({ app: 'web', b: 'c' }) };
      const other = { matchLabels: { b: 'c' } };
      expect(updateProblems('apps/v1', 'Deployment', { spec }, { spec: { ...spec, selector: other } })).to.deep.equal(['spec.selector: Invalid value: {"matchLabels":{"b":"c"}}: field is immutable']);
    });

    it('keeps the names of stateful sets', () => {
      const spec = { selector, serviceName: 'a', template: template() };
      expect(updateProblems('apps/v1', 'StatefulSet', { spec }, { spec: { ...spec, replicas: 3 } })).to.deep.equal([]);
      expect(updateProblems('apps/v1', 'StatefulSet', { spec }, { spec: { ...spec, serviceName: 'b' } })[0]).to.match(/^spec: Forbidden: updates to statefulset spec for fields other than 'replicas'/);
    });

    it('keeps what a job does, and where unless it is suspended', () => {
      const job = (spec: JsonObject, suspend = false): JsonObject => ({ spec: { suspend, selector, template: template({ app: 'web' }, { restartPolicy: 'Never', ...spec }) } });
      for (const suspend of [false, true]) expect(updateProblems('batch/v1', 'Job', job({}, suspend), job({ containers: [container({ image: 'b' })] }, suspend))[0]).to.match(/^spec\.template: Invalid value: .*: field is immutable$/);
      expect(updateProblems('batch/v1', 'Job', job({}), job({ nodeSelector: { a: 'b' } }))).to.have.length(1);
      expect(updateProblems('batch/v1', 'Job', job({}, true), job({ nodeSelector: { a: 'b' } }, true))).to.deep.equal([]);
    });

    it('keeps what was declared immutable', () => {
      expect(updateProblems('v1', 'ConfigMap', { immutable: true, data: { a: '1' } }, { immutable: true, data: { a: '2' } })).to.deep.equal(['data: Forbidden: field is immutable when `immutable` is set']);
    });

    it('lets claims grow, and only grow', () => {
      const claim = (storage: string, more: JsonObject = {}): JsonObject => ({ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...more } });
      expect(updateProblems('v1', 'PersistentVolumeClaim', claim('1Gi'), claim('1Gi', { volumeName: 'v' }))).to.deep.equal([]);
      const bound = (size: string): JsonObject => ({ ...claim(size), status: { phase: 'Bound', capacity: { storage: '2Gi' } } });
      expect(updateProblems('v1', 'PersistentVolumeClaim', bound('2Gi'), bound('4Gi'))).to.deep.equal([]);
      expect(updateProblems('v1', 'PersistentVolumeClaim', claim('1Gi'), claim('2Gi'))[0]).to.match(/^spec: Forbidden: spec is immutable after creation/);
      // What asked for more than could be had may ask for less again.
      expect(updateProblems('v1', 'PersistentVolumeClaim', bound('4Gi'), bound('3Gi'))).to.deep.equal([]);
      expect(updateProblems('v1', 'PersistentVolumeClaim', bound('4Gi'), bound('2Gi'))).to.deep.equal(['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']);
      expect(updateProblems('v1', 'PersistentVolumeClaim', claim('1Gi'), claim('1Gi', { accessModes: ['ReadWriteMany'] }))[0]).to.match(/^spec: Forbidden: spec is immutable after creation/);
    });

    it('keeps a node the machine that it is', () => {
      expect(updateProblems('v1', 'Node', {}, { spec: { providerID: 'aws:///a/i-1' } })).to.deep.equal([]);
      expect(updateProblems('v1', 'Node', { spec: { providerID: 'aws:///a/i-1' } }, { spec: { providerID: 'aws:///a/i-2' } })).to.have.length(1);
    });
  });

  it('refuses kernel parameters that are none, or that are the host\'s, and users out of range', () => {
    const sysctls = (names: string[], spec: JsonObject = {}): string[] => problems('v1', 'Pod', { spec: { containers: [{ name: 'c', image: 'i' }], ...spec, securityContext: { runAsUser: -1, sysctls: names.map((name) => ({ name, value: '1' })) } } });
    expect(sysctls(['foo-', 'kernel.shmmax', 'bar..'])).to.have.length(3).and.satisfy(([user, first, second]: string[]) =>
      user!.startsWith('spec.securityContext.runAsUser: Invalid value: -1') && first!.startsWith('spec.securityContext.sysctls[0].name: Invalid value: "foo-": must have at most 253 characters') && second!.includes('sysctls[2].name: Invalid value: "bar.."'));
    expect(sysctls(['net.core.somaxconn', 'kernel.sem'], { hostNetwork: true })[1]).to.equal("spec.securityContext.sysctls[0].name: Invalid value: \"net.core.somaxconn\": may not be specified when 'hostNetwork' is true");
  });
});
