import { expect } from 'chai';
import { errorCode, errorText, isAlreadyExists, isInstanceProfileMissing, isNotFound, isRoleMissing, isUserDataTooLarge, launchFailure } from './errors.js';

const awsError = (name: string, message = '', more: object = {}): Error => Object.assign(new Error(message), { name }, more);

describe('AWS errors', () => {
  it('are told by their code, whichever way the service names it', () => {
    expect(errorCode(awsError('InvalidInstanceID.NotFound'))).to.equal('InvalidInstanceID.NotFound');
    expect(errorCode(awsError('NoSuchEntityException', '', { Code: 'NoSuchEntity' }))).to.equal('NoSuchEntity');
    expect(errorCode('text')).to.equal('');
    expect(errorText(awsError('Code', 'message'))).to.equal('Code: message');
    expect(errorText(awsError('Code', 'Code already in it'))).to.equal('Code already in it');
  });

  it('are of the classes that upstream distinguishes', () => {
    for (const code of ['InvalidCapacityReservationId.NotFound', 'InvalidInstanceID.NotFound', 'InvalidLaunchTemplateName.NotFoundException', 'InvalidLaunchTemplateId.NotFound', 'QueueDoesNotExist', 'NoSuchEntity', 'ParameterNotFound']) {
      expect(isNotFound(awsError(code)), code).to.equal(true);
    }
    expect(isNotFound(awsError('InternalError'))).to.equal(false);
    expect(isAlreadyExists(awsError('EntityAlreadyExists'))).to.equal(true);
    expect(isRoleMissing(awsError('NoSuchEntity', 'The role with name x cannot be found.'))).to.equal(true);
    expect(isRoleMissing(awsError('NoSuchEntity', 'Instance Profile x cannot be found.'))).to.equal(false);
    expect(isInstanceProfileMissing(awsError('InvalidParameterValue', 'Value (x). Invalid IAM Instance Profile name'))).to.equal(true);
    expect(isInstanceProfileMissing(awsError('InvalidParameterValue', 'else'))).to.equal(false);
    expect(isUserDataTooLarge(awsError('InvalidUserData.Malformed', 'User data is limited to 16384 bytes'))).to.equal(true);
  });

  const reasons: [string, string][] = [
    ['AuthFailure.ServiceLinkedRoleCreationNotPermitted: x', 'SpotSLRCreationFailed'],
    ['UnauthorizedOperation: with an explicit deny in a permissions boundary', 'Unauthorized'],
    ['AccessDenied: with an explicit deny in a service control policy', 'Unauthorized'],
    ['AuthFailure: Not authorized for images: [ami-1]', 'AMIAuthorizationFailure'],
    ['UnauthorizedOperation: x', 'Unauthorized'],
    ['InvalidParameter: Security group sg-1 and subnet subnet-1 belong to different networks.', 'SecurityGroupSubnetVPCMismatch'],
    ['InvalidParameterValue: Value (x) for parameter iamInstanceProfile.name is invalid', 'InstanceProfileNameInvalid'],
    ['InvalidLaunchTemplateId.NotFound: x', 'LaunchTemplateNotFound'],
    ['InvalidUserData.Malformed: User data is limited to 16384 bytes', 'UserDataSizeLimitExceeded'],
    ['InvalidAMIID.Malformed: x', 'InvalidAMIID'],
    ['InvalidAMIID.NotFound: x', 'AMINotFound'],
    ['RequestLimitExceeded: x', 'RequestLimitExceeded'],
    ['InternalError: x', 'InternalError'],
    ['InvalidParameterCombination: not eligible for Free Tier', 'FreeTierIneligible'],
    ['MaxFleetCountExceeded: x', 'FleetQuotaExceeded'],
    ['PendingVerification: x', 'AccountPendingVerification'],
    ['MaxSpotInstanceCountExceeded: x', 'SpotQuotaExceeded'],
    ['VcpuLimitExceeded: x', 'VCPULimitExceeded'],
    ['InsufficientFreeAddressesInSubnet: x', 'InsufficientFreeAddressesInSubnet'],
    ['anything else', 'LaunchFailed'],
  ];
  for (const [text, reason] of reasons) it(`give "${text}" the reason ${reason}`, () => expect(launchFailure(text).reason).to.equal(reason));

  it('explain which policy denies', () => {
    expect(launchFailure('UnauthorizedOperation: with an explicit deny in a permissions boundary').message).to.contain('permissions boundary');
    expect(launchFailure('AccessDenied: with an explicit deny in a service control policy').message).to.contain('service control policy');
    expect(launchFailure('UnauthorizedOperation').message).to.contain('identity-based policy');
  });
});
