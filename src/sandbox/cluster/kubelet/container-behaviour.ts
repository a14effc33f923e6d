import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { parseDuration } from '../../../operator/duration.js';
import { isLarge } from './image.js';

/** Annotations with which a manifest says what its containers do here. */
export const RUN_FOR_ANNOTATION = 'sandbox.karpenter-ts.dev/run-for';
export const EXIT_CODE_ANNOTATION = 'sandbox.karpenter-ts.dev/exit-code';
/** How long containers take to stop after SIGTERM; more than the grace period means that they are killed. */
export const STOP_AFTER_ANNOTATION = 'sandbox.karpenter-ts.dev/stop-after';

/** What a container does once it runs. */
export interface Behaviour {
  /** Milliseconds until it ends by itself; undefined: never. */
  runsFor: number | undefined;
  exitCode: number;
}

/** Programs that are done at once. */
const SHORT = new Set(['true', 'false', 'echo', 'date', 'printenv', 'env', 'ls', 'cat', 'perl', 'hostname', 'uname', 'exit', 'test', 'kubectl', 'aws']);

const UNITS: Record<string, number> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * What a container will do, as far as its manifest tells: annotations first, then what its command says (`sleep 30`, `exit 1`, `echo …`);
 * else services run for ever, and the containers of pods that are meant to end take some seconds (`variation` in [0, 1) says how many).
 */
export function behaviourOf(container: Container, restartPolicy: PodSpec['restartPolicy'], annotations: Readonly<Record<string, string>>, init: boolean, variation: number): Behaviour {
  const command = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
  const exit = /\bexit\s+(\d+)/.exec(command)?.[1];
  const exitCode = Number(annotations[EXIT_CODE_ANNOTATION] ?? exit ?? (/^false\b/.test(command) ? 1 : 0)) || 0;
  const annotated = init ? undefined : annotations[RUN_FOR_ANNOTATION];
  if (annotated !== undefined) return { runsFor: parseDuration(annotated), exitCode };
  if (/\bsleep\s+inf|\btail\s+-f|\bwhile\s+(true|:)/.test(command)) return { runsFor: undefined, exitCode };
  const sleeps = [...command.matchAll(/\bsleep\s+(\d+(?:\.\d+)?)([smhd]?)/g)];
  if (sleeps.length > 0) return { runsFor: sleeps.reduce((total, [, amount, unit]) => total + Number(amount) * (UNITS[unit ?? ''] ?? 1_000), 0), exitCode };
  const programs = command.replace(/^(?:\/bin\/)?(?:ba)?sh\s+-[a-z]*c\s+/, '').split(/\s+/);
  const program = (programs[0] ?? '').split('/').at(-1) ?? '';
  if (SHORT.has(program) || exit !== undefined) return { runsFor: 500 + 1_500 * variation, exitCode };
  if (init) return { runsFor: 1_000 + 2_000 * variation, exitCode };
  return { runsFor: restartPolicy === 'Always' || restartPolicy === undefined ? undefined : 5_000 + 10_000 * variation, exitCode };
}

/** Milliseconds that a pod's containers take to end after they are told to, within its grace period. */
export function stopDuration(spec: PodSpec, annotations: Readonly<Record<string, string>>, graceSeconds: number, variation: number): number {
  const preStops = spec.containers.map(({ lifecycle }) => {
    const hook = lifecycle?.preStop as { exec?: { command?: string[] }; sleep?: { seconds: number } } | undefined;
    if (hook?.sleep) return hook.sleep.seconds * 1_000;
    return Number(/\bsleep\s+(\d+)/.exec(hook?.exec?.command?.join(' ') ?? '')?.[1] ?? 0) * 1_000;
  });
  const own = parseDuration(annotations[STOP_AFTER_ANNOTATION] ?? '') ?? 300 + 1_700 * variation;
  return Math.min(graceSeconds * 1_000, Math.max(0, ...preStops) + own);
}

/** Milliseconds that pulling an image takes; large well-known ones longer, one that is there already hardly any. */
export function pullDuration(image: string, present: boolean, variation: number): number {
  if (present) return 150 + 250 * variation;
  const large = isLarge(image);
  return (large ? 15_000 : 1_500) + (large ? 25_000 : 3_500) * variation;
}

/** Milliseconds after the start at which a container becomes ready by its startup and readiness probes; undefined: at once. */
export function readyDelay({ readinessProbe, startupProbe }: Container): number | undefined {
  const delay = (probe: Container['readinessProbe']): number =>
    probe === undefined ? 0 : ((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * ((probe.successThreshold ?? 1) - 1)) * 1_000 + 500;
  return readinessProbe || startupProbe ? delay(startupProbe) + delay(readinessProbe) : undefined;
}
