/** A call that a shadow does not make. It is recorded; whoever made it must not take it for made. */
export class CallWithheld extends Error {
  override readonly name = 'CallWithheld';
  readonly reason = 'CallWithheld';

  constructor(system: string, operation: string) {
    super(`${system} ${operation} was not called: the operator runs as a shadow`);
  }
}

/**
 * How services call systems outside of Kubernetes where they change something there. Inject it, and put each such call through `make`: an operator
 * that runs as a shadow then notes the call, and does not make it. What only reads needs none of this.
 */
export class ExternalCalls {
  /** `withhold` is told of calls that must not be made; without it all are made. */
  constructor(private readonly withhold?: (system: string, operation: string) => void) {}

  /** Whether calls are withheld: for queues, whose messages a reader takes away from others, and whatever else had better not begin. */
  get withheld(): boolean {
    return this.withhold !== undefined;
  }

  /** Makes a call, under names that a report shows: `make('DNS', 'CreateRecord', () => …)`. Rejects with {@link CallWithheld} in a shadow. */
  async make<R>(system: string, operation: string, call: () => Promise<R>): Promise<R> {
    if (!this.withhold) return call();
    this.withhold(system, operation);
    throw new CallWithheld(system, operation);
  }
}
