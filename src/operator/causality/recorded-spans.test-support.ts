import type { Attributes, Context, Exception, Link, Span, SpanContext, SpanOptions, SpanStatus, Tracer, TracerProvider } from '@opentelemetry/api';
import { context, trace } from '@opentelemetry/api';

/** A span as a backend would get it. */
export interface RecordedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: { name: string; attributes: Attributes }[];
  status: SpanStatus | undefined;
  ended: boolean;
}

/** An OpenTelemetry provider that keeps its spans: what an SDK does, without its timers and processors. */
export class RecordedSpans implements TracerProvider {
  readonly spans: RecordedSpan[] = [];
  #ids = 0;

  getTracer(): Tracer {
    return {
      startSpan: (name, options, parent) => this.#start(name, options, parent),
      startActiveSpan: () => { throw new Error('not used'); },
    } as Tracer;
  }

  /** Ended spans of a name, in the order of their starts. */
  named(name: string): RecordedSpan[] {
    return this.spans.filter((span) => span.name === name && span.ended);
  }

  childrenOf({ spanId }: RecordedSpan): RecordedSpan[] {
    return this.spans.filter(({ parentId }) => parentId === spanId);
  }

  #start(name: string, { root = false, attributes = {}, links = [] }: SpanOptions = {}, parentContext: Context = context.active()): Span {
    const parent = root ? undefined : trace.getSpanContext(parentContext);
    this.#ids += 1;
    const spanContext: SpanContext = { traceId: parent?.traceId ?? this.#ids.toString(16).padStart(32, '0'), spanId: this.#ids.toString(16).padStart(16, '0'), traceFlags: 1 };
    const recorded: RecordedSpan = {
      name, traceId: spanContext.traceId, spanId: spanContext.spanId, parentId: parent?.spanId, attributes: { ...attributes }, links: [...links], events: [], status: undefined, ended: false,
    };
    this.spans.push(recorded);
    const span: Span = {
      spanContext: () => spanContext,
      setAttribute: (key, value) => { if (value !== undefined) recorded.attributes[key] = value; return span; },
      setAttributes: (more) => { Object.assign(recorded.attributes, more); return span; },
      addEvent: (event, told) => { recorded.events.push({ name: event, attributes: (told ?? {}) as Attributes }); return span; },
      addLink: (link) => { recorded.links.push(link); return span; },
      addLinks: (more) => { recorded.links.push(...more); return span; },
      setStatus: (status) => { recorded.status = status; return span; },
      updateName: () => span,
      end: () => { recorded.ended = true; },
      isRecording: () => !recorded.ended,
      recordException: (exception: Exception) => { recorded.events.push({ name: 'exception', attributes: { message: typeof exception === 'string' ? exception : exception.message ?? '' } }); },
    };
    return span;
  }
}
