import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { type Answer, pod, TestCluster } from '../testing/test-cluster.js';

const PODS = '/api/v1/namespaces/default/pods';
const SERVICES = '/api/v1/namespaces/default/services';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';


const specOf = (body: Answer['body']): JsonObject => body['spec'] as unknown as JsonObject;

const template = (labels: JsonObject = { app: 'web' }, spec: JsonObject = {}): JsonObject => ({ metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }], ...spec } });

describe('Built-in kinds at birth', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  it('priority levels share as kube-apiserver has them share, and are refused without their kind', async () => {
    const LEVELS = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
    const level = (spec: JsonObject): JsonObject => ({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', metadata: { name: 'a' }, spec });
    const body = await cluster.ok('POST', LEVELS, level({ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 2 } } } }));
    expect(specOf(body)['limited']).to.deep.equal({ nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { type: 'Queue', queuing: { queues: 2, handSize: 8, queueLengthLimit: 50 } } });
    expect((await cluster.request('POST', LEVELS, level({ type: 'Limited' }))).body.message).to.contain('spec.limited: Required value');
    expect((await cluster.request('POST', LEVELS, level({ type: 'Free' }))).body.message).to.contain('spec.type: Unsupported value: "Free": supported values: "Exempt", "Limited"');
  });

  it('network policies have no range of ports without its beginning', async () => {
    const policy = (port: JsonObject): JsonObject => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'a' }, spec: { podSelector: {}, egress: [{ ports: [port] }] } });
    const problem = async (port: JsonObject): Promise<string | undefined> => (await cluster.request('POST', '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies?dryRun=All', policy(port))).body.message;
    expect(await problem({ endPort: 9 })).to.contain('spec.egress[0].ports[0].endPort: Invalid value: 9: may not be specified');
    expect(await problem({ port: 'http', endPort: 9 })).to.contain('when `port` is non-numeric');
    expect(await problem({ port: 10, endPort: 9 })).to.contain('endPort: Invalid value: 10: must be greater than or equal to `port`');
    expect(await problem({ port: 9, endPort: 10 })).to.equal(undefined);
  });

  it('answers to reviews are no tables', async () => {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
    const answer = await cluster.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(answer.status).to.equal(406);
  });

  it('the service of the API server has endpoints and a slice of them', async () => {
    const endpoints = (await cluster.ok('GET', '/api/v1/namespaces/default/endpoints/kubernetes')) as unknown as { subsets: { addresses: { ip: string }[]; ports: JsonObject[] }[] };
    const { items } = (await cluster.ok('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=kubernetes')) as unknown as { items: { endpoints: { addresses: string[] }[]; ports: JsonObject[] }[] };
    expect(items.map(({ endpoints: [endpoint], ports }) => [endpoint!.addresses, ports])).to.deep.equal(endpoints.subsets.map(({ addresses, ports }) => [addresses.map(({ ip }) => ip), ports]));
  });

  describe('pods', () => {
    it('get what kube-apiserver would fill in', async () => {
      const body = await cluster.ok('POST', PODS, pod('a', {}, { automountServiceAccountToken: false }));
      expect(specOf(body)).to.deep.include({
        restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30, schedulerName: 'default-scheduler', enableServiceLinks: true,
        securityContext: {}, serviceAccountName: 'default', serviceAccount: 'default', priority: 0, preemptionPolicy: 'PreemptLowerPriority',
      });
      expect(specOf(body)['containers']).to.deep.equal([{ name: 'app', image: 'app:1', imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', resources: {} }]);
      expect(body['status']).to.deep.equal({ phase: 'Pending', qosClass: 'BestEffort' });
    });

    for (const [image, policy] of [['nginx', 'Always'], ['nginx:latest', 'Always'], ['nginx:1.2', 'IfNotPresent'], ['registry:5000/nginx', 'Always'], ['nginx@sha256:00', 'IfNotPresent']] as const) {
      it(`pull ${image} ${policy}`, async () => {
        const body = await cluster.ok('POST', PODS, pod('a', {}, { containers: [{ name: 'a', image }] }));
        expect((specOf(body)['containers'] as JsonObject[])[0]).to.include({ imagePullPolicy: policy });
      });
    }

    it('have a second where they are given less than no time to end, but not in templates', async () => {
      const spec = { terminationGracePeriodSeconds: -1, containers: [{ name: 'app', image: 'app:1' }] };
      expect(specOf(await cluster.ok('POST', PODS, pod('a', {}, spec)))).to.include({ terminationGracePeriodSeconds: 1 });
      expect(specOf((await cluster.patch(`${PODS}/a`, 'merge', { spec: { terminationGracePeriodSeconds: -2 } })).body)).to.include({ terminationGracePeriodSeconds: 1 });
      const { body } = await cluster.request('POST', '/api/v1/namespaces/default/podtemplates', { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'a' }, template: { spec } });
      expect((body['template'] as { spec: JsonObject }).spec).to.include({ terminationGracePeriodSeconds: -1 });
    });

    it('request what they are limited to', async () => {
      const containers = [{ name: 'a', image: 'a:1', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }];
      const body = await cluster.ok('POST', PODS, pod('a', {}, { containers }));
      expect((specOf(body)['containers'] as JsonObject[])[0]!['resources']).to.deep.equal({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
      expect(body['status']).to.include({ qosClass: 'Burstable' });
    });

    it('are guaranteed when every container requests its limits', async () => {
      const containers = [{ name: 'a', image: 'a:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }];
      expect((await cluster.ok('POST', PODS, pod('a', {}, { containers })))['status']).to.include({ qosClass: 'Guaranteed' });
    });

    it('have their probes, volumes and ports completed', async () => {
      const containers = [{ name: 'a', image: 'a:1', ports: [{ containerPort: 80 }], readinessProbe: { httpGet: { port: 80 } } }];
      const { containers: [container], volumes } = specOf(await cluster.ok('POST', PODS, pod('a', {}, { automountServiceAccountToken: false, containers, volumes: [{ name: 'v' }, { name: 'c', configMap: { name: 'x' } }] }))) as unknown as { containers: JsonObject[]; volumes: JsonObject[] };
      expect(container!['ports']).to.deep.equal([{ containerPort: 80, protocol: 'TCP' }]);
      expect(container!['readinessProbe']).to.deep.equal({ httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
      expect(volumes).to.deep.equal([{ name: 'v', emptyDir: {} }, { name: 'c', configMap: { name: 'x', defaultMode: 420 } }]);
    });

    describe('the token of their service account', () => {
      const PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
      const mounts = (body: Answer['body']): unknown => (specOf(body)['containers'] as JsonObject[]).map(({ volumeMounts }) => volumeMounts ?? []);
      const account = (body: JsonObject): Promise<Answer['body']> => cluster.ok('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', ...body });

      it('is mounted into every container, with the namespace and who signed the server\'s certificate', async () => {
        const body = await cluster.ok('POST', PODS, pod('a', {}, { initContainers: [{ name: 'init', image: 'a:1' }] }));
        const [volume] = specOf(body)['volumes'] as { name: string; projected: JsonObject }[];
        expect(volume?.name).to.match(/^kube-api-access-[a-z0-9]{5}$/);
        expect(volume?.projected).to.deep.equal({
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
          ],
          defaultMode: 420,
        });
        const mount = [{ name: volume?.name, readOnly: true, mountPath: PATH }];
        expect(mounts(body)).to.deep.equal([mount]);
        expect((specOf(body)['initContainers'] as JsonObject[])[0]).to.deep.include({ volumeMounts: mount });
        const { template: inner } = specOf(await cluster.ok('POST', DEPLOYMENTS, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } }, template: template() } }));
        expect(JSON.stringify(inner)).to.not.include('kube-api-access');
      });

      it('is not mounted where the pod, or its account, does not want it', async () => {
        await account({ metadata: { name: 'quiet' }, automountServiceAccountToken: false });
        const specs = [{ automountServiceAccountToken: false }, { serviceAccountName: 'quiet' }, { serviceAccountName: 'quiet', automountServiceAccountToken: true }];
        const made = await Promise.all(specs.map((spec, index) => cluster.ok('POST', PODS, pod(`a${index}`, {}, spec))));
        expect(made.map((body) => (specOf(body)['volumes'] as unknown[] | undefined)?.length ?? 0)).to.deep.equal([0, 0, 1]);
      });

      it('leaves what a container mounts there, and the volume of a pod that was copied', async () => {
        const own = [{ name: 'v', mountPath: PATH }];
        const kept = await cluster.ok('POST', PODS, pod('a', {}, { containers: [{ name: 'app', image: 'a:1', volumeMounts: own }], volumes: [{ name: 'v' }] }));
        expect([mounts(kept), specOf(kept)['volumes']]).to.deep.equal([[own], [{ name: 'v', emptyDir: {} }]]);
        const volumes = [{ name: 'kube-api-access-old', emptyDir: {} }];
        const copied = await cluster.ok('POST', PODS, pod('b', {}, { volumes }));
        expect([mounts(copied), specOf(copied)['volumes']]).to.deep.equal([[[{ name: 'kube-api-access-old', readOnly: true, mountPath: PATH }]], volumes]);
      });
    });

    it('tolerate an ailing node for five minutes, unless they say otherwise', async () => {
      const seconds = (body: Answer['body']): unknown => (specOf(body)['tolerations'] as JsonObject[]).map(({ key, tolerationSeconds }) => `${key as string} ${tolerationSeconds as number}`);
      expect(seconds(await cluster.ok('POST', PODS, pod('a')))).to.deep.equal(['node.kubernetes.io/not-ready 300', 'node.kubernetes.io/unreachable 300']);
      const tolerations = [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 }];
      expect(seconds(await cluster.ok('POST', PODS, pod('b', {}, { tolerations })))).to.deep.equal(['node.kubernetes.io/not-ready 10', 'node.kubernetes.io/unreachable 300']);
    });

    it('keep what admission gave them when a client writes back less', async () => {
      const { metadata } = await cluster.ok('POST', PODS, pod('a', {}, { automountServiceAccountToken: false }));
      const written = await cluster.ok('PUT', `${PODS}/a`, pod('a', { resourceVersion: metadata.resourceVersion }, { automountServiceAccountToken: false, serviceAccountName: 'default', tolerations: [{ key: 'mine', operator: 'Exists' }] }));
      expect(specOf(written)).to.include({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
      expect((specOf(written)['tolerations'] as JsonObject[]).map(({ key }) => key)).to.deep.equal(['mine', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
      expect(written.metadata.generation).to.equal(2);
    });

    it('change only their resources through resize, and only ephemeral containers through theirs', async () => {
      await cluster.ok('POST', PODS, pod('a'));
      await cluster.patch(`${PODS}/a/resize`, 'strategic-merge', { spec: { nodeName: 'x', containers: [{ name: 'app', image: 'other', resources: { requests: { cpu: '2' } } }] } });
      await cluster.patch(`${PODS}/a/ephemeralcontainers`, 'strategic-merge', { spec: { nodeName: 'x', ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } });
      const spec = specOf(await cluster.ok('GET', `${PODS}/a`));
      expect(spec).to.not.have.property('nodeName');
      expect((spec['containers'] as JsonObject[])[0]).to.deep.include({ image: 'app:1', resources: { requests: { cpu: '2' } } });
      expect((spec['ephemeralContainers'] as JsonObject[])[0]).to.include({ name: 'debug' });
    });

    it('keep their quality of service when a kubelet writes their status', async () => {
      await cluster.ok('POST', PODS, pod('a'));
      const { body } = await cluster.request('PUT', `${PODS}/a/status`, { ...pod('a'), status: { phase: 'Running' } });
      expect(body['status']).to.deep.equal({ phase: 'Running', qosClass: 'BestEffort' });
    });

    it('take their priority from their class', async () => {
      await cluster.ok('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' });
      expect(specOf(await cluster.ok('POST', PODS, pod('a', {}, { priorityClassName: 'high' })))).to.include({ priority: 1000, preemptionPolicy: 'Never' });
      expect(specOf(await cluster.ok('POST', PODS, pod('b', {}, { priorityClassName: 'system-node-critical' })))).to.include({ priority: 2000001000 });
      const { status, body } = await cluster.request('POST', PODS, pod('c', {}, { priorityClassName: 'nope' }));
      expect([status, body.message]).to.deep.equal([403, 'pods "c" is forbidden: no PriorityClass with name nope was found']);
    });
  });

  it('deployments get a strategy, and their template the defaults of pods but not those of pods alone', async () => {
    const body = await cluster.ok('POST', DEPLOYMENTS, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } }, template: template() } });
    expect(specOf(body)).to.deep.include({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } } });
    const inner = (specOf(body)['template'] as unknown as { spec: JsonObject }).spec;
    expect(inner).to.include({ restartPolicy: 'Always' }).and.not.have.any.keys('enableServiceLinks', 'serviceAccountName', 'tolerations', 'priority');
  });

  it('pod templates are completed, checked, and count their changes', async () => {
    const at = '/api/v1/namespaces/default/podtemplates';
    const body = await cluster.ok('POST', at, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 't' }, template: template({}, { restartPolicy: 'Never' }) });
    expect(body.metadata.generation).to.equal(1);
    expect((body['template'] as unknown as { spec: JsonObject }).spec).to.include({ restartPolicy: 'Never', schedulerName: 'default-scheduler' });
    const generationAfter = async (patch: JsonObject): Promise<unknown> => (await cluster.patch(`${at}/t`, 'merge', patch)).body.metadata.generation;
    expect(await generationAfter({ template: { metadata: { labels: { app: 'other' } } } })).to.equal(2);
    expect(await generationAfter({ metadata: { labels: { a: 'b' } } })).to.equal(2);
    const refused = await cluster.request('POST', at, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'u' }, template: { spec: { containers: [] } } });
    expect(refused.status).to.equal(422);
  });

  it('jobs select their pods by their uid', async () => {
    const body = await cluster.ok('POST', JOBS, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, spec: { template: template({}, { restartPolicy: 'Never' }) } });
    const { uid } = body.metadata;
    expect(specOf(body)).to.deep.include({ completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } } });
    expect((specOf(body)['template'] as unknown as { metadata: { labels: JsonObject } }).metadata.labels).to.include({ 'batch.kubernetes.io/job-name': 'j', 'job-name': 'j', 'batch.kubernetes.io/controller-uid': uid! });
  });

  it('services get addresses of their own, which stay', async () => {
    const service = (name: string, spec: JsonObject = {}): JsonObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
    const created = await Promise.all(['a', 'b', 'c'].map((name) => cluster.ok('POST', SERVICES, service(name))));
    const addresses = created.map((body) => specOf(body)['clusterIP'] as string);
    expect(new Set(addresses).size).to.equal(3);
    for (const address of addresses) expect(address).to.match(/^10\.96\.\d+\.\d+$/);
    expect(specOf(created[0]!)).to.deep.include({ type: 'ClusterIP', sessionAffinity: 'None', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] });
    const moved = await cluster.request('PUT', `${SERVICES}/a`, { ...service('a', { selector: { x: 'y' } }), metadata: { name: 'a', resourceVersion: created[0]!.metadata.resourceVersion } });
    expect(specOf(moved.body)['clusterIP']).to.equal(addresses[0]);
    const open = specOf(await cluster.ok('POST', SERVICES, service('d', { type: 'NodePort' })));
    expect((open['ports'] as unknown as { nodePort: number }[])[0]!.nodePort).to.be.within(30000, 32767);
    expect(specOf(await cluster.ok('POST', SERVICES, service('e', { clusterIP: 'None' })))['clusterIP']).to.equal('None');
  });

  it('claims take the default storage class', async () => {
    const claim = (name: string): JsonObject => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
    expect(specOf(await cluster.ok('POST', CLAIMS, claim('early')))).to.not.have.property('storageClassName');
    await cluster.ok('POST', '/apis/storage.k8s.io/v1/storageclasses', { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'gp3', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, provisioner: 'ebs.csi.aws.com' });
    const body = await cluster.ok('POST', CLAIMS, claim('late'));
    expect(specOf(body)).to.include({ storageClassName: 'gp3', volumeMode: 'Filesystem' });
    expect(body.metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
    expect(body['status']).to.deep.equal({ phase: 'Pending' });
  });

  it('ingresses take the newest default class', async () => {
    const ingress = async (name: string, metadata: JsonObject = {}, spec: JsonObject = {}): Promise<unknown> => {
      const body = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, ...metadata }, spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } }, ...spec } };
      return specOf(await cluster.ok('POST', '/apis/networking.k8s.io/v1/namespaces/default/ingresses', body))['ingressClassName'];
    };
    const isDefault = (name: string): unknown => cluster.ok('POST', '/apis/networking.k8s.io/v1/ingressclasses', { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } }, spec: { controller: 'example.com/c' } });
    expect(await ingress('early')).to.equal(undefined);
    await isDefault('a-older');
    await cluster.clock.advance(1_000);
    await isDefault('z-newer');
    await isDefault('x-newer');
    expect(await ingress('late')).to.equal('x-newer');
    expect(await ingress('named', {}, { ingressClassName: 'mine' })).to.equal('mine');
    expect(await ingress('annotated', { annotations: { 'kubernetes.io/ingress.class': 'mine' } })).to.equal(undefined);
  });

  it('secrets keep plain text encoded', async () => {
    const body = await cluster.ok('POST', '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'hello' } });
    expect(body).to.deep.include({ type: 'Opaque', data: { a: 'aGVsbG8=' } }).and.not.have.property('stringData');
  });

  it('nodes keep the status that their kubelet brings', async () => {
    const body = await cluster.ok('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity: { cpu: '4' } } });
    expect(body['status']).to.deep.include({ capacity: { cpu: '4' }, allocatable: { cpu: '4' }, daemonEndpoints: { kubeletEndpoint: { Port: 0 } } });
  });

  it('autoscalers are the same in both versions, and lose nothing in the older', async () => {
    const [V1, V2] = ['/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers'];
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } };
    const pods = { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } } };
    await cluster.ok('POST', V1, { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'old' }, spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 60 } });
    expect(specOf(await cluster.ok('GET', `${V2}/old`))).to.deep.equal({ scaleTargetRef, minReplicas: 1, maxReplicas: 5, metrics: [cpu] });
    await cluster.ok('POST', V2, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'new' }, spec: { scaleTargetRef, maxReplicas: 5, metrics: [pods, cpu] } });
    const older = await cluster.ok('GET', `${V1}/new`);
    expect(specOf(older)).to.deep.equal({ scaleTargetRef, minReplicas: 1, maxReplicas: 5, targetCPUUtilizationPercentage: 60 });
    await cluster.ok('PUT', `${V1}/new`, { ...older, spec: { ...specOf(older), maxReplicas: 6 } });
    expect(specOf(await cluster.ok('GET', `${V2}/new`))).to.deep.equal({ scaleTargetRef, minReplicas: 1, maxReplicas: 6, metrics: [pods, cpu] });
  });

  it('budgets count their changes', async () => {
    const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    await cluster.ok('POST', BUDGETS, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec: { maxUnavailable: 1, selector: { matchLabels: { a: 'b' } } } });
    expect((await cluster.patch(`${BUDGETS}/b`, 'merge', { spec: { maxUnavailable: 2 } })).body.metadata.generation).to.equal(2);
  });

  it('events are the same under both of their groups', async () => {
    await cluster.ok('POST', '/api/v1/namespaces/default/events', { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, involvedObject: { kind: 'Pod', name: 'p' }, reason: 'Scheduled', message: 'hi', type: 'Normal', source: { component: 'me' } });
    const event = await cluster.ok('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e');
    expect(event).to.deep.include({ apiVersion: 'events.k8s.io/v1', regarding: { kind: 'Pod', name: 'p' }, note: 'hi', deprecatedSource: { component: 'me' } });
    expect((await cluster.ok('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp,source%3Dme')).items).to.have.length(1);
  });
});
