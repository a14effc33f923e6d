import type { Account } from '../account/account.js';
import { AwsError } from '../protocol/error.js';
import { jsonService, textMember, textsMember } from '../protocol/json-service.js';

function parameter(account: Account, nameOrArn: string): object | undefined {
  const name = nameOrArn.replace(/^arn:aws:ssm:[^:]*:[^:]*:parameter/, '');
  const imageId = account.images.parameters.get(name);
  if (imageId === undefined) return undefined;
  return {
    Name: name, Type: 'String', Value: imageId, Version: 1, LastModifiedDate: account.images.get(imageId).creationDate / 1000,
    ARN: `arn:aws:ssm:${account.region}::parameter${name}`, DataType: 'aws:ec2:image',
  };
}

export const ssm = jsonService('ssm', { version: '1.1', target: 'AmazonSSM' }, {
  GetParameter(input, { account }) {
    const found = parameter(account, textMember(input, 'Name'));
    if (!found) throw new AwsError('ParameterNotFound', `Parameter ${textMember(input, 'Name')} not found.`);
    return { Parameter: found };
  },
  GetParameters(input, { account }) {
    const names = textsMember(input, 'Names');
    return {
      Parameters: names.flatMap((name) => parameter(account, name) ?? []),
      InvalidParameters: names.filter((name) => !parameter(account, name)),
    };
  },
});
