import { admitResult, admitSubresource } from '../../admission/admit.js';
import { timestamp } from '../../clock.js';
import type { ApiObject, JsonObject } from '../../contracts.js';
import { builtinSchema } from '../../kinds/type-catalogue.js';
import { badRequest, forbidden, notFound, StatusError, tooManyRequests } from '../../status.js';
import type { RestContext, RestResult } from '../context.js';
import { checkDeletion, deleteStored, readDeleteOptions, type DeleteOptions } from '../delete.js';
import { matchesLabelSelector } from '../label-selector.js';
import type { RequestInfo } from '../request-info.js';
import { setCondition } from '../pod-condition.js';
import { success } from '../success.js';
import type { WriteOptions } from '../write-options.js';

const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction', schema: builtinSchema('policy.v1.Eviction') };
/** Clients of old may still say it. */
const FORMER_VERSION = 'policy/v1beta1';
const PODS = { group: '', plural: 'pods' };
const BUDGETS = 'poddisruptionbudgets.policy';
/** Evictions that the disruption controller has not confirmed yet, at most. */
const MOST_UNCONFIRMED = 2000;
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";

interface Budget extends ApiObject {
  spec?: { selector?: JsonObject; unhealthyPodEvictionPolicy?: string };
  status?: {
    observedGeneration?: number;
    disruptionsAllowed?: number;
    currentHealthy?: number;
    desiredHealthy?: number;
    disruptedPods?: Record<string, string>;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

interface Pod extends ApiObject {
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

/** POST of a pod's `eviction`: a delete that disruption budgets may refuse for now (429). */
export async function evict(ctx: RestContext, info: RequestInfo, eviction: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { storage } = ctx;
  const { definition, namespace, name } = info;
  if (eviction.apiVersion === FORMER_VERSION) eviction.apiVersion = `${EVICTION.group}/${EVICTION.version}`;
  const admission = await admitSubresource(ctx, info, EVICTION, eviction, options);
  if (eviction.metadata.name !== name) throw badRequest('name in URL does not match name in Eviction object');
  await admitResult(ctx, admission);
  const pod = storage.get('pods', namespace, name) as Pod | undefined;
  if (!pod) throw notFound(PODS, name);
  const requested = readDeleteOptions(eviction['deleteOptions'] as JsonObject | undefined, new URLSearchParams());
  const deleteOptions: DeleteOptions = { ...requested, dryRun: requested.dryRun || options.dryRun };

  if (!ignoresBudgets(pod)) {
    const budgets = (storage.list(BUDGETS, namespace) as Budget[]).filter(({ spec }) => matchesLabelSelector(spec?.selector, pod.metadata.labels));
    if (budgets.length > 1) {
      throw new StatusError(500, '', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
    }
    const [budget] = budgets;
    if (budget && !exempt(pod, budget)) chargeBudget(ctx, budget, name, deleteOptions.dryRun);
  }
  // The budget is charged by now, whatever comes of the deletion.
  checkDeletion(definition, pod, deleteOptions);
  if (deleteOptions.dryRun) return success(201);
  const marked = storage.update('pods', {
    ...pod,
    status: setCondition(
      pod.status,
      { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
      timestamp(ctx.clock.now()),
    ),
  });
  const { preconditions: _met, ...rest } = deleteOptions;
  deleteStored(ctx, definition, marked, rest);
  return success(201);
}

/** Pods that no longer, or not yet, count as healthy for anybody. */
function ignoresBudgets({ metadata, status }: Pod): boolean {
  return Boolean(metadata.deletionTimestamp) || ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '');
}

/** Unhealthy pods protect nothing: their policy may let them go without asking the budget. */
function exempt(pod: Pod, { spec, status }: Budget): boolean {
  const ready = pod.status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  if (ready) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** Takes one disruption from a budget, or refuses. */
function chargeBudget({ storage, clock }: RestContext, budget: Budget, podName: string, dryRun: boolean): void {
  const { name = '', generation = 0 } = budget.metadata;
  const { observedGeneration = 0, disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0, disruptedPods = {}, conditions } = budget.status ?? {};
  const refuse = (message: string, retryAfterSeconds = 0): StatusError => tooManyRequests(VIOLATION, retryAfterSeconds, [{ reason: 'DisruptionBudget', message }]);
  if (observedGeneration < generation) throw refuse(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (disruptionsAllowed < 0) throw forbidden({ group: 'policy', plural: 'poddisruptionbudgets' }, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > MOST_UNCONFIRMED) {
    throw forbidden({ group: 'policy', plural: 'poddisruptionbudgets' }, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (disruptionsAllowed === 0) {
    const failed = conditions?.find(({ type, reason }) => type === 'DisruptionAllowed' && reason === 'SyncFailed');
    throw refuse(
      failed
        ? `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${failed.message ?? ''}`
        : currentHealthy > desiredHealthy
        ? `The disruption budget ${name} does not allow evicting pods currently`
        : `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  if (dryRun) return;
  const now = timestamp(clock.now());
  const charged: JsonObject = { ...budget.status, disruptionsAllowed: disruptionsAllowed - 1, disruptedPods: { ...disruptedPods, [podName]: now } };
  storage.update(BUDGETS, {
    ...budget,
    status: disruptionsAllowed > 1 ? charged : setCondition(charged, { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', observedGeneration: generation }, now),
  });
}
