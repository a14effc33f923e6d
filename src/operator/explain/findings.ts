import type { ExplainedCondition, ExplainedReconciler, Explanation, Instant } from './explanation.js';
import { roughly } from '../duration.js';

/** A run that has been under way for longer than this, in milliseconds, is worth a word. */
const LONG_RUN = 1_000;

type Explained = Omit<Explanation, 'findings'>;

/** What is the matter with an object, in plain words, causes before effects. `root`: its summing-up condition. */
export function findingsOf(explained: Explained, root: string | undefined): string[] {
  const { object, reconcilers } = explained;
  return [
    ...leadership(explained),
    ...(object.exists ? [] : [`${object.kind} ${object.name} is gone; what follows is what was done last`, ...reconcilers.flatMap(lastWords)]),
    ...deletion(explained),
    ...reconcilers.flatMap((reconciler) => trouble(reconciler, explained.now)),
    ...(isForeign(reconcilers) ? [`no reconciler takes it for its own: ${names(reconcilers.map(({ name }) => name))} ${reconcilers.length > 1 ? 'leave' : 'leaves'} it alone (@When)`] : conditionFindings(explained, root)),
  ];
}

const isForeign = (reconcilers: readonly ExplainedReconciler[]): boolean => reconcilers.length > 0 && reconcilers.every(({ state }) => state === 'ignored');

const since = (then: Instant, now: Instant): string => roughly(Math.max(0, Date.parse(now) - Date.parse(then)));
const until = (then: Instant, now: Instant): string => {
  const left = Date.parse(then) - Date.parse(now);
  return left <= 0 ? 'now' : `in ${roughly(left)}`;
};

const names = (list: readonly string[]): string => (list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`);

function leadership({ leading, leader, shard }: Explained): string[] {
  if (leading) return [];
  if (shard !== undefined) return [`it is in shard ${shard}, which this replica does not hold, so nothing is known of queues and runs; ${leader ? `${leader} holds it` : 'it is not known who does'}`];
  return [`this replica stands by, so nothing is known of queues and runs; ${leader ? `${leader} leads` : 'it is not known who leads'}`];
}

function deletion({ object: { deletedAt, kind, name }, finalizers, now }: Explained): string[] {
  if (deletedAt === undefined) return [];
  const asked = Date.parse(deletedAt) > Date.parse(now) ? `is to be deleted ${until(deletedAt, now)}` : `was asked to go ${since(deletedAt, now)} ago`;
  const holders = finalizers.map(({ name: finalizer, reconciler, held }) => {
    if (!reconciler) return `finalizer ${finalizer} is nobody's in this operator: whoever set it has to remove it`;
    return `finalizer ${finalizer} of ${reconciler} is ${held ? `held: ${held}` : 'still to run'}`;
  });
  return [`${kind} ${name} ${asked}`, ...holders];
}

/** Errors, back-off, a queue, a run that does not end. */
function trouble({ name, state, backoff, runs, ahead, running, due }: ExplainedReconciler, now: Instant): string[] {
  const last = runs.at(-1);
  const found: string[] = [];
  if (backoff) found.push(`${name} failed ${times(backoff.failures)}: ${backoff.reason}; it tries again ${until(due ?? backoff.until, now)}`);
  else if (last?.outcome === 'error' && last.terminal) found.push(`${name} gave up until the object changes: ${last.error}`);
  else if (last?.outcome === 'error') found.push(`${name} failed last: ${last.error}`);
  if (state === 'ready' && (ahead ?? 0) > 0) found.push(`${name} has ${ahead === 1 ? 'another object' : `${ahead} other objects`} to look at before`);
  if (running && Date.parse(now) - Date.parse(running.since) > LONG_RUN) {
    found.push(`${name} has been at it for ${since(running.since, now)}${running.steps.length > 0 ? `: ${names(running.steps)} ${running.steps.length > 1 ? 'have' : 'has'} not ended` : ''}`);
  }
  if (runs.length === 0 && state !== 'idle' && state !== 'running') found.push(`${name} has not looked at it yet`);
  return found;
}

/** What was wrong when a reconciler last had something to say of an object that is gone. */
function lastWords({ name, runs }: ExplainedReconciler): string[] {
  const told = [...runs].reverse().flatMap(({ steps }) => steps).find(({ result, message }) => message !== undefined && (result === 'caught' || result === 'failed' || result === 'unmet'));
  return told ? [`${name} said last, of ${told.name}: ${told.message}`] : [];
}

const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times in a row`);

/** Conditions that are against it by themselves, each with those that wait for it, directly or not. */
function conditionFindings({ conditions, now, object }: Explained, root: string | undefined): string[] {
  if (object.deletedAt !== undefined) return [];
  const summary = conditions.find(({ type }) => type === root);
  if (!summary || summary.status === 'True') return [];
  const counted = conditions.filter(({ type }) => type !== root && summary.waitsFor.includes(type));
  const causes = counted.filter(({ waitsFor }) => waitsFor.length === 0);
  const isOpen = ({ status, reason }: ExplainedCondition): boolean => status === 'Unset' || reason === 'AwaitingReconciliation';
  return [
    ...causes.filter((condition) => !isOpen(condition)).map((condition) => describe(condition, now)),
    ...causes.filter(isOpen).map(({ type }) => `${type} has not been decided yet`),
    ...counted.filter(({ waitsFor }) => waitsFor.length > 0).map(({ type, waitsFor }) => `${type} waits for ${names(waitsFor)}`),
  ];
}

function describe({ type, status, reason, message, since: then, stale }: ExplainedCondition, now: Instant): string {
  const told = `${reason && reason !== type ? ` (${reason})` : ''}${message ? `: ${message}` : ''}`;
  return `${type} is ${status}${then ? ` since ${since(then, now)}` : ''}${told}${stale ? '; that was said of an earlier generation' : ''}`;
}
