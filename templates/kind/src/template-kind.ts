import { Column, Field, Resource, ResourceKind, s } from 'karpenter-ts/operator';

/** What users ask for. */
export class TemplateKindSpec {
  @Field(s.string().minLength(1).maxLength(1024).describe('What the ConfigMap of this object says.'))
  declare message: string;
}

/** What the operator reports, beside the conditions. */
export class TemplateKindStatus {
  @Field(s.string().optional().describe('Name of the ConfigMap that has the message.'))
  declare configMap?: string;
}

/** The kind; "npm run manifests" makes its CRD out of this. Every condition that a reconciler owns is named in the type. */
@ResourceKind({
  group: 'template.example.com',
  version: 'v1alpha1',
  kind: 'TemplateKind',
  plural: 'templatekinds',
  scope: 'Namespaced',
  spec: () => TemplateKindSpec,
  status: () => TemplateKindStatus,
})
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
export class TemplateKind extends Resource<TemplateKindSpec, TemplateKindStatus, 'Published'> {}
