import type { KubeObject } from '../../../operator/kube/object.js';

/** On the nodes of a sandbox's machines, with the instance's id: other nodes are not the sandbox's to change or delete. */
export const MACHINE_ANNOTATION = 'sandbox.karpenter-ts.dev/machine';

/** Whether a node is that of a sandbox's machine. */
export const isMachine = ({ metadata }: KubeObject): boolean => metadata.annotations?.[MACHINE_ANNOTATION] !== undefined;
