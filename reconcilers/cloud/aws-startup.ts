import { inject } from 'inversify';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type { AwsServices, InstanceTypeProvider, LaunchTemplateProvider, PricingProvider, ZonalShiftProvider } from 'karpenter-ts/cloud/aws';
import { Logger } from 'karpenter-ts/operator';
import type { Startable } from 'karpenter-ts/operator';

/** What the provider has to know before the first decision: what there is to launch, and what it costs (karpenter-aws §2.0). */
export class AwsStartup implements Startable {
  readonly name = 'aws';

  constructor(
    @inject(TOKENS.InstanceTypes) private readonly instanceTypes: InstanceTypeProvider,
    @inject(TOKENS.Pricing) private readonly pricing: PricingProvider,
    @inject(TOKENS.LaunchTemplates) private readonly launchTemplates: LaunchTemplateProvider,
    @inject(TOKENS.ZonalShifts) private readonly zonalShifts: ZonalShiftProvider,
    @inject(TOKENS.Services) private readonly services: Pick<AwsServices, 'close'>,
    @inject(Logger) private readonly log: Logger,
  ) {}

  /** Without instance types nothing works, and shifts that cannot be read must not be ignored; without fresh prices or known launch templates it works with older ones. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.instanceTypes.update(signal),
      this.zonalShifts.update(signal),
      this.tolerate('updating prices', this.pricing.update(signal)),
      this.tolerate('reading launch templates', this.launchTemplates.hydrate(signal)),
    ]);
  }

  /** Stops the timers of the provider's caches, so that nothing keeps the process alive. */
  stop(): void {
    this.services.close();
  }

  private async tolerate(what: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.log.error(what, { error: (error as Error).message });
    }
  }
}
