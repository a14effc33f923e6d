import { EC2Client, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { Instance } from '@aws-sdk/client-ec2';
import type { SandboxProcess } from './sandbox-process.js';

/** What AWS clients need to talk to a sandbox. */
export const awsOf = ({ awsUrl }: SandboxProcess) => ({ region: 'us-west-2', endpoint: awsUrl, credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } });

/** Every instance that Karpenter ever launched; terminated ones stay for an hour of cluster time. */
export async function launchedInstances(sandbox: SandboxProcess): Promise<Instance[]> {
  const client = new EC2Client(awsOf(sandbox));
  const found: Instance[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client }, { Filters: [{ Name: 'tag-key', Values: ['karpenter.sh/nodepool'] }] })) {
    found.push(...Reservations.flatMap(({ Instances = [] }) => Instances));
  }
  return found;
}

export const tagOf = ({ Tags = [] }: Instance, key: string): string => Tags.find(({ Key }) => Key === key)?.Value ?? '';
