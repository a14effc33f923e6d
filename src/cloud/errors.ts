/** An error of a cloud provider, with a stable reason for conditions, events and metrics. */
export class CloudError extends Error {
  constructor(readonly reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No capacity for the claim anywhere: the claim is deleted, and its pods are planned anew. */
export class InsufficientCapacity extends CloudError {
  constructor(message: string, options?: ErrorOptions) {
    super('InsufficientCapacityError', message, options);
  }
}

/** The claim's node class cannot launch (not found, not ready, or not reconciled yet): the claim is deleted. */
export class NodeClassNotReady extends CloudError {
  constructor(message: string, options?: ErrorOptions) {
    super('NodeClassNotReadyError', message, options);
  }
}

/** The launch failed for a reason worth showing; it is retried with backoff. */
export class LaunchError extends CloudError {}
