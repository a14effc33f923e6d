import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { providerBed } from '../../../test/support/aws-provider.js';
import { instanceIDOf } from './instance/instance.js';
import { tagInstance } from './instance/tagging.js';
import { parseInterruption } from './interruption/message.js';

interface Statement { Sid: string; Action: string | string[]; Condition?: Record<string, Record<string, string | string[]>> }
interface Resource { Type: string; Properties: Record<string, unknown> }

const { Resources } = parse(readFileSync('config/aws/cloudformation.yaml', 'utf8')) as { Resources: Record<string, Resource> };
const ofType = (type: string): Record<string, unknown>[] => Object.values(Resources).filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
/** The statements of the controller's policies, as CloudFormation makes them for the cluster of the sandbox. */
const statements = ofType('AWS::IAM::ManagedPolicy').flatMap(({ PolicyDocument }) => {
  const text = (PolicyDocument as { 'Fn::Sub': string })['Fn::Sub'].replaceAll('${ClusterName}', 'my-cluster').replaceAll('${AWS::Region}', 'us-west-2');
  return (JSON.parse(text) as { Statement: Statement[] }).Statement;
});
const actions = new Set(statements.flatMap(({ Action }) => Action));
const named = (sid: string): Statement => statements.find(({ Sid }) => Sid === sid) as Statement;
/** Tags that a statement wants in a request, and what they may be. */
const wantedTags = (sid: string, kind: 'Request' | 'Resource' = 'Request'): [tag: string, value: string][] =>
  ['StringEquals', 'StringLike'].flatMap((operator) => Object.entries(named(sid).Condition?.[operator] ?? {}))
    .flatMap(([key, value]) => (key.startsWith(`aws:${kind}Tag/`) ? [[key.slice(`aws:${kind}Tag/`.length), String(value)]] : []));
const expectTags = (tags: ReadonlyMap<string, string> | undefined, wanted: readonly [string, string][]): void => {
  expect(wanted).to.have.length.above(1);
  for (const [tag, value] of wanted) expect(tags?.get(tag), tag).to.satisfy((given?: string) => (value === '*' ? given !== undefined : given === value));
};

describe('the CloudFormation template', () => {
  it('allows every call that the provider makes, and no other', () => {
    const called = [...readFileSync('src/cloud/aws/aws-sdk.ts', 'utf8').matchAll(/^export import (?:paginate(\w+)|(\w+)Command) = (\w+)\./gm)].map(([, page, command, service]) => `${service}:${page ?? command}`);
    expect(called).to.include.members(['ec2:CreateFleet', 'sqs:ReceiveMessage', 'iam:ListInstanceProfiles']);
    expect([...actions].sort()).to.deep.equal([...new Set([...called, 'arc-zonal-shift:GetManagedResource', 'iam:PassRole', 'iam:TagInstanceProfile'])].sort());
  });

  it('allows launches with the tags that they have', async () => {
    const bed = await providerBed();
    try {
      await bed.readyNodeClass();
      bed.addPool();
      const claim = bed.claim();
      const { providerID } = await bed.launch(claim);
      const { account } = bed.aws;
      const { tags } = account.instances.get(instanceIDOf(providerID));
      expectTags(tags, wantedTags('AllowScopedEC2InstanceActionsWithTags'));
      expectTags(tags, wantedTags('AllowScopedDeletion', 'Resource'));
      const [template] = account.launchTemplates.visible();
      expectTags(template?.tags, wantedTags('AllowScopedEC2InstanceActionsWithTags'));
      expectTags(template?.tags, wantedTags('AllowScopedEC2LaunchTemplateAccessActions', 'Resource'));
      const [profile] = account.identities.profiles.values();
      expectTags(profile?.tags, wantedTags('AllowScopedInstanceProfileCreationActions'));
      expectTags(profile?.tags, wantedTags('AllowScopedInstanceProfileActions', 'Resource'));
      const before = new Set(tags.keys());
      await bed.run(tagInstance(bed.services.instances, bed.services.settings, { ...claim, status: { providerID, nodeName: 'node' } }));
      const added = [...account.instances.get(instanceIDOf(providerID)).tags.keys()].filter((tag) => !before.has(tag));
      expect(named('AllowScopedResourceTagging').Condition?.['ForAllValues:StringEquals']?.['aws:TagKeys']).to.include.members(added);
      expect(added).to.have.members(['Name', 'karpenter.sh/nodeclaim']);
    } finally {
      bed.services.close();
    }
  });

  it('sends every message to the queue that the operator understands', () => {
    const details: Record<string, object> = {
      'AWS Health Event': { service: 'EC2', eventTypeCategory: 'scheduledChange', affectedEntities: [{ entityValue: 'i-1' }] },
      'EC2 Instance State-change Notification': { 'instance-id': 'i-1', state: 'stopping' },
    };
    const kinds = ofType('AWS::Events::Rule').map(({ EventPattern }) => {
      const { source: [source], 'detail-type': [type = ''] } = EventPattern as { source: string[]; 'detail-type': string[] };
      return parseInterruption(JSON.stringify({ version: '0', source, 'detail-type': type, detail: details[type] ?? { 'instance-id': 'i-1' } })).kind;
    });
    expect(kinds).to.have.members(['scheduled_change', 'spot_interrupted', 'rebalance_recommendation', 'instance_stopped', 'capacity_reservation_interrupted']);
    const [queue] = ofType('AWS::SQS::Queue');
    expect(queue).to.include({ MessageRetentionPeriod: 300, SqsManagedSseEnabled: true });
  });

  it('refers only to what it defines', () => {
    const known = new Set([...Object.keys(Resources), 'ClusterName', 'Namespace', 'ServiceAccount']);
    const text = JSON.stringify(Resources);
    const references = [...text.matchAll(/"Ref":"([^"]+)"|"Fn::GetAtt":\["([^"]+)"|\$\{([^}:]+?)(?:\.Arn)?\}/g)].map(([, reference, attribute, substituted]) => reference ?? attribute ?? substituted ?? '');
    expect(references.filter((name) => !known.has(name))).to.deep.equal([]);
    expect(references).to.include.members(['KarpenterNodeRole', 'KarpenterInterruptionQueue', 'KarpenterControllerZonalShiftPolicy']);
  });
});
