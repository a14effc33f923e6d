import { ContainerModule } from 'inversify';
import { ExternalCalls, reconcilers } from 'karpenter-ts/operator';
import { DnsRecordReconciler } from './dns-record-reconciler.js';
import { DnsService } from './dns-service.js';
import { FakeDnsService } from './fake-dns-service.js';
import { HttpDnsService } from './http-dns-service.js';

const { DNS_URL: url, DNS_TOKEN: token = '' } = process.env;

/** What the operator is made of. Without DNS_URL the service is one in memory: for a first look. */
export const modules: ContainerModule[] = [
  reconcilers(DnsRecordReconciler),
  new ContainerModule(({ bind }) => {
    bind<DnsService>(DnsService).toDynamicValue(({ get }) => (url === undefined ? new FakeDnsService() : new HttpDnsService(url, token, get(ExternalCalls)))).inSingletonScope();
  }),
];
