import type * as autoscaling from 'kubernetes-types/autoscaling/v2.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** How many replicas a workload gets, by its metrics. */
@ForeignKind({ group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers', namespaced: true })
export class HorizontalPodAutoscaler extends typed<autoscaling.HorizontalPodAutoscaler>() {}
