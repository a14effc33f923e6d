/** What AWS said: the error code as in the API reference, or the class name of anything else. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { Code, code, name } = error as { Code?: unknown; code?: unknown; name?: unknown };
  for (const candidate of [Code, code, name]) if (typeof candidate === 'string' && candidate !== '') return candidate;
  return '';
}

/** `Code: message`, the text that {@link launchFailure} looks through. */
export const errorText = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  const code = errorCode(error);
  return code === '' || message.includes(code) ? message : `${code}: ${message}`;
};

const codes = (...names: readonly string[]) => {
  const set = new Set(names);
  return (error: unknown): boolean => set.has(errorCode(error));
};
const says = (error: unknown, text: string): boolean => error instanceof Error && error.message.toLowerCase().includes(text.toLowerCase());

export const isNotFound = codes(
  'InvalidCapacityReservationId.NotFound', 'InvalidInstanceID.NotFound', 'InvalidLaunchTemplateName.NotFoundException',
  'InvalidLaunchTemplateId.NotFound', 'InvalidPlacementGroup.Unknown', 'QueueDoesNotExist', 'NoSuchEntity', 'NoSuchEntityException', 'ParameterNotFound',
);
export const isLaunchTemplateNotFound = codes('InvalidLaunchTemplateName.NotFoundException');
export const isAlreadyExists = codes('EntityAlreadyExists', 'EntityAlreadyExistsException', 'InvalidLaunchTemplateName.AlreadyExistsException');
export const isDryRunSuccess = codes('DryRunOperation');
export const isUnauthorized = codes('UnauthorizedOperation');
export const isThrottled = codes('RequestLimitExceeded');
/** The same client token was used before with other parameters: that attempt may have launched. */
export const isTokenReused = codes('IdempotentParameterMismatch');
export const isServerFault = (error: unknown): boolean => (error as { $fault?: string } | undefined)?.$fault === 'server';

export const isUserDataTooLarge = (error: unknown): boolean => errorCode(error) === 'InvalidUserData.Malformed' && says(error, 'User data is limited to');
export const isInstanceProfileMissing = (error: unknown): boolean => errorCode(error) === 'InvalidParameterValue' && says(error, 'Invalid IAM Instance Profile name');
export const isRoleMissing = (error: unknown): boolean => isNotFound(error) && says(error, 'role');

/** Codes in a fleet's errors that mean "not here, not now" (karpenter-aws §2.4.1). */
const UNFULFILLABLE = new Set([
  'InsufficientInstanceCapacity', 'MaxSpotInstanceCountExceeded', 'VcpuLimitExceeded', 'UnfulfillableCapacity', 'Unsupported',
  'InsufficientFreeAddressesInSubnet', 'MaxFleetCountExceeded', 'ReservationCapacityExceeded',
]);
export const isUnfulfillable = (code: string | undefined): boolean => code !== undefined && UNFULFILLABLE.has(code);
export const isSubnetExhausted = (code: string | undefined): boolean => code === 'InsufficientFreeAddressesInSubnet';
export const isSpotRoleMissing = (code: string | undefined): boolean => code === 'AuthFailure.ServiceLinkedRoleCreationNotPermitted';
export const isSpreadGroupFull = (message: string | undefined): boolean => message?.includes('limit of instances in this spread placement group') ?? false;

export interface LaunchFailure {
  /** For conditions, events and the metric's label. */
  reason: string;
  message: string;
}

interface Rule extends LaunchFailure {
  /** All of these must occur in the text. */
  all?: readonly string[];
  /** One of these must. */
  any?: readonly string[];
}

const DENIED = ['UnauthorizedOperation', 'AccessDenied', 'AuthFailure'];

/** The first rule that matches wins (karpenter-aws §2.4.3). */
const RULES: readonly Rule[] = [
  { all: ['AuthFailure.ServiceLinkedRoleCreationNotPermitted'], reason: 'SpotSLRCreationFailed', message: 'The Spot service-linked role does not exist, and the controller may not create it' },
  { any: DENIED, all: ['with an explicit deny in a permissions boundary'], reason: 'Unauthorized', message: 'A permissions boundary denies the operation' },
  { any: DENIED, all: ['with an explicit deny in a service control policy'], reason: 'Unauthorized', message: 'A service control policy denies the operation' },
  { any: DENIED, all: ['Not authorized for images'], reason: 'AMIAuthorizationFailure', message: 'The account is not authorized to use the AMI' },
  { any: DENIED, reason: 'Unauthorized', message: 'No identity-based policy allows the operation' },
  { all: ['InvalidParameter', 'belong to different networks'], reason: 'SecurityGroupSubnetVPCMismatch', message: 'Security groups and subnets belong to different VPCs' },
  { all: ['iamInstanceProfile.name is invalid'], reason: 'InstanceProfileNameInvalid', message: 'The instance profile does not exist' },
  { all: ['InvalidLaunchTemplateId.NotFound'], reason: 'LaunchTemplateNotFound', message: 'The launch template does not exist' },
  { all: ['User data is limited to'], reason: 'UserDataSizeLimitExceeded', message: 'The rendered user data is larger than EC2 allows' },
  { all: ['InvalidAMIID.Malformed'], reason: 'InvalidAMIID', message: 'The AMI id is malformed' },
  { all: ['InvalidAMIID.NotFound'], reason: 'AMINotFound', message: 'The AMI does not exist' },
  { all: ['RequestLimitExceeded'], reason: 'RequestLimitExceeded', message: 'EC2 throttles the request' },
  { all: ['InternalError'], reason: 'InternalError', message: 'EC2 had an internal error' },
  { all: ['not eligible for Free Tier'], reason: 'FreeTierIneligible', message: 'The instance type is not eligible for the Free Tier account' },
  { all: ['MaxFleetCountExceeded'], reason: 'FleetQuotaExceeded', message: "The account's quota of fleets is used up" },
  { all: ['PendingVerification'], reason: 'AccountPendingVerification', message: 'AWS is still verifying the account' },
  { all: ['MaxSpotInstanceCountExceeded'], reason: 'SpotQuotaExceeded', message: "The account's quota of spot instances is used up" },
  { all: ['VcpuLimitExceeded'], reason: 'VCPULimitExceeded', message: "The account's quota of vCPUs is used up" },
  { all: ['InsufficientFreeAddressesInSubnet'], reason: 'InsufficientFreeAddressesInSubnet', message: 'The subnet has no free addresses' },
];

/** Reason and explanation of a failed launch, from the text of its error. */
export function launchFailure(text: string): LaunchFailure {
  const rule = RULES.find(({ all, any }) => (all ?? []).every((part) => text.includes(part)) && (any === undefined || any.some((part) => text.includes(part))));
  return rule ? { reason: rule.reason, message: rule.message } : { reason: 'LaunchFailed', message: 'Instance launch failed' };
}
