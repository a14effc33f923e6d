import type { KindRef, KubeObject } from '../../src/operator/index.js';

export const POD: KindRef = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
export const CONFIG_MAP: KindRef = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
export const GADGET: KindRef = { group: 'bench.example.com', version: 'v1', kind: 'Gadget', plural: 'gadgets', namespaced: true };
/** Where a change carries the moment of its making, in milliseconds of the machine's monotonic clock. */
export const STAMP = 'bench.example.com/at';

const SCHEMA = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { size: { type: 'integer' } } },
    status: { type: 'object', properties: { size: { type: 'integer' }, observedGeneration: { type: 'integer' } } },
  },
};

/** The CRD of a kind whose reconciler has one thing to say in status. */
export const GADGET_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'gadgets.bench.example.com' },
  spec: {
    group: GADGET.group, scope: 'Namespaced', names: { kind: 'Gadget', listKind: 'GadgetList', plural: 'gadgets', singular: 'gadget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: SCHEMA }, subresources: { status: {} } }],
  },
};

export const gadget = (index: number): object => ({ apiVersion: 'bench.example.com/v1', kind: 'Gadget', metadata: { name: `gadget-${index}`, namespace: 'default' }, spec: { size: index % 7 } });

/** A pod as a Deployment's are: 3 KB of JSON without managedFields. */
export function benchPod(index: number): KubeObject {
  const app = `service-${index % 500}`;
  const node = `ip-10-0-${index % 250}-${index % 200}.eu-west-1.compute.internal`;
  const at = '2026-01-01T00:00:00Z';
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      name: `${app}-7d9c6b5f4d-${index.toString(36).padStart(5, '0')}`, namespace: 'default',
      labels: { 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': `${app}-production`, 'pod-template-hash': '7d9c6b5f4d', team: `team-${index % 40}` },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080', 'checksum/config': 'd6f3c0a6a1f5f8e2b7c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-7d9c6b5f4d`, uid: `00000000-0000-4000-8000-${String(index % 500).padStart(12, '0')}`, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      nodeName: node, restartPolicy: 'Always', serviceAccountName: app, schedulerName: 'default-scheduler', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', securityContext: { runAsNonRoot: true, runAsUser: 1000 },
      automountServiceAccountToken: false,
      containers: [{
        name: 'main', image: `registry.example.com/platform/${app}:1.${index % 30}.0`, imagePullPolicy: 'IfNotPresent', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }, { name: 'metrics', containerPort: 9090, protocol: 'TCP' }],
        env: [{ name: 'LOG_LEVEL', value: 'info' }, { name: 'REGION', value: 'eu-west-1' }, { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }, { name: 'JAVA_OPTS', value: '-XX:MaxRAMPercentage=75 -XX:+UseG1GC' }],
        resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '512Mi' } }, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
        readinessProbe: { httpGet: { path: '/ready', port: 'http', scheme: 'HTTP' }, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
        livenessProbe: { httpGet: { path: '/live', port: 'http', scheme: 'HTTP' }, periodSeconds: 20, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
        volumeMounts: [{ name: 'config', mountPath: '/etc/config', readOnly: true }],
      }],
      volumes: [{ name: 'config', configMap: { name: `${app}-config`, defaultMode: 420 } }],
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }, { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { 'app.kubernetes.io/name': app } } }],
    },
    status: {
      phase: 'Running', podIP: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, hostIP: `10.0.${index % 250}.${index % 200}`, startTime: at, qosClass: 'Burstable',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: at })),
      containerStatuses: [{ name: 'main', image: `registry.example.com/platform/${app}:1.${index % 30}.0`, imageID: `registry.example.com/platform/${app}@sha256:${'0123456789abcdef'.repeat(4)}`, containerID: `containerd://${String(index).padStart(64, '0')}`, ready: true, started: true, restartCount: 0, state: { running: { startedAt: at } } }],
    },
  } as unknown as KubeObject;
}

/** Objects of 500 bytes that change all the time. */
export const configMap = (index: number): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `object-${index}`, namespace: 'default', labels: { app: 'bench' } }, data: { text: 'x'.repeat(400) } }) as unknown as KubeObject;
