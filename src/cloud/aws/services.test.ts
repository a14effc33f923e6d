import { CreateTagsCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { Container } from 'inversify';
import { NotLeaderError } from '../../operator/kube/errors.js';
import { seededRandom } from '../../operator/random.js';
import { Metrics } from '../../operator/runtime/metrics.js';
import { ExternalCalls } from '../../operator/shadow/external-calls.js';
import { VirtualClock } from '../../operator/testing/virtual-clock.js';
import { createAws } from '../../sandbox/aws/aws.js';
import { sdkRequestHandler } from '../../sandbox/aws/sdk-request-handler.js';
import { providerBed } from '../../../test/support/aws-provider.js';
import { CloudProvider } from '../provider.js';
import { awsClients, pricingRegion } from './clients.js';
import type { AwsCall, AwsClients } from './clients.js';
import { AwsCloudProvider } from './cloud-provider.js';
import { ClusterCIDRUnknown } from './cluster.js';
import { InstanceProvider } from './instance/provider.js';
import { instanceIDOf, InvalidProviderID } from './instance/instance.js';
import { InstanceStatusProvider } from './instance-status-provider.js';
import { awsMetrics } from './metrics.js';
import { awsModule } from './module.js';
import { NoPrices, parseProduct, PricingProvider } from './pricing-provider.js';
import { awsSettings, InvalidAwsSetting } from './settings.js';
import { restrictedTags } from './tags.js';
import { TOKENS } from './tokens.js';
import { UnsupportedKubernetesVersion, VersionProvider } from './version-provider.js';

const credentials = { accessKeyId: 'AKIASANDBOX', secretAccessKey: 'sandbox' };

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it succeeded');
}

describe('awsSettings', () => {
  it('fills in the defaults, and says which setting cannot be used', () => {
    expect(awsSettings({ clusterName: 'c', region: 'us-west-2' })).to.include({ vmMemoryOverheadPercent: 0.075, reservedENIs: 0, interruptionQueue: '', reservedCapacity: true, amiRefreshInterval: 60_000 });
    const refused = (given: object): string => {
      try {
        awsSettings({ clusterName: 'c', region: 'r', ...given });
      } catch (error) {
        expect(error).to.be.instanceOf(InvalidAwsSetting);
        return (error as Error).message;
      }
      return '';
    };
    expect(refused({ clusterName: '' })).to.contain('clusterName').and.to.contain('--cluster-name');
    expect(refused({ region: '' })).to.contain('region');
    expect(refused({ clusterEndpoint: 'example.com' })).to.equal('setting clusterEndpoint is "example.com"; it must be an absolute URL with a host');
    expect(refused({ reservedENIs: -1 })).to.contain('reservedENIs');
    expect(refused({ vmMemoryOverheadPercent: Number.NaN })).to.contain('vmMemoryOverheadPercent');
    expect(refused({ amiRefreshInterval: 1_000 })).to.contain('at least 1m');
  });
});

function containerWithModule(): Container {
  const clock = new VirtualClock();
  const aws = createAws({ clock, random: seededRandom(1) });
  const container = new Container();
  container.bind(TOKENS.NodeClassLookup).toConstantValue({ get: () => undefined, pool: () => undefined, poolsOf: () => [] });
  container.bind(TOKENS.KubernetesFacts).toConstantValue({ serverVersion: async () => '1.32', kubeDNS: async () => undefined, caBundle: () => '' });
  container.load(awsModule(awsSettings({ clusterName: 'my-cluster', region: 'us-west-2' }), { clock, random: seededRandom(2), credentials, requestHandler: sdkRequestHandler(aws) as never }));
  return container;
}

describe('awsModule', () => {
  it('binds the CloudProvider port and every service, each once', () => {
    const container = containerWithModule();
    expect(container.get(CloudProvider)).to.be.instanceOf(AwsCloudProvider).and.to.equal(container.get(CloudProvider));
    expect(container.get(TOKENS.Instances)).to.be.instanceOf(InstanceProvider);
    const { NodeClassLookup: _, KubernetesFacts: __, ...bound } = TOKENS;
    for (const token of Object.values(bound)) expect(container.get(token), String(token)).to.equal(container.get(token));
  });
});

