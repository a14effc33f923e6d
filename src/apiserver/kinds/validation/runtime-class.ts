import type { Toleration } from 'kubernetes-types/core/v1.js';
import type { RuntimeClass } from 'kubernetes-types/node/v1.js';
import { at, type FieldError, duplicate } from '../../schema/field-error.js';
import { dns1123Label } from '../../schema/names.js';
import { labels, problemsAsErrors, unchanged } from './common.js';
import { validateResources } from './resources.js';
import { validateTolerations } from './scheduling.js';

export function validateNewRuntimeClass({ handler = '', overhead, scheduling }: Partial<RuntimeClass>): FieldError[] {
  const tolerations = scheduling?.tolerations ?? [];
  const keyOf = ({ key = '', operator = '', value = '', effect = '' }: Toleration): object => ({ Key: key, Operator: operator, Value: value, Effect: effect });
  const keys = tolerations.map((toleration) => JSON.stringify(keyOf(toleration)));
  return [
    ...problemsAsErrors('handler', handler, dns1123Label(handler)),
    // It is checked as the limits of a container would be.
    ...(overhead?.podFixed ? validateResources({ limits: overhead.podFixed }, 'overhead') : []),
    ...labels('scheduling.nodeSelector', scheduling?.nodeSelector),
    ...validateTolerations(tolerations, 'scheduling.tolerations'),
    ...tolerations.flatMap((toleration, index) => (keys.indexOf(keys[index]!) < index ? [duplicate(at('scheduling.tolerations', index), { ...keyOf(toleration), TolerationSeconds: toleration.tolerationSeconds ?? null })] : [])),
  ];
}

export const validateRuntimeClassUpdate = ({ handler }: RuntimeClass, previous: RuntimeClass): FieldError[] => unchanged('handler', handler, previous.handler);
