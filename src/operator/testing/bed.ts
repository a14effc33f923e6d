import { Container } from 'inversify';
import type { ContainerModule } from 'inversify';
import { compile } from '../dsl/compile.js';
import type { Plan, ReconcilerClass } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { ServiceToken } from '../dsl/token.js';
import type { Duration } from '../duration.js';
import type { KubeClient } from '../kube/client.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { crdOf } from '../manifests/crd.js';
import { webhookConfigurations } from '../manifests/webhook-configurations.js';
import type { Operator } from '../runtime/operator.js';
import { ReconcilerToken } from '../runtime/reconcilers.js';
import { CONVERSION_PATH } from '../webhook/webhook-handler.js';
import type { TypedApi } from './typed-api.js';

/** A line of the operator's log. */
export interface LogLine {
  level: string;
  message: string;
  [field: string]: unknown;
}

/** An operator and its API server, under test. What is written for this runs in virtual time on `testBed()`, and on kube-apiserver itself on `realBed()`. */
export interface Bed {
  /** A client by kind classes, which speaks as a user does. */
  readonly api: TypedApi;
  /** Everything that the operator logged, debug lines included. */
  readonly logs: readonly LogLine[];
  /** Throws before it has been started. */
  readonly operator: Operator;
  /** Puts a value in the place of what a module binds under a token; before the operator is started. */
  override<T>(token: ServiceToken<T>, value: NoInfer<T>): this;
  /** Starts the operator and waits until its reconcilers are at work. */
  start(): Promise<void>;
  /** Lets time pass until the condition holds; throws when `limit` did not suffice. Starts the operator. */
  advanceUntil(condition: () => boolean | Promise<boolean>, options?: { limit?: Duration }): Promise<void>;
  /** The core/v1 Events about an object (all of them without one), as `Type Reason: message`, oldest first. */
  events(about?: KubeObject): Promise<string[]>;
  /** Ends the operator, orderly. */
  stop(): Promise<void>;
  /** Ends the operator and starts another one, with nothing kept but what the API server holds. */
  restart(): Promise<void>;
  /** Ends the operator and the server. */
  close(): Promise<void>;
}

/** What the reconcilers of the modules declare, with further kinds. */
export async function planOf(modules: readonly ContainerModule[], kinds: readonly KindClass[] = []): Promise<Plan> {
  const container = new Container();
  await container.loadAsync(...modules);
  return compile([...(container.isBound(ReconcilerToken) ? container.getAll<ReconcilerClass>(ReconcilerToken) : []), ...kinds]);
}

const kindIn = (group: string, kind: string): KindRef => ({ group, version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: false });

/** The CRDs of a plan and its webhook configurations, which lead to the URL; each with its kind. */
export const definitionsOf = (plan: Plan, url: string): [KindRef, { metadata: { name: string } }][] => [
  ...plan.kinds.flatMap((kind): [KindRef, { metadata: { name: string } }][] => {
    const webhook = { clientConfig: { url: `${url}${CONVERSION_PATH}` }, conversionReviewVersions: ['v1'] };
    return kind.definition ? [[kindIn('apiextensions.k8s.io', 'CustomResourceDefinition'), crdOf(kind, kind.definition.conversion === 'Webhook' ? { webhook } : {}) as never]] : [];
  }),
  ...webhookConfigurations(plan, 'test', { url }).map((configuration): [KindRef, { metadata: { name: string } }] => [kindIn('admissionregistration.k8s.io', configuration.kind), configuration]),
];

const EVENT: KindRef = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** As `Bed.events`. */
export async function eventsAbout(client: KubeClient, about?: KubeObject): Promise<string[]> {
  interface CoreEvent extends KubeObject {
    type: string;
    reason: string;
    message: string;
    involvedObject: { uid: string };
  }
  const events = await client.listAll<CoreEvent>(EVENT);
  return events
    .filter(({ involvedObject }) => !about || involvedObject.uid === about.metadata.uid)
    .sort((left, right) => left.metadata.name.localeCompare(right.metadata.name))
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}
