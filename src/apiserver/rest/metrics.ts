import type { ApiObject } from '../contracts.js';
import { badRequest, notFound, StatusError } from '../status.js';
import type { RestContext, RestResult } from './context.js';
import { selectorOf } from './list.js';
import type { RequestInfo } from './request-info.js';

/** GET and list of `metrics.k8s.io`, which come from nodes and not from storage. */
export function readMetrics({ metrics, storage }: RestContext, info: RequestInfo): RestResult {
  const { definition, namespace, name, verb } = info;
  if (!metrics) throw new StatusError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request');
  if (verb !== 'get' && verb !== 'list') throw badRequest(`metrics cannot be asked for by ${verb}`);
  const apiVersion = `${definition.group}/${definition.version}`;
  const selects = selectorOf(info);
  const items = (definition.kind === 'NodeMetrics' ? metrics.nodes() : metrics.pods())
    .map((item) => ({ ...item, kind: definition.kind, apiVersion }) as ApiObject)
    .map((item) => withLabels(item, storage.get(definition.kind === 'NodeMetrics' ? 'nodes' : 'pods', item.metadata.namespace ?? '', item.metadata.name!)))
    .filter(({ metadata }) => namespace === '' || metadata.namespace === namespace);
  if (verb === 'list') return { type: 'list', definition, items: items.filter(selects), metadata: {} };
  const object = items.find(({ metadata }) => metadata.name === name);
  if (!object) throw notFound(definition, name);
  return { type: 'object', status: 200, definition, object };
}

/** Metrics are selected by the labels of what they measure. */
const withLabels = (item: ApiObject, measured: ApiObject | undefined): ApiObject =>
  measured?.metadata.labels && !item.metadata.labels ? { ...item, metadata: { ...item.metadata, labels: measured.metadata.labels } } : item;
