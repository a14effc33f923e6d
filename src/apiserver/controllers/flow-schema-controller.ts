import { timestamp } from '../clock.js';
import type { ApiObject } from '../contracts.js';
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from '../flow-control/default-flow-schemas.js';
import type { RestContext } from '../rest/context.js';
import { WorkQueue } from './work-queue.js';

interface Condition {
  type: string;
  status: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

type FlowSchema = ApiObject & { spec: { priorityLevelConfiguration: { name: string } }; status?: { conditions?: Condition[] } };

/** Says of each FlowSchema, in its condition `Dangling`, whether the priority level that it names is there. */
export function startFlowSchemaController({ storage, clock }: Pick<RestContext, 'storage' | 'clock'>): { close(): void } {
  const queue = new WorkQueue<string>(clock, (name) => {
    const schema = storage.get(FLOW_SCHEMAS, '', name) as FlowSchema | undefined;
    if (!schema) return;
    const level = schema.spec.priorityLevelConfiguration.name;
    const found = storage.get(PRIORITY_LEVELS, '', level) !== undefined;
    const status = found ? 'False' : 'True';
    const conditions = schema.status?.conditions ?? [];
    if (conditions.some((condition) => condition.type === 'Dangling' && condition.status === status)) return;
    const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${found ? 'and it exists' : 'but there is no such object'}`;
    const dangling = { type: 'Dangling', status, lastTransitionTime: timestamp(clock.now()), reason: found ? 'Found' : 'NotFound', message };
    storage.update(FLOW_SCHEMAS, { ...schema, status: { ...schema.status, conditions: [...conditions.filter(({ type }) => type !== 'Dangling'), dangling] } });
  });
  const all = (): void => {
    for (const { metadata } of storage.list(FLOW_SCHEMAS)) queue.add(metadata.name!);
  };
  all();
  const unsubscribe = storage.subscribe(({ type, resource, object }) => {
    if (resource === FLOW_SCHEMAS && type !== 'DELETED') queue.add(object.metadata.name!);
    if (resource === PRIORITY_LEVELS && type !== 'MODIFIED') all();
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}
