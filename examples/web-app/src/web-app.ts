import { Column, Field, Resource, ResourceKind, Validation, s } from 'karpenter-ts/operator';

/** What users ask for. */
export class WebAppSpec {
  @Field(s.string().minLength(1).describe('Image of the container.'))
  declare image: string;

  @Field(s.int('int32').min(0).default(1).describe('How many pods serve it.'))
  declare replicas: number;

  @Field(s.int('int32').min(1).max(65_535).default(8080).describe('Port that the container listens on.'))
  declare port: number;

  @Field(s.string().pattern(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/).optional().describe('Name under which it is published.'))
  declare host?: string;
}

/** What is so. */
export class WebAppStatus {
  @Field(s.int('int32').optional().describe('Pods that are ready to serve.'))
  declare availableReplicas?: number;

  @Field(s.string().optional().describe('Selector of the pods, for autoscalers.'))
  declare selector?: string;

  @Field(s.string().optional().describe('Name that is published at this moment.'))
  declare host?: string;
}

@ResourceKind({
  group: 'apps.example.com', version: 'v1alpha1', kind: 'WebApp', scope: 'Namespaced', shortNames: ['app'],
  spec: () => WebAppSpec, status: () => WebAppStatus,
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.availableReplicas', labelSelectorPath: '.status.selector' },
})
@Column({ name: 'Available', type: 'integer', jsonPath: '.status.availableReplicas' })
@Column({ name: 'Host', type: 'string', jsonPath: '.status.host' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Validation('!has(self.spec.host) || self.spec.replicas > 0', 'a name needs somebody who serves it: replicas must be above 0')
export class WebApp extends Resource<WebAppSpec, WebAppStatus, 'Deployed' | 'Available' | 'Published'> {}