describe('metrics', () => {
  it('have the names and labels that dashboards know', async () => {
    const metrics = new Metrics();
    const bed = await providerBed({ environment: awsMetrics(metrics) });
    const nodeClass = await bed.readyNodeClass({ userData: 'echo mine' });
    bed.aws.faults.exhaust({ instanceType: 'm5.large', zone: 'us-west-2a' });
    const claim = bed.claim(['m5.large', 'on-demand', 'us-west-2a'].map((value, index) => ({ key: ['node.kubernetes.io/instance-type', 'karpenter.sh/capacity-type', 'topology.kubernetes.io/zone'][index] as string, operator: 'In', values: [value] })));
    await failure(bed.launch(claim));
    await bed.run(bed.services.cloudProvider.get('aws:///us-west-2a/i-0000000000000dead'));
    bed.aws.account.queues.get('my-cluster')?.send('{}');
    await bed.run(bed.services.interruptions.receive());
    const text = await metrics.registry.metrics();
    for (const line of [
      'karpenter_cloudprovider_instance_launch_failures_total{zone="us-west-2a",zone_id="usw2-az1",capacity_type="on-demand",reason="LaunchFailed"} 1',
      'karpenter_cloudprovider_batcher_batch_size_count{batcher="describe_instances"} 1',
      'karpenter_interruption_received_messages_total{message_type="no_op"} 1',
      'karpenter_interruption_deleted_messages_total 1',
      'aws_sdk_go_request_total{service="EC2",action="CreateFleet",status_code="200",error_code=""} 1',
    ]) expect(text.split('\n'), line).to.include(line);
    expect(text).to.match(/karpenter_ec2nodeclasses_userdata_bytes\{nodeclass="default"\} \d{3}/);
    await bed.services.launchTemplates.deleteAll(nodeClass);
    expect(await metrics.registry.metrics()).to.not.contain('nodeclass="default"');
  });
});

describe('SDK clients', () => {
  it('name Karpenter in the user agent, report each call, and ask the nearest Pricing API', async () => {
    const clock = new VirtualClock();
    const aws = createAws({ clock, random: seededRandom(1) });
    const calls: AwsCall[] = [];
    const agents: (string | undefined)[] = [];
    const handler = sdkRequestHandler(aws);
    const { ec2 } = awsClients({
      region: 'us-west-2', version: '1.2.3', clock, credentials, observe: (call) => calls.push(call),
      requestHandler: { ...handler, handle: (request: Parameters<typeof handler.handle>[0]) => { agents.push(request.headers['user-agent']); return handler.handle(request); } } as never,
    });
    await ec2.send(new DescribeSubnetsCommand({}));
    aws.faults.fail('ec2:DescribeSubnets', { reason: 'UnauthorizedOperation', status: 403 });
    await failure(ec2.send(new DescribeSubnetsCommand({})));
    expect(agents[0]).to.match(/karpenter\.sh-1\.2\.3/);
    expect(calls).to.deep.equal([
      { service: 'EC2', operation: 'DescribeSubnets', milliseconds: 0, attempts: 1, status: 200 },
      { service: 'EC2', operation: 'DescribeSubnets', milliseconds: 0, attempts: 1, status: 403, errorCode: 'UnauthorizedOperation' },
    ]);
    expect(['ap-southeast-2', 'cn-north-1', 'eu-west-1', 'us-west-2', 'sa-east-1'].map(pricingRegion)).to.deep.equal(['ap-south-1', 'cn-northwest-1', 'eu-central-1', 'us-east-1', 'us-east-1']);
  });
});

describe('A process that has lost the lead', () => {
  it('changes nothing more at AWS, not even by the second try of a call, and still reads', async () => {
    const clock = new VirtualClock();
    const aws = createAws({ clock, random: seededRandom(1) });
    let leads = true;
    const calls = new ExternalCalls({ fence: () => { if (!leads) throw new NotLeaderError(); } });
    const handler = sdkRequestHandler(aws);
    const asked: string[] = [];
    const { ec2 } = awsClients({
      region: 'us-west-2', version: '1.2.3', clock, credentials, calls,
      requestHandler: { ...handler, handle: (request: Parameters<typeof handler.handle>[0]) => {
        asked.push(/Action=(\w+)/.exec(String(request.body))?.[1] ?? '');
        leads = false;
        return handler.handle(request);
      } } as never,
    });
    aws.faults.fail('ec2:CreateTags', { reason: 'InternalError', status: 500 });
    const tags = new CreateTagsCommand({ Resources: ['i-1'], Tags: [] });
    expect(await failure(ec2.send(tags))).to.be.instanceOf(NotLeaderError);
    expect(await failure(ec2.send(tags))).to.be.instanceOf(NotLeaderError);
    await ec2.send(new DescribeSubnetsCommand({}));
    expect(asked).to.deep.equal(['CreateTags', 'DescribeSubnets']);
  });

  it('is found out by the provider in the container of an operator', async () => {
    const container = containerWithModule();
    container.bind(ExternalCalls).toConstantValue(new ExternalCalls({ fence: () => { throw new NotLeaderError(); } }));
    const { ec2 } = container.get<AwsClients>(TOKENS.Clients);
    expect(await failure(ec2.send(new CreateTagsCommand({ Resources: ['i-1'], Tags: [] })))).to.be.instanceOf(NotLeaderError);
  });
});

