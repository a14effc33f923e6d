import type { ApiObject } from '../contracts.js';
import { notFound } from '../status.js';
import type { RestResult } from './context.js';
import { selectorOf } from './list.js';
import type { RequestInfo } from './request-info.js';

/** The parts of a control plane, which here are one process: whoever can ask finds them well. */
const COMPONENTS: readonly ApiObject[] = ['controller-manager', 'etcd-0', 'scheduler'].map((name) => ({
  apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name }, conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
}));

export function readComponentStatus(info: RequestInfo): RestResult {
  const { definition, name, verb } = info;
  if (verb !== 'get') return { type: 'list', definition, items: COMPONENTS.filter(selectorOf(info)), metadata: {} };
  const object = COMPONENTS.find(({ metadata }) => metadata.name === name);
  if (!object) throw notFound(definition, name);
  return { type: 'object', status: 200, definition, object };
}
