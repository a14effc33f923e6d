/** A call that a shadow does not make. It is recorded; whoever made it must not take it for made. */
export class CallWithheld extends Error {
  override readonly name = 'CallWithheld';
  readonly reason = 'CallWithheld';

  constructor(system: string, operation: string) {
    super(`${system} ${operation} was not called: the operator runs as a shadow`);
  }
}

/** What comes before a call. */
export interface ExternalCallsOptions {
  /** Throws NotLeaderError when this process does not lead. Default: it does. */
  fence?: () => void;
  /** Is told of calls that must not be made. Default: all are made. */
  withhold?: (system: string, operation: string) => void;
}

/**
 * How services call systems outside of Kubernetes where they change something there. Inject it, and put each request (each try of it) through `make`. A process that was stopped (SIGSTOP, a frozen
 * machine) goes on in the middle of a step when another replica leads already, and no external system would refuse it: its call is refused here. An operator
 * that runs as a shadow notes the call, and does not make it. What only reads needs none of this.
 */
export class ExternalCalls {
  constructor(private readonly options: ExternalCallsOptions = {}) {}

  /** Whether calls are withheld: for queues, whose messages a reader takes away from others, and whatever else had better not begin. */
  get withheld(): boolean {
    return this.options.withhold !== undefined;
  }

  /**
   * Makes a call, under names that a report shows: `make('DNS', 'CreateRecord', () => …)`. Rejects with NotLeaderError in a process that has lost the lead, and with
   * {@link CallWithheld} in a shadow.
   */
  async make<R>(system: string, operation: string, call: () => Promise<R>): Promise<R> {
    const { fence, withhold } = this.options;
    fence?.();
    if (!withhold) return call();
    withhold(system, operation);
    throw new CallWithheld(system, operation);
  }
}
