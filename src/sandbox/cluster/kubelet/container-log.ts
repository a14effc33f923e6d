import { kubeTime } from '../../../operator/kube/time.js';
import type { LogLine } from '../sandbox-cluster.js';
import { fraction } from './node-capacity.js';

/** One run of a container, as far as its log is concerned. */
export interface LoggedRun {
  /** Tells runs apart, so that each says something else. */
  id: string;
  image: string;
  ports: readonly number[];
  startedAt: number;
  endedAt?: number;
  exitCode?: number;
}

/** Mean milliseconds between the lines of a container that serves. */
const PERIOD = 12_000;

const REQUESTS = ['GET / 200', 'GET /healthz 200', 'GET /api/items?page=2 200', 'POST /api/orders 201', 'GET /static/app.css 304', 'GET /metrics 200'];
const QUERIES = ['checkpoint complete: 12 buffers written', 'automatic vacuum of table "app.public.sessions": 41 tuples removed', 'connection authorized: user=app database=app', 'duration: 3.1 ms  statement: SELECT 1'];

const isDatabase = (image: string): boolean => /postgres|mysql|mariadb|mongo|redis/.test(image);

/** Two lines at the start, one now and then, one at the end: which and when follows from the run's id alone. */
function lineAt(run: LoggedRun, index: number): LogLine {
  const { startedAt, image, ports, id } = run;
  if (index === 0) return { time: startedAt, text: `starting ${image}` };
  if (index === 1) return { time: startedAt + 400, text: ports.length > 0 ? `ready: listening on :${ports.join(', :')}` : 'ready' };
  const time = Math.floor(startedAt + (index - 2 + fraction(`${id}${index}`)) * PERIOD + 1_000);
  const phrases = isDatabase(image) ? QUERIES : REQUESTS;
  const text = phrases[Math.floor(fraction(`${index}${id}`) * phrases.length)] as string;
  return { time, text: isDatabase(image) ? `${kubeTime(time)} LOG:  ${text}` : `${kubeTime(time)} ${text} ${1 + Math.floor(fraction(`${id}/${index}`) * 40)}ms` };
}

/** The lines that a run has written between two moments, oldest first; `limit` keeps the newest. */
export function logLines(run: LoggedRun, { since, until, limit }: { since: number; until: number; limit: number }): LogLine[] {
  const end = Math.min(until, run.endedAt ?? Infinity);
  const lines: LogLine[] = [];
  if (run.endedAt !== undefined && run.endedAt >= since && run.endedAt <= until) {
    lines.push({ time: run.endedAt, text: run.exitCode === 0 ? 'done' : `stopped with exit code ${run.exitCode}` });
  }
  for (let index = Math.max(1, Math.ceil((end - run.startedAt) / PERIOD) + 2); index >= 0 && lines.length < limit; index -= 1) {
    const line = lineAt(run, index);
    if (line.time > end) continue;
    if (line.time < since) break;
    lines.push(line);
  }
  return lines.reverse();
}

/** When a run that goes on writes its next line after a moment. */
export function nextLineAfter(run: LoggedRun, moment: number): number {
  let index = Math.max(0, Math.floor((moment - run.startedAt) / PERIOD));
  while (lineAt(run, index).time <= moment) index += 1;
  return lineAt(run, index).time;
}
