import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { reconcilers } from 'karpenter-ts/operator';
import { everyFault, testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { DnsRecordReconciler } from './dns-record-reconciler.js';
import { DnsRecord } from './dns-record.js';
import { DnsService } from './dns-service.js';
import type { ServiceRecord } from './dns-service.js';
import { FakeDnsService } from './fake-dns-service.js';

const www = { metadata: { name: 'www' }, spec: { name: 'www.example.com', type: 'A' as const, values: ['192.0.2.2', '192.0.2.1'], ttl: 300 } };

describe('A DnsRecord', () => {
  let bed: TestBed;
  let dns: FakeDnsService;

  beforeEach(async () => {
    dns = new FakeDnsService();
    bed = (await testBed(reconcilers(DnsRecordReconciler), { permissions: 'generated' })).override(DnsService, dns);
    await bed.api.create(DnsRecord, www);
  });
  afterEach(() => bed.close());

  const record = (): Promise<DnsRecord> => bed.api.get(DnsRecord, 'www');
  const ready = async (): Promise<string> => (await record()).status.conditions?.map(({ type, status, reason }) => `${type}=${status}/${reason}`).sort().join(' ') ?? '';

  it('is made at the service', async () => {
    await bed.settle();
    const { metadata: { uid }, status: { id } } = await record();
    assert.equal(id, 'record-1');
    assert.deepEqual([...dns.records.values()], [{ name: 'www.example.com', type: 'A', values: ['192.0.2.1', '192.0.2.2'], ttl: 300, owner: uid }]);
    assert.equal(await ready(), 'Created=True/Created Ready=True/Ready Synced=True/Synced');
  });

  it('follows its object, and what others change at the service is put right within five minutes', async () => {
    await bed.settle();
    await bed.api.patch(DnsRecord, 'www', { spec: { ttl: 60 } });
    await bed.settle();
    assert.equal(dns.records.get('record-1')?.ttl, 60);
    const [[id, made]] = [...dns.records] as [[string, ServiceRecord]];
    dns.records.set(id, { ...made, values: ['203.0.113.9'] });
    await bed.advance('6m');
    assert.deepEqual(dns.records.get('record-1')?.values, ['192.0.2.1', '192.0.2.2']);
  });

  it('is made again when it is lost at the service', async () => {
    await bed.settle();
    dns.records.clear();
    await bed.advance('6m');
    assert.deepEqual([...dns.records.keys()], ['record-2']);
    const { status } = await record();
    assert.equal(status.id, 'record-2');
    assert.equal(status.recreations, 1);
  });

  it('says that the quota is used up, and is made when there is room', async () => {
    dns.quota = 0;
    await bed.settle();
    assert.equal(await ready(), 'Created=False/QuotaExceeded Ready=False/UnhealthyDependents Synced=Unknown/DependenciesNotReady');
    dns.quota = 1;
    await bed.advance('11m');
    assert.equal(await ready(), 'Created=True/Created Ready=True/Ready Synced=True/Synced');
  });

  it('stays until the service has removed it', async () => {
    await bed.settle();
    await bed.api.delete(DnsRecord, 'www');
    await bed.settle();
    assert.deepEqual((await record()).metadata.finalizers, ['dns.example.com/record']);
    await bed.advance('6s');
    assert.equal(await bed.api.find(DnsRecord, 'www'), undefined);
    assert.equal(dns.records.size, 0);
  });

  it('keeps its name and type', async () => {
    await assert.rejects(bed.api.patch(DnsRecord, 'www', { spec: { name: 'other.example.com' } }), /the name of a record is immutable/);
    await assert.rejects(bed.api.create(DnsRecord, { metadata: { name: 'alias' }, spec: { ...www.spec, type: 'CNAME' } }), /a CNAME points to one name/);
  });
});

describe('A DnsRecord, whatever goes wrong', () => {
  it('is one record at the service, and none in the end', async () => {
    let dns = new FakeDnsService();
    await everyFault(async (world) => {
      dns = new FakeDnsService();
      world.external(DnsService, dns, ['create', 'get', 'update', 'remove', 'idsOf'], { reads: ['get', 'idsOf'], fenced: true });
      const bed = await world.testBed(reconcilers(DnsRecordReconciler));
      await bed.api.create(DnsRecord, www);
      await world.until(async () => (await bed.api.get(DnsRecord, 'www')).status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);
      await bed.api.delete(DnsRecord, 'www');
      await world.until(async () => (await bed.api.find(DnsRecord, 'www')) === undefined);
      assert.equal(dns.records.size, 0);
    }, { sample: 6, invariants: { 'never a second record': () => { assert.ok(dns.made <= 1); } } });
  });
});
