import { ADMISSION_DECORATORS } from './compile-admission.js';
import { eventSourcesOf, readsOf, rulesOf, watchesOf } from './compile-controller.js';
import type { Declaration } from './declaration.js';
import type { BatchWindow, SingletonOptions } from './decorators.js';
import type { ReconcilerClass, SingletonPlan } from './plan.js';

const BACKOFF = { base: 1_000, max: 60_000, jitter: 0.1 };

export function compileSingleton(declaration: Declaration, options: SingletonOptions): SingletonPlan {
  declaration.allow('singleton', ['Batch', 'Watches', 'OnEvent', ...ADMISSION_DECORATORS]);
  declaration.name(options.name);
  const watches = watchesOf(declaration);
  const eventSources = eventSourcesOf(declaration);
  const every = declaration.duration(options.every, 'every');
  const timeout = declaration.timeout(options.timeout);
  if (every === 0) declaration.report('every "0s" would run without a pause');
  const batches = declaration.methods<BatchWindow>('Batch');
  const [batch, second] = batches;
  const hasTick = typeof (declaration.type.prototype as { tick?: unknown }).tick === 'function';
  if (second) declaration.report('is the second @Batch of the class; a singleton has one', second.method);
  if (!batch && !hasTick) declaration.report('has neither a method tick(ctx) nor a @Batch method: it would do nothing');
  if (batch && hasTick && batch.method !== 'tick') declaration.report(`has both tick(ctx) and the @Batch method "${batch.method}"; a singleton has one of them`);
  if (!batch && every === undefined) declaration.report('needs every: nothing else makes it tick');
  if (!batch && (watches.length > 0 || eventSources.length > 0)) declaration.report('has triggers but no @Batch method to run for them');
  if (batch && every === undefined && watches.length === 0 && eventSources.length === 0) declaration.report('has neither every nor a trigger (@Watches, @OnEvent): it would never run', batch.method);
  return {
    type: declaration.type as ReconcilerClass,
    name: options.name,
    watches,
    eventSources,
    reads: readsOf(declaration, options.reads),
    rules: rulesOf(declaration),
    backoff: declaration.backoff(options.backoff, BACKOFF),
    ...(timeout === undefined ? {} : { timeout }),
    ...(every === undefined ? {} : { every }),
    jitter: declaration.fraction(options.jitter, 'jitter', 0),
    immediate: options.immediate ?? true,
    method: batch?.method ?? 'tick',
    ...(batch ? { batch: windowOf(declaration, batch) } : {}),
  };
}

function windowOf(declaration: Declaration, { method, data }: { method: string; data: BatchWindow }): NonNullable<SingletonPlan['batch']> {
  if (typeof data === 'function') return { window: data as NonNullable<SingletonPlan['batch']>['window'] };
  const idle = declaration.duration(data.idle, 'idle', method) ?? 0;
  const max = declaration.duration(data.max, 'max', method) ?? idle;
  if (idle > max) declaration.report(`the window's idle (${idle}ms) is above its max (${max}ms)`, method);
  return { window: () => ({ idle, max }) };
}
