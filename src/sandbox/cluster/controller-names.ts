/** What kube-controller-manager runs of what a sandbox needs, under its own names. */
export const CONTROLLER_MANAGER = [
  'replicationcontroller-controller', 'replicaset-controller', 'deployment-controller', 'statefulset-controller', 'daemonset-controller', 'job-controller', 'cronjob-controller', 'disruption-controller', 'endpoints-controller', 'endpointslice-controller', 'endpointslice-mirroring-controller',
  'persistentvolume-binder-controller', 'persistentvolume-attach-detach-controller', 'node-lifecycle-controller', 'taint-eviction-controller', 'pod-garbage-collector-controller',
] as const;

/** What runs beside a control plane: AWS's cloud controller and the EBS driver's. */
const CLOUD_CONTROLLERS = ['cloud-node-controller', 'ebs-csi-provisioner', 'ebs-csi-attacher'] as const;

export const SCHEDULER = 'kube-scheduler';

export const CONTROLLERS = [SCHEDULER, ...CONTROLLER_MANAGER, ...CLOUD_CONTROLLERS] as const;

/** A part of a cluster that a sandbox can run, or leave to the control plane that it is attached to. */
export type ControllerName = (typeof CONTROLLERS)[number];

/**
 * Reads `auto`, or a list as kube-controller-manager's `--controllers`: `*` means all, `name` one, `-name` without it; nothing means none. Throws a
 * RangeError for names that there are not.
 */
export function chooseControllers(text: string): 'auto' | ControllerName[] {
  if (text === 'auto') return 'auto';
  const chosen = text.split(',').map((entry) => entry.trim()).filter(Boolean);
  const unknown = chosen.filter((entry) => entry !== '*' && !CONTROLLERS.some((name) => name === entry.replace(/^-/, '')));
  if (unknown.length > 0) throw new RangeError(`There is no controller ${unknown.map((entry) => `"${entry}"`).join(', ')}; there are ${CONTROLLERS.join(', ')}, each also with - before it, * for all, and auto.`);
  return CONTROLLERS.filter((name) => !chosen.includes(`-${name}`) && (chosen.includes('*') || chosen.includes(name)));
}
