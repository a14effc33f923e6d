import type { LeaseSpec } from 'kubernetes-types/coordination/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';

/** Fields of coordinated leader election, which is off unless a cluster turns it on. */
function withoutCoordination(object: ApiObject): void {
  const spec = object['spec'] as (LeaseSpec & { strategy?: string; preferredHolder?: string }) | undefined;
  delete spec?.strategy;
  delete spec?.preferredHolder;
}

export const leaseBehaviour: KindBehaviour = { prepareForCreate: withoutCoordination, prepareForUpdate: withoutCoordination };
