import type { ExplainedCause, ExplainedReconciler, ExplainedRun, Explanation, Instant } from './explanation.js';
import { roughly } from '../duration.js';

/** An explanation for a terminal. */
export function explanationText(explanation: Explanation): string {
  const { findings, next, now, notes } = explanation;
  const sections = [
    [title(explanation)],
    findings.length > 0 ? findings.map((finding) => `- ${finding}`) : ['- nothing is the matter'],
    next ? [`Next look: ${ahead(next.at, now)} by ${next.reconciler}, for ${next.cause}`] : explanation.leading && explanation.reconcilers.length > 0 ? ['Next look: when something changes'] : [],
    conditionTable(explanation),
    explanation.finalizers.map(({ name, reconciler, held }) => `Finalizer ${name}, ${reconciler ? `which ${reconciler} removes` : "which is nobody's in this operator"}${held ? `; held: ${held}` : ''}`),
    ...notes.map(({ topic, at, lines }) => [`${topic}${at === now ? '' : ` (${ago(at, now)})`}:`, ...lines.map((line) => `  ${line}`)]),
    ...explanation.reconcilers.filter(({ state }) => state !== 'ignored').map((reconciler) => describeReconciler(reconciler, explanation)),
    ignored(explanation),
  ];
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.map(printable).join('\n')).join('\n\n')}\n`;
}

/** Conditions, events and errors have texts that anybody may have written: none of it steers the terminal, or passes for a line of ours. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, (control) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);

const age = (then: Instant, now: Instant): string => roughly(Math.max(0, Date.parse(now) - Date.parse(then)));
const ago = (then: Instant, now: Instant): string => `${age(then, now)} ago`;
const ahead = (then: Instant, now: Instant): string => (Date.parse(then) <= Date.parse(now) ? 'now' : `in ${age(now, then)}`);

function title({ object: { apiVersion, kind, name, namespace, generation, created, exists }, now }: Explanation): string {
  const facts = [apiVersion, ...(generation === undefined ? [] : [`generation ${generation}`]), ...(created === undefined ? [] : [`${age(created, now)} old`]), ...(exists ? [] : ['gone'])];
  return `${kind} ${namespace ? `${namespace}/` : ''}${name} (${facts.join(', ')})`;
}

function conditionTable({ conditions, now }: Explanation): string[] {
  if (conditions.length === 0) return [];
  const rows = conditions.map(({ type, status, since, reason, message, waitsFor, stale }) => [
    type, `${status}${stale ? ' (old)' : ''}`, since === undefined ? '' : age(since, now), reason === type ? '' : reason, waitsFor.length > 0 ? `waits for ${waitsFor.join(', ')}` : message,
  ]);
  return columns([['CONDITION', 'STATUS', 'FOR', 'REASON', 'WHY'], ...rows]);
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

function describeReconciler({ name, state, priority, ahead: before, due, backoff, next, runs, running }: ExplainedReconciler, { now, object }: Explanation): string[] {
  const own = `${name} of ${object.namespace ? `${object.namespace}/` : ''}${object.name}`;
  const where = state === 'running' ? `running for ${running ? age(running.since, now) : '0ms'}`
    : state === 'ready' ? `ready, ${before ?? 0} before it`
      : state === 'waiting' && due ? `runs ${ahead(due, now)}` : 'not to run until something changes';
  return [
    `${name}: ${where}${priority ? `, priority ${priority}` : ''}${backoff ? `, backing off after ${backoff.failures} ${backoff.failures === 1 ? 'failure' : 'failures'}` : ''}`,
    ...(running?.causes ?? []).slice(0, 1).map((cause) => `  runs because of ${describeCause(cause, own)}`),
    ...next.map((cause) => `  because of ${describeCause(cause, own)}${Date.parse(cause.at) > Date.parse(now) ? `, ${ahead(cause.at, now)}` : ''}`),
    ...(runs.length > 0 ? ['  last runs:'] : []),
    ...[...runs].reverse().flatMap((run) => describeRun(run, own, now)),
  ];
}

function describeRun(run: ExplainedRun, own: string, now: Instant): string[] {
  const { startedAt, duration, outcome, attempt, causes, steps, transitions, writes, error, terminal, repeated, since } = run;
  const [cause, ...others] = causes;
  return [
    `  ${ago(startedAt, now)}: ${outcome === 'error' && terminal ? 'error, for good' : outcome}${attempt > 0 ? ` at try ${attempt + 1}` : ''}, took ${roughly(duration)}`
      + `${cause ? `, because of ${describeCause(cause, own)}` : ''}${others.length > 0 ? ` and ${others.length} more` : ''}${repeated > 0 ? `; the same ${repeated + 1} times since ${ago(since, now)}` : ''}`,
    ...(steps.length > 0 ? [`    ${steps.map(describeStep).join(', ')}`] : []),
    ...(error && !steps.some(({ message }) => message === error) ? [`    error: ${error}`] : []),
    ...(transitions.length > 0 ? [`    ${transitions.join(', ')}`] : []),
    ...writes.map(({ verb, object, subresource, fields, resourceVersion, error: refused }) =>
      `    ${verb} ${object}${subresource ? ` ${subresource}` : ''}${fields.length > 0 ? ` (${fields.join(', ')})` : ''}${refused ? `: ${shortened(refused)}` : resourceVersion ? ` → ${resourceVersion}` : ''}`),
  ];
}

/** Longest error of a write, in characters: the reason comes first. */
const LONGEST_ERROR = 160;

const shortened = (text: string): string => (text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR)}…` : text);

function describeStep({ name, result, reason, message, waitsFor }: ExplainedRun['steps'][number]): string {
  if (waitsFor) return `${name} blocked by ${waitsFor.join(', ')}`;
  const told = [reason, message].filter(Boolean).join(': ');
  return `${name} ${result}${told ? ` (${told})` : ''}`;
}

/** `own`: how a run of the same reconciler on the same object is called. */
function describeCause({ cause, source, resourceVersion, by }: ExplainedCause, own: string): string {
  const seen = `${source}${resourceVersion ? ` at ${resourceVersion}` : ''}${by === own ? ' (its own write)' : by ? ` (written by ${by})` : ''}`;
  switch (cause) {
    case 'object': case 'watch': return `a change of ${seen}`;
    case 'resync': return `${seen} that was there at the start`;
    case 'backoff': return `another try after: ${source}`;
    case 'event': return `an event of ${source}`;
    default: return source;
  }
}

function ignored({ reconcilers }: Explanation): string[] {
  const left = reconcilers.filter(({ state }) => state === 'ignored').map(({ name }) => name);
  return left.length > 0 ? [`Left alone by ${left.join(', ')} (@When)`] : [];
}
