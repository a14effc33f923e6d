import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { expect } from 'chai';
import { refusalOf, testAws } from '../testing.js';

describe('SSM', () => {
  it('publishes every family that Karpenter has an alias for, as images that exist', async () => {
    const { ssm, ec2 } = testAws();
    const eks = '/aws/service/eks/optimized-ami/1.32';
    for (const [path, name, architecture] of [
      [`${eks}/amazon-linux-2/recommended/image_id`, /^amazon-eks-node-1\.32-v\d{8}$/, 'x86_64'],
      [`${eks}/amazon-linux-2-arm64/recommended/image_id`, /^amazon-eks-arm64-node-1\.32-v\d{8}$/, 'arm64'],
      [`${eks}/amazon-linux-2-gpu/amazon-eks-gpu-node-1.32-v20240807/image_id`, /^amazon-eks-gpu-node-1\.32-v20240807$/, 'x86_64'],
      [`${eks}/amazon-linux-2023/x86_64/standard/recommended/image_id`, /^amazon-eks-node-al2023-x86_64-standard-1\.32-v\d{8}$/, 'x86_64'],
      [`${eks}/amazon-linux-2023/x86_64/neuron/recommended/image_id`, /neuron/, 'x86_64'],
      [`${eks}/amazon-linux-2023/arm64/nvidia/amazon-eks-node-al2023-arm64-nvidia-1.32-v20250715/image_id`, /arm64-nvidia-1\.32-v20250715$/, 'arm64'],
      ['/aws/service/bottlerocket/aws-k8s-1.32/x86_64/latest/image_id', /^bottlerocket-aws-k8s-1\.32-x86_64-v/, 'x86_64'],
      ['/aws/service/bottlerocket/aws-k8s-1.32-nvidia/arm64/1.20.5/image_id', /^bottlerocket-aws-k8s-1\.32-nvidia-arm64-v1\.20\.5-/, 'arm64'],
      ['/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.32/image_id', /^Windows_Server-2022/, 'x86_64'],
    ] as const) {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: path }));
      const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [Parameter?.Value as string], IncludeDeprecated: true }));
      expect(Images?.[0]?.Name, path).to.match(name);
      expect(Images?.[0]).to.include({ Architecture: architecture, State: 'available' });
      expect(Date.parse(Images?.[0]?.CreationDate as string)).to.be.greaterThan(0);
    }
  });

  it('does not know what is not published', async () => {
    const { ssm } = testAws();
    const Name = '/aws/service/eks/optimized-ami/1.33/amazon-linux-2/recommended/image_id';
    expect((await refusalOf(ssm.send(new GetParameterCommand({ Name })))).name).to.equal('ParameterNotFound');
    expect((await ssm.send(new GetParametersCommand({ Names: [Name] }))).InvalidParameters).to.deep.equal([Name]);
  });

  it('moves the recommended image when a release is published', async () => {
    const { ssm, ec2, aws } = testAws();
    const Name = '/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id';
    const value = async () => (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value as string;
    const before = await value();
    aws.account.images.publish({ date: '2026-01-15', bottlerocket: '1.52.0' });
    expect(await value()).not.to.equal(before);
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [await value()] }));
    expect(Images?.[0]?.Name).to.equal('amazon-eks-node-al2023-x86_64-standard-1.31-v20260115');
  });
});
