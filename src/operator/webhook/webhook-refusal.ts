/** A call that is answered with an error instead of a review: the API server then acts by the webhook's failurePolicy. */
export class WebhookRefusal extends Error {
  override readonly name = 'WebhookRefusal';
  constructor(readonly code: number, readonly reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

export const tooLarge = (limit: number): WebhookRefusal => new WebhookRefusal(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);

/** The `Status` of a failure, as the API has it. */
export const failure = (code: number, reason: string, message: string, details?: object): object =>
  ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details ? { details } : {}), code });
