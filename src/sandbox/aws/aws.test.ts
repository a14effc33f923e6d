import { DescribeSubnetsCommand, DescribeSecurityGroupsCommand, DescribeVpcsCommand, EC2Client, paginateDescribeSubnets } from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { systemClock } from '../../operator/clock.js';
import { systemRandom } from '../../operator/random.js';
import { createAws } from './aws.js';
import { refusalOf, testAws } from './testing.js';

const tagFilters = (tags: Record<string, string>) => Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));

describe("the sandbox's AWS", () => {
  it('resolves every subnet selector of the guide, in three zones', async () => {
    const { ec2 } = testAws();
    for (const [selector, count] of [
      [{ 'karpenter.sh/discovery': 'my-cluster' }, 6],
      [{ 'karpenter.sh/discovery': 'my-cluster', tier: 'private' }, 3],
      [{ 'karpenter.sh/discovery': 'ecommerce-cluster', tier: 'public' }, 3],
      [{ 'karpenter.sh/discovery': 'ecommerce-cluster', tier: 'private' }, 3],
      [{ 'karpenter.sh/discovery': 'ecommerce-cluster', tier: 'private', database: 'allowed' }, 3],
    ] as const) {
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: tagFilters(selector), MaxResults: 500 }));
      expect(Subnets, JSON.stringify(selector)).to.have.length(count);
      expect(new Set(Subnets.map((subnet) => subnet.AvailabilityZone))).to.deep.equal(new Set(['us-west-2a', 'us-west-2b', 'us-west-2c']));
    }
  });

  it('resolves every security group selector and every role of the guide', async () => {
    const { ec2, iam } = testAws();
    for (const selector of [{ 'karpenter.sh/discovery': 'my-cluster' }, { 'karpenter.sh/discovery': 'ecommerce-cluster' }, { 'karpenter.sh/discovery': 'ecommerce-cluster', database: 'true' }, { 'karpenter.sh/discovery': 'my-cluster', 'security-level': 'high' }]) {
      const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: tagFilters(selector) }));
      expect(SecurityGroups, JSON.stringify(selector)).not.to.be.empty;
    }
    for (const role of ['KarpenterNodeInstanceProfile-my-cluster', 'KarpenterNodeInstanceProfile-ecommerce', 'KarpenterNodeRole-my-cluster', 'KarpenterNodeRole-ecommerce-cluster']) {
      expect((await iam.send(new GetRoleCommand({ RoleName: role }))).Role?.RoleName).to.equal(role);
    }
  });

  it('holds nothing that a controller would have made', () => {
    expect(testAws().aws.account.isEmpty()).to.equal(true);
  });

  it('refuses an unsigned request in the words of the service it is for', async () => {
    const { aws } = testAws();
    const answer = await aws.handle({
      method: 'POST', origin: 'http://x', path: '/', headers: { host: 'x' }, body: 'Action=DescribeVpcs&Version=2016-11-15',
    });
    expect(answer.status).to.equal(403);
    expect(answer.body).to.contain('<Code>MissingAuthenticationToken</Code>');
    const json = await aws.handle({ method: 'POST', origin: 'http://x', path: '/', headers: { 'x-amz-target': 'AmazonSQS.GetQueueUrl' }, body: '{}' });
    expect(JSON.parse(json.body)).to.include({ __type: 'MissingAuthenticationToken' });
  });

  it('tells services apart by what is asked where the signature does not say', async () => {
    const { aws } = testAws();
    const ask = (body: string) => aws.handle({ method: 'POST', origin: 'http://x', path: '/', headers: { authorization: 'Bearer x' }, body });
    expect((await ask('Action=GetCallerIdentity&Version=2011-06-15')).body).to.contain('<Account>123456789012</Account>');
    expect((await ask('Action=GetRole&RoleName=KarpenterNodeRole-my-cluster&Version=2010-05-08')).body).to.contain('<RoleName>KarpenterNodeRole-my-cluster</RoleName>');
    expect((await ask('Action=DescribeVpcs')).body).to.contain('<vpcSet>');
  });

  it('names an action that it does not know, and a service', async () => {
    const { aws } = testAws();
    const signed = (service: string) => ({
      host: 'x', authorization: `AWS4-HMAC-SHA256 Credential=A/20260101/us-west-2/${service}/aws4_request, Signature=x`,
    });
    const answer = await aws.handle({
      method: 'POST', origin: 'http://x', path: '/', headers: signed('ec2'), body: 'Action=MakeCoffee&Version=2016-11-15',
    });
    expect(answer.body).to.contain('<Code>InvalidAction</Code>').and.contain('MakeCoffee');
    const json = await aws.handle({
      method: 'POST', origin: 'http://x', path: '/', headers: { ...signed('ssm'), 'x-amz-target': 'AmazonSSM.MakeCoffee' }, body: '{}',
    });
    expect(JSON.parse(json.body)).to.deep.equal({
      __type: 'UnknownOperationException', message: 'The operation MakeCoffee is not known to this service.',
    });
    expect((await aws.handle({ method: 'GET', origin: 'http://x', path: '/', headers: signed('s3'), body: '' })).body).to.contain('ec2, iam, sts');
  });

  it('says who the caller is', async () => {
    expect((await testAws().sts.send(new GetCallerIdentityCommand({}))).Account).to.equal('123456789012');
  });

  it('counts calls, and fails the next ones of an operation on demand', async () => {
    const { aws, ec2 } = testAws();
    aws.faults.fail('ec2:DescribeVpcs', {
      reason: 'UnauthorizedOperation', message: 'You are not authorized to perform this operation.', status: 403, times: 2,
    });
    for (const _ of [1, 2]) expect(await refusalOf(ec2.send(new DescribeVpcsCommand({})))).to.deep.equal({
      name: 'UnauthorizedOperation', message: 'You are not authorized to perform this operation.', status: 403,
    });
    expect((await ec2.send(new DescribeVpcsCommand({}))).Vpcs).to.have.length(2);
    expect(aws.calls.get('ec2:DescribeVpcs')).to.equal(3);
  });

  it('throttles in the words of each service', async () => {
    const { ec2, iam, sqs } = testAws({ faults: { throttleRate: 1 } });
    expect(await refusalOf(ec2.send(new DescribeVpcsCommand({})))).to.include({ name: 'RequestLimitExceeded', status: 503 });
    expect((await refusalOf(iam.send(new GetRoleCommand({ RoleName: 'x' })))).name).to.equal('Throttling');
    expect((await refusalOf(sqs.send(new GetQueueUrlCommand({ QueueName: 'my-cluster' })))).name).to.equal('ThrottlingException');
  });

  it('takes the dialled latency of its own time', async () => {
    const { clock, ec2 } = testAws({ faults: { latency: 250 } });
    const before = clock.now();
    let answeredAt = 0;
    const call = ec2.send(new DescribeVpcsCommand({})).then(() => (answeredAt = clock.now()));
    await clock.advance('1s');
    await call;
    expect(answeredAt - before).to.equal(250);
  });

  it('answers the SDK over HTTP with only the endpoint changed, and closes at once', async () => {
    const aws = createAws({ clock: systemClock({ background: true }), random: systemRandom });
    const { url } = await aws.listen();
    const options = { region: 'us-west-2', endpoint: url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
    const ec2 = new EC2Client(options);
    const found = [];
    for await (const { Subnets = [] } of paginateDescribeSubnets({ client: ec2, pageSize: 5 }, {})) found.push(...Subnets);
    expect(found).to.have.length(12);
    const { QueueUrl } = await new SQSClient(options).send(new GetQueueUrlCommand({ QueueName: 'Karpenter-my-cluster' }));
    expect(QueueUrl).to.equal(`${url}/123456789012/Karpenter-my-cluster`);
    await aws.close();
    ec2.destroy();
    const failure = await refusalOf(new EC2Client({ ...options, maxAttempts: 1 }).send(new DescribeVpcsCommand({})));
    expect(failure.message).to.contain('ECONNREFUSED');
  });

  it('is reached through AWS_ENDPOINT_URL', async () => {
    const aws = createAws({ clock: systemClock({ background: true }), random: systemRandom });
    const { url } = await aws.listen();
    process.env['AWS_ENDPOINT_URL'] = url;
    try {
      const iam = new IAMClient({ region: 'us-west-2', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
      expect((await iam.send(new GetRoleCommand({ RoleName: 'KarpenterNodeRole-my-cluster' }))).Role?.Arn).to.contain('123456789012');
      iam.destroy();
    } finally {
      delete process.env['AWS_ENDPOINT_URL'];
      await aws.close();
    }
  });

  it('rejects when its port is taken', async () => {
    const aws = createAws({ clock: systemClock({ background: true }), random: systemRandom });
    const { url } = await aws.listen();
    const failure = await aws.listen({ port: Number(new URL(url).port) }).then(() => undefined, (error: NodeJS.ErrnoException) => error.code);
    expect(failure).to.equal('EADDRINUSE');
    await aws.close();
  });
});