describe('PricingProvider', () => {
  it("starts with us-east-1's prices, spot as on demand, and reads real ones", async () => {
    const bed = await providerBed();
    const pricing = new PricingProvider(bed.services.clients, bed.services.settings, bed.clock);
    expect(pricing.onDemand('m5.large')).to.equal(0.096);
    expect(pricing.spot('m5.large', 'anywhere')).to.equal(0.096);
    expect(pricing.onDemand('m5.gigantic')).to.equal(undefined);
    const { version } = pricing;
    await pricing.update();
    expect(pricing.version).to.be.greaterThan(version);
    expect(pricing.spot('m5.large', 'us-west-2a')).to.be.within(0.01, 0.095);
    expect(pricing.spot('m5.large', 'anywhere'), 'only zones with a market').to.equal(undefined);
    expect(pricing.onDemand('m5.large')).to.equal(0.096);
  });

  it('keeps what it knows when one half fails, and uses the other', async () => {
    const bed = await providerBed();
    const pricing = new PricingProvider(bed.services.clients, bed.services.settings, bed.clock);
    bed.aws.faults.fail('pricing:GetProducts', { reason: 'AccessDeniedException', status: 400, times: 5 });
    expect((await failure(pricing.update())).name).to.equal('AccessDeniedException');
    expect(pricing.onDemand('m5.large')).to.equal(0.096);
    expect(pricing.spot('m5.large', 'us-west-2a')).to.be.lessThan(0.096);
  });

  it('does not ask for on-demand prices in an isolated VPC or GovCloud', async () => {
    const bed = await providerBed();
    const before = bed.aws.calls.get('pricing:GetProducts');
    for (const changes of [{ isolatedVPC: true }, { region: 'us-gov-west-1' }]) await new PricingProvider(bed.services.clients, { ...bed.services.settings, ...changes }, bed.clock).update();
    expect(bed.aws.calls.get('pricing:GetProducts')).to.equal(before);
  });

  it('reads an entry of the price list: the last usable dimension in the currency', () => {
    const product = (...prices: string[]) => JSON.stringify({
      product: { attributes: { instanceType: 'm5.large' } },
      terms: { OnDemand: { a: { priceDimensions: Object.fromEntries(prices.map((USD, index) => [index, { pricePerUnit: { USD } }])) } } },
    });
    expect(parseProduct(product('0.0960000000'), 'USD')).to.deep.equal({ instanceType: 'm5.large', price: 0.096 });
    expect(parseProduct(product('0.1', '0.0000000000', 'x'), 'USD')).to.deep.equal({ instanceType: 'm5.large', price: 0.1 });
    expect(parseProduct(product('0.1'), 'CNY')).to.equal(undefined);
    expect(parseProduct('{}', 'USD')).to.equal(undefined);
    expect(new NoPrices('us-west-2', 'x').message).to.contain('us-west-2');
  });
});

