import { Column, Field, Resource, ResourceKind, Validation, s } from 'karpenter-ts/operator';

export class DnsRecordSpec {
  @Field(s.string().pattern(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/).validation('self == oldSelf', 'the name of a record is immutable').describe('Name of the record, with its zone.'))
  declare name: string;

  @Field(s.enum('A', 'AAAA', 'CNAME', 'TXT').default('A').validation('self == oldSelf', 'the type of a record is immutable'))
  declare type: 'A' | 'AAAA' | 'CNAME' | 'TXT';

  @Field(s.array(s.string().minLength(1).maxLength(255)).minItems(1).maxItems(20).listType('set').describe('What it points to.'))
  declare values: string[];

  @Field(s.int('int32').min(30).max(86_400).default(300).describe('For how many seconds resolvers may remember it.'))
  declare ttl: number;
}

export class DnsRecordStatus {
  @Field(s.string().optional().describe('What the service calls the record.'))
  declare id?: string;

  @Field(s.int('int32').optional().describe('How often the record was lost at the service and made again.'))
  declare recreations?: number;
}

@ResourceKind({ group: 'dns.example.com', version: 'v1alpha1', kind: 'DnsRecord', scope: 'Namespaced', shortNames: ['dns'], spec: () => DnsRecordSpec, status: () => DnsRecordStatus })
@Column({ name: 'Name', type: 'string', jsonPath: '.spec.name' })
@Column({ name: 'ID', type: 'string', jsonPath: '.status.id' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Validation("self.spec.type != 'CNAME' || self.spec.values.size() == 1", 'a CNAME points to one name')
export class DnsRecord extends Resource<DnsRecordSpec, DnsRecordStatus, 'Created' | 'Synced'> {}
