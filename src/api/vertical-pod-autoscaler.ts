import { ForeignKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { ResourceList } from './resources.js';

/** How much more CPU a container gets while it starts. */
export interface StartupBoost {
  cpu?: { type?: 'Factor' | 'Quantity'; factor?: number; quantity?: string };
}

/** How the containers of one name, or all others (`*`), are scaled. */
export interface ContainerResourcePolicy {
  containerName?: string;
  /** Default `Auto`. */
  mode?: 'Auto' | 'Off';
  minAllowed?: ResourceList;
  maxAllowed?: ResourceList;
  /** Default `cpu` and `memory`. */
  controlledResources?: string[];
  startupBoost?: StartupBoost;
}

export interface VerticalPodAutoscalerSpec {
  targetRef?: { apiVersion?: string; kind: string; name: string };
  /** With `Off`, recommendations are only shown. */
  updatePolicy?: { updateMode?: string };
  resourcePolicy?: { containerPolicies?: ContainerResourcePolicy[] };
  startupBoost?: StartupBoost;
}

export interface VerticalPodAutoscalerStatus {
  recommendation?: { containerRecommendations?: { containerName: string; target?: ResourceList }[] };
}

/** What changes the requests of a workload's pods as they are created. Another project's kind, which a cluster may lack. */
@ForeignKind({ group: 'autoscaling.k8s.io', version: 'v1', kind: 'VerticalPodAutoscaler', plural: 'verticalpodautoscalers', namespaced: true })
export class VerticalPodAutoscaler extends Resource<VerticalPodAutoscalerSpec, VerticalPodAutoscalerStatus> {}