describe('VersionProvider and Cluster', () => {
  const kubernetes = { serverVersion: async () => '1.32+', kubeDNS: async (): Promise<string | undefined> => '10.100.0.10', caBundle: () => 'Y2E=' };

  it('reads the version of the API server, or of EKS, and complains once of one that is not supported', async () => {
    const { services } = await providerBed({ kubernetesVersion: '1.31' });
    expect(await new VersionProvider(services.clients, kubernetes, services.settings).get()).to.equal('1.32');
    expect(await new VersionProvider(services.clients, kubernetes, { ...services.settings, eksControlPlane: true }).get()).to.equal('1.31');
    const old = new VersionProvider(services.clients, { ...kubernetes, serverVersion: async () => '1.25' }, services.settings);
    expect(await failure(old.update())).to.be.instanceOf(UnsupportedKubernetesVersion);
    await old.update();
    expect(await old.get()).to.equal('1.25');
  });

  it('knows what nodes must be told', async () => {
    const { services } = await providerBed();
    const { cluster } = services;
    expect(await cluster.endpoint()).to.equal('https://my-cluster.eks.us-west-2.amazonaws.com');
    expect(await cluster.serviceCIDR()).to.equal('10.100.0.0/16');
    expect(await cluster.dnsAddress()).to.equal('10.100.0.10');
    expect(await cluster.isIPv6()).to.equal(false);
    const given = await providerBed({ settings: { clusterEndpoint: 'https://other.example', clusterCABundle: 'b3RoZXI=' } });
    expect(await given.services.cluster.endpoint()).to.equal('https://other.example');
    expect(given.services.cluster.caBundle()).to.equal('b3RoZXI=');
    given.aws.account.clusters.all.set('my-cluster', { ...(given.aws.account.clusters.all.get('my-cluster') as NonNullable<ReturnType<typeof given.aws.account.clusters.all.get>>), serviceIpv4Cidr: '' });
    expect(await failure(given.services.cluster.serviceCIDR())).to.be.instanceOf(ClusterCIDRUnknown);
  });
});

describe('InstanceStatusProvider', () => {
  const minutesAgo = (clock: VirtualClock, minutes: number): Date => new Date(clock.now() - minutes * 60_000);
  /** EC2's answers by the name of the filter. */
  const provider = (clock: VirtualClock, answers: Record<string, object[]>, refuse = false) => {
    let calls = 0;
    const send = async (command: { input: { Filters?: { Name?: string }[] } }): Promise<object> => {
      calls += 1;
      if (refuse) throw Object.assign(new Error('no'), { name: 'UnauthorizedOperation' });
      return { InstanceStatuses: answers[command.input.Filters?.[0]?.Name ?? ''] ?? [] };
    };
    return { status: new InstanceStatusProvider({ ec2: fakeClient(send) }, clock), calls: () => calls };
  };

  it('reports checks that have failed for two minutes, and scheduled events at once', async () => {
    const clock = new VirtualClock();
    const failed = (ImpairedSince: Date) => ({ Details: [{ Status: 'failed', ImpairedSince }] });
    const { status } = provider(clock, {
      'instance-status.status': [{ InstanceId: 'i-1', InstanceStatus: failed(minutesAgo(clock, 3)) }, { InstanceId: 'i-2', InstanceStatus: failed(minutesAgo(clock, 1)) }],
      'system-status.status': [{ InstanceId: 'i-1', InstanceStatus: failed(minutesAgo(clock, 3)), SystemStatus: failed(minutesAgo(clock, 5)) }],
      'event.code': [{ InstanceId: 'i-3', Events: [{ Code: 'instance-retirement' }] }, { InstanceId: 'i-4', Events: [{ Code: 'something-else' }] }],
    });
    expect((await status.list()).map(({ instanceID, category, impairedSince }) => `${instanceID} ${category} ${(clock.now() - impairedSince) / 60_000}m`)).to.deep.equal(['i-1 InstanceStatus 3m', 'i-1 SystemStatus 5m', 'i-3 EventStatus 0m']);
  });

  it('stops asking when it may not', async () => {
    const { status, calls } = provider(new VirtualClock(), {}, true);
    expect(await status.list()).to.deep.equal([]);
    expect(status.enabled).to.equal(false);
    await status.list();
    expect(calls()).to.equal(1);
  });
});

describe('names', () => {
  it('of provider ids give the instance', () => {
    expect(instanceIDOf('aws:///us-west-2a/i-0123456789abcdef0')).to.equal('i-0123456789abcdef0');
    for (const bad of ['', 'i-1', 'aws:///i-1', 'kwok://node']) expect(() => instanceIDOf(bad), bad).to.throw(InvalidProviderID);
  });

  it('of tags may be restricted', () => {
    expect(restrictedTags({ Name: 'x', team: 'y', 'kubernetes.io/cluster/a_b': 'owned', 'kubernetes.io/cluster/': 'x', 'karpenter.sh/nodeclaim': 'x', 'karpenter.k8s.aws/ec2nodeclass': 'x' })).to.deep.equal(['karpenter.k8s.aws/ec2nodeclass', 'karpenter.sh/nodeclaim', 'kubernetes.io/cluster/a_b']);
  });
});

/** Paginators insist on a real client: one whose requests never leave it. */
function fakeClient(send: (command: never) => Promise<object>) {
  const { ec2 } = awsClients({ region: 'us-west-2', version: '0', clock: new VirtualClock(), credentials });
  return Object.assign(ec2, { send });
}
