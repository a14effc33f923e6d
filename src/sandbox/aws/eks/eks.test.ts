import { DescribeClusterCommand, ListClustersCommand } from '@aws-sdk/client-eks';
import { expect } from 'chai';
import { refusalOf, testAws } from '../testing.js';

describe('EKS', () => {
  it("describes the guide's clusters", async () => {
    const { eks, aws } = testAws();
    expect((await eks.send(new ListClustersCommand({}))).clusters).to.deep.equal(['my-cluster', 'ecommerce-cluster']);
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: 'ecommerce-cluster' }));
    expect(cluster).to.include({
      name: 'ecommerce-cluster', version: '1.32', status: 'ACTIVE', arn: 'arn:aws:eks:us-west-2:123456789012:cluster/ecommerce-cluster',
    });
    expect(cluster?.kubernetesNetworkConfig).to.include({ serviceIpv4Cidr: '10.100.0.0/16', ipFamily: 'ipv4' });
    expect(cluster?.resourcesVpcConfig?.subnetIds).to.have.length(6);
    expect(aws.account.network.securityGroups.has(cluster?.resourcesVpcConfig?.clusterSecurityGroupId as string)).to.equal(true);
  });

  it('points at the API server that the embedder connects', async () => {
    const { eks, aws } = testAws();
    aws.account.clusters.connect('my-cluster', { endpoint: 'https://127.0.0.1:6443', certificateAuthority: 'Q0E=', version: '1.33' });
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: 'my-cluster' }));
    expect(cluster).to.deep.include({ endpoint: 'https://127.0.0.1:6443', certificateAuthority: { data: 'Q0E=' }, version: '1.33' });
  });

  it('does not know other clusters', async () => {
    expect(await refusalOf(testAws().eks.send(new DescribeClusterCommand({ name: 'absent' })))).to.deep.equal({
      name: 'ResourceNotFoundException', message: 'No cluster found for name: absent.', status: 404,
    });
  });
});
