import type { Node, Pod } from '../model/kinds.js';

type Parts<T> = { [K in keyof T]?: T[K] extends object ? Partial<T[K]> : T[K] };

/** A pod as it comes out of a store, for tests: one container with the given requests. */
export function testPod(name: string, { requests = {}, metadata = {}, spec = {}, status = {} }: Parts<Pod> & { requests?: Record<string, string> } = {}): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z', labels: {}, annotations: {}, ...metadata },
    spec: { containers: [{ name: 'main', image: 'main:1', resources: { requests } }], ...spec },
    status: { phase: 'Pending', ...status },
  };
}

/** A node as it comes out of a store, for tests: 4 cores, 8Gi and 110 pods. */
export function testNode(name: string, { allocatable = {}, metadata = {}, spec = {}, status = {} }: Parts<Node> & { allocatable?: Record<string, string> } = {}): Node {
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z', annotations: {}, ...metadata, labels: { 'kubernetes.io/hostname': name, ...metadata.labels } },
    spec: { ...spec },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, ...status },
  };
}
