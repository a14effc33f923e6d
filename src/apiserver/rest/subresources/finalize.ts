import type { ApiObject } from '../../contracts.js';
import { trackUpdate } from '../../patch/managed-fields.js';
import type { RestContext, RestResult } from '../context.js';
import type { RequestInfo } from '../request-info.js';
import { matchUrl } from '../strategy.js';
import { guaranteedUpdate } from '../update.js';
import type { WriteOptions } from '../write-options.js';

/** PUT of a namespace's `finalize`: sets what keeps it, and nothing else. */
export async function finalizeNamespace(ctx: RestContext, info: RequestInfo, body: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace, name } = info;
  matchUrl(ctx, body, definition, namespace, name);
  const { finalizers } = (body['spec'] ?? {}) as { finalizers?: string[] };
  const object = await guaranteedUpdate(ctx, info, options, {
    modify(current) {
      const next = structuredClone(current);
      if (body.metadata.resourceVersion) next.metadata.resourceVersion = body.metadata.resourceVersion;
      next['spec'] = { ...(current['spec'] as object | undefined), finalizers: finalizers ?? [] };
      return next;
    },
    track: (current, next) => trackUpdate(ctx, definition, current, next, 'finalize', options),
  });
  return { type: 'object', status: 200, definition, object };
}
