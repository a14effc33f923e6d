import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attributes, Context, Link, Span, Tracer, TracerProvider } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, isSpanContextValid, trace } from '@opentelemetry/api';
import type { Trigger } from '../context.js';
import type { RunResult } from '../engine/run.js';
import type { KubeObject } from '../kube/object.js';
import type { WriteAttempt } from './active-run.js';
import type { SpanReference, WriteOrigins } from './write-origins.js';

/** Name under which tracers are asked for. */
export const TRACER = 'karpenter-ts';

/** Where the provider that everybody shares has no SDK behind it, asking it costs time for nothing. */
type Provider = TracerProvider & { getDelegateTracer?: (name: string) => Tracer | undefined };

/** The tracer of a provider; undefined when nobody records: no span is made then, and nothing is looked up for one. */
export function tracerOf(provider: TracerProvider = trace.getTracerProvider()): Tracer | undefined {
  const { getDelegateTracer } = provider as Provider;
  return getDelegateTracer ? getDelegateTracer.call(provider, TRACER) : provider.getTracer(TRACER);
}

/** A run that begins. */
export interface TracedRun {
  readonly controller: string;
  readonly key: string;
  readonly object: KubeObject | undefined;
  readonly triggers: readonly Trigger[];
  readonly attempt: number;
  /** Milliseconds from being due to being run. */
  readonly waited: number;
}

/**
 * The span of whatever runs here, ours alone: so that writes find their step even where no context manager is registered. Where one is, it is told, too,
 * and spans of HTTP and AWS clients come under the step that called them.
 */
const within = new AsyncLocalStorage<Context>();

const contextOf = (span: Span): Context => trace.setSpan(within.getStore() ?? context.active(), span);

/** Runs work with a span in force, and ends the span with it. */
async function inSpan<R>(span: Span, work: () => Promise<R> | R, told: (result: R) => Attributes): Promise<R> {
  const active = contextOf(span);
  try {
    const result = await within.run(active, () => context.with(active, work));
    span.setAttributes(told(result));
    return result;
  } catch (error) {
    fail(span, error as Error);
    throw error;
  } finally {
    span.end();
  }
}

function fail(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** Spans of runs, their steps and their writes; the spans of writes that caused a run are linked to it. */
export class Tracing {
  constructor(private readonly tracer: Tracer) {}

  begin({ controller, key, object, triggers, attempt, waited }: TracedRun): RunTrace {
    const attributes: Attributes = {
      'operator.controller': controller, 'operator.attempt': attempt, 'operator.queue.waited_ms': waited,
      ...(object ? { 'k8s.object.kind': object.kind, 'k8s.object.name': object.metadata.name, 'k8s.object.uid': object.metadata.uid, 'k8s.object.resource_version': object.metadata.resourceVersion } : { 'k8s.object.name': key }),
      ...(object?.metadata.namespace ? { 'k8s.namespace.name': object.metadata.namespace } : {}),
    };
    const span = this.tracer.startSpan(`reconcile ${controller}`, { root: true, kind: SpanKind.CONSUMER, attributes, links: triggers.flatMap(linkOf) }, ROOT_CONTEXT);
    for (const trigger of triggers) span.addEvent('trigger', attributesOf(trigger));
    return new RunTrace(this.tracer, span, triggers);
  }
}

const attributesOf = ({ cause, source, seen, by }: Trigger): Attributes => ({
  'operator.trigger.cause': cause, 'operator.trigger.source': source,
  ...(seen ? { 'k8s.object.resource_version': seen.resourceVersion } : {}),
  ...(by ? { 'operator.trigger.controller': by.controller, 'operator.trigger.key': by.key } : {}),
});

const linkOf = (trigger: Trigger): Link[] => (trigger.by?.span && isSpanContextValid(trigger.by.span) ? [{ context: trigger.by.span, attributes: attributesOf(trigger) }] : []);

/** The spans of one run. */
export class RunTrace {
  constructor(private readonly tracer: Tracer, private readonly span: Span, private readonly linked: readonly Trigger[]) {}

  get reference(): SpanReference {
    return this.span.spanContext();
  }

  /** Has everything that `work` does come under the run. */
  run<R>(work: () => Promise<R>): Promise<R> {
    const active = contextOf(this.span);
    return within.run(active, () => context.with(active, work));
  }

  step<R>(name: string, work: () => Promise<R> | R): Promise<R> {
    return inSpan(this.tracer.startSpan(`step ${name}`, { attributes: { 'operator.step': name } }, this.#parent()), work, outcomeOf);
  }

  write<R>({ verb, kind, name, namespace, subresource, fields = [] }: WriteAttempt, send: (span: SpanReference) => Promise<R>): Promise<R> {
    const attributes: Attributes = {
      'k8s.object.kind': kind.kind, ...(name === undefined ? {} : { 'k8s.object.name': name }), ...(namespace ? { 'k8s.namespace.name': namespace } : {}), ...(fields.length > 0 ? { 'operator.write.fields': [...fields] } : {}),
    };
    const span = this.tracer.startSpan(`${verb} ${kind.plural}${subresource ? `/${subresource}` : ''}`, { kind: SpanKind.CLIENT, attributes }, this.#parent());
    return inSpan(span, () => send(span.spanContext()), (answer) => {
      const { uid, resourceVersion } = (answer as Partial<KubeObject> | undefined)?.metadata ?? {};
      return { ...(uid ? { 'k8s.object.uid': uid } : {}), ...(resourceVersion ? { 'k8s.object.resource_version': resourceVersion } : {}) };
    });
  }

  /** The run was not needed after all. */
  skip(): void {
    this.span.setAttribute('operator.outcome', 'skipped');
    this.span.end();
  }

  /** `triggers`: those of the run, with what became known of them while it lasted. Those of writes that are still not answered are linked on trust. */
  end({ outcome, error, requeueAfter, requeueReason, writes }: RunResult, triggers: readonly Trigger[], origins: WriteOrigins): void {
    triggers.forEach((trigger, index) => {
      if (this.linked[index]?.by) return;
      const assumed = trigger.seen && !trigger.by ? origins.assumed(trigger.source) : undefined;
      const links = assumed ? [{ context: assumed, attributes: { ...attributesOf(trigger), 'operator.trigger.assumed': true } }] : linkOf(trigger);
      for (const link of links) this.span.addLink(link);
    });
    this.span.setAttributes({
      'operator.outcome': outcome, 'operator.writes': writes,
      ...(requeueAfter === undefined ? {} : { 'operator.requeue.after_ms': requeueAfter, 'operator.requeue.reason': requeueReason ?? '' }),
    });
    if (error) fail(this.span, error);
    this.span.end();
  }

  /** The step that is at work, or the run itself. */
  #parent(): Context {
    return within.getStore() ?? trace.setSpan(context.active(), this.span);
  }
}

/** What a step says of its condition or finalizer, by shape. */
function outcomeOf(result: unknown): Attributes {
  const { verdict, released, reason } = (result ?? {}) as { verdict?: string; released?: boolean; reason?: string };
  const outcome = verdict ?? (released === undefined ? undefined : released ? 'released' : 'held');
  return { ...(outcome === undefined ? {} : { 'operator.step.outcome': outcome }), ...(reason ? { 'operator.step.reason': reason } : {}) };
}
