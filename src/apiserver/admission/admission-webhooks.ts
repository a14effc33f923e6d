import type { MutatingWebhook, ValidatingWebhook } from 'kubernetes-types/admissionregistration/v1.js';
import type { ResourceDefinition } from '../contracts.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import { forbidden } from '../status.js';
import { CONDITIONS_BUDGET, CostBudget, OutOfBudgetError } from './cost-budget.js';
import { allHold, ExpressionError } from './policy-expression.js';
import { matchedDefinition, rulesMatch } from './policy-match.js';
import { policyValues } from './policy-values.js';
import { WebhookCall, WebhookFailure } from './webhook-call.js';
import { patchByWebhook } from './webhook-patch.js';

const MUTATING = 'mutatingwebhookconfigurations.admissionregistration.k8s.io';
const VALIDATING = 'validatingwebhookconfigurations.admissionregistration.k8s.io';

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;

/** How asking the mutating webhooks went. */
export interface MutatingRound {
  readonly changed: boolean;
  /** Who were asked and want to be asked again when others change the object. */
  readonly again: ReadonlySet<Webhook>;
  /** Those of them after whom somebody changed the object. */
  readonly outdated: ReadonlySet<Webhook>;
}

/**
 * Has the cluster's mutating webhooks, one after the other, change a request's object. Undefined, at once, where none is about such requests.
 * @param only whom to ask; absent: whoever it concerns
 */
export function askMutatingWebhooks(ctx: RestContext, request: AdmissionRequest, only?: ReadonlySet<Webhook>): Promise<MutatingRound> | undefined {
  const webhooks = about(ctx, MUTATING, request).filter((webhook) => !only || only.has(webhook));
  return webhooks.length === 0 ? undefined : mutate(ctx, webhooks, request);
}

/** Rejects with the refusal of one of the cluster's validating webhooks. Undefined, at once, where none is about such requests. */
export function askValidatingWebhooks(ctx: RestContext, request: AdmissionRequest): Promise<unknown> | undefined {
  const webhooks = about(ctx, VALIDATING, request);
  if (webhooks.length === 0) return undefined;
  return Promise.all(webhooks.map(async (webhook) => {
    const definition = concerned(ctx, webhook, request);
    if (definition) await lenient(webhook, () => new WebhookCall(ctx, webhook, request, definition).validate());
  }));
}

/** Those whose rules name such requests, whatever their objects are like. */
const about = (ctx: RestContext, resource: string, request: AdmissionRequest): Webhook[] =>
  ctx.storage.list(resource).flatMap((configuration) => ((configuration['webhooks'] ?? []) as Webhook[]).filter(({ rules, matchPolicy }) => rules?.length && rulesMatch(ctx, { resourceRules: rules, ...(matchPolicy && { matchPolicy }) }, request)));

/** The version in which a webhook wants to see a request; undefined where its selectors or conditions leave the request out. */
function concerned(ctx: RestContext, webhook: Webhook, request: AdmissionRequest): ResourceDefinition | undefined {
  const definition = matchedDefinition(ctx, { ...webhook, resourceRules: webhook.rules! }, request);
  return definition && conditionsHold(ctx, webhook, request) ? definition : undefined;
}

async function mutate(ctx: RestContext, webhooks: readonly Webhook[], request: AdmissionRequest): Promise<MutatingRound> {
  const again = new Set<Webhook>();
  const outdated = new Set<Webhook>();
  let changed = false;
  for (const webhook of webhooks) {
    const definition = concerned(ctx, webhook, request);
    if (!definition) continue;
    const changes = await lenient(webhook, async () => {
      const call = new WebhookCall(ctx, webhook, request, definition);
      const patch = await call.mutate();
      return patch !== undefined && patchByWebhook(ctx, call, patch, request, definition);
    });
    if (changes) {
      changed = true;
      for (const earlier of again) outdated.add(earlier);
    }
    if (webhook.reinvocationPolicy === 'IfNeeded') again.add(webhook);
  }
  return { changed, again, outdated };
}

/** A call that may fail if the webhook says so. */
async function lenient<T>({ failurePolicy }: Webhook, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error;
    if (failurePolicy === 'Ignore') return undefined;
    throw error.status();
  }
}

/** Whether a webhook's conditions hold; they see no namespace. */
function conditionsHold(ctx: RestContext, { matchConditions = [], failurePolicy }: Webhook, request: AdmissionRequest): boolean {
  if (matchConditions.length === 0) return true;
  try {
    return allHold(matchConditions, { ...policyValues(ctx, request, {}), variables: {} }, new CostBudget(CONDITIONS_BUDGET));
  } catch (error) {
    if (!(error instanceof ExpressionError || error instanceof OutOfBudgetError)) throw error;
    if (failurePolicy === 'Ignore') return false;
    throw forbidden(request.definition, request.name, error.message);
  }
}
