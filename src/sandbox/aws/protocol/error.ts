/** A refusal of the sandbox's AWS, as the service would word it. The protocols give it its wire shape. */
export class AwsError extends Error {
  /**
   * @param reason the service's error code (`InvalidSubnetID.NotFound`)
   * @param status of the HTTP response
   */
  constructor(readonly reason: string, message: string, readonly status = 400) {
    super(message);
    this.name = reason;
  }
}

export const invalidParameter = (name: string, value: string | undefined, accepted: string): AwsError =>
  value === undefined
    ? new AwsError('MissingParameter', `The request must contain the parameter ${name}`)
    : new AwsError('InvalidParameterValue', `Value (${value}) for parameter ${name} is invalid. ${accepted}`);
