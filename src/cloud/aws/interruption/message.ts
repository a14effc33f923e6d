/** Label of the metrics, and the reason of the disruption. */
export type InterruptionKind =
  | 'spot_interrupted'
  | 'rebalance_recommendation'
  | 'instance_stopped'
  | 'instance_terminated'
  | 'scheduled_change'
  | 'capacity_reservation_interrupted'
  | 'no_op';

/** What a message of the interruption queue says. */
export interface InterruptionMessage {
  kind: InterruptionKind;
  /** Empty for `no_op`. */
  instanceIDs: readonly string[];
  /** When it happened, milliseconds since the epoch; undefined when the message does not say. */
  time?: number;
}

/** What follows from a kind (karpenter-aws §4.5). */
export interface InterruptionConsequence {
  /** Whether the instance's claim is deleted, so that the node drains. */
  drain: boolean;
  event: { type: 'Normal' | 'Warning'; reason: string; message: string };
}

const warning = (reason: string, message: string): InterruptionConsequence => ({ drain: true, event: { type: 'Warning', reason, message } });

export const INTERRUPTION_CONSEQUENCES: Readonly<Record<Exclude<InterruptionKind, 'no_op'>, InterruptionConsequence>> = {
  spot_interrupted: warning('SpotInterrupted', 'Spot interruption warning was triggered'),
  rebalance_recommendation: { drain: false, event: { type: 'Normal', reason: 'SpotRebalanceRecommendation', message: 'Spot rebalance recommendation was triggered' } },
  instance_stopped: warning('InstanceStopping', 'Instance is stopping'),
  instance_terminated: warning('InstanceTerminating', 'Instance is terminating'),
  scheduled_change: warning('InstanceUnhealthy', 'An unhealthy warning was triggered for the instance'),
  capacity_reservation_interrupted: warning('CapacityReservationInstanceInterrupted', 'Capacity Reservation interruption warning was triggered'),
};

/** The body is not an EventBridge event. */
export class InvalidInterruptionMessage extends Error {
  readonly reason = 'InvalidInterruptionMessage';
}

interface EventBody {
  version?: string;
  source?: string;
  'detail-type'?: string;
  time?: string;
  detail?: {
    'instance-id'?: string;
    state?: string;
    service?: string;
    eventTypeCategory?: string;
    affectedEntities?: { entityValue?: string }[];
  };
}

type Detail = NonNullable<EventBody['detail']>;

const one = (kind: InterruptionKind) => ({ 'instance-id': id }: Detail): Omit<InterruptionMessage, 'time'> | undefined => (id ? { kind, instanceIDs: [id] } : undefined);

const STATES: Readonly<Record<string, InterruptionKind>> = {
  stopping: 'instance_stopped',
  stopped: 'instance_stopped',
  'shutting-down': 'instance_terminated',
  terminated: 'instance_terminated',
};

/** By version, source and detail type; others are of no interest. */
const PARSERS: Readonly<Record<string, (detail: Detail) => Omit<InterruptionMessage, 'time'> | undefined>> = {
  '0/aws.ec2/EC2 Spot Instance Interruption Warning': one('spot_interrupted'),
  '0/aws.ec2/EC2 Instance Rebalance Recommendation': one('rebalance_recommendation'),
  '0/aws.ec2/EC2 Capacity Reservation Instance Interruption Warning': one('capacity_reservation_interrupted'),
  '0/aws.ec2/EC2 Instance State-change Notification': (detail) => {
    const kind = STATES[detail.state?.toLowerCase() ?? ''];
    return kind && one(kind)(detail);
  },
  '0/aws.health/AWS Health Event': ({ service, eventTypeCategory, affectedEntities }) =>
    service === 'EC2' && eventTypeCategory === 'scheduledChange'
      ? { kind: 'scheduled_change', instanceIDs: (affectedEntities ?? []).flatMap(({ entityValue }) => (entityValue ? [entityValue] : [])) }
      : undefined,
};

const NOTHING: InterruptionMessage = { kind: 'no_op', instanceIDs: [] };

/** Reads a message's body. Bodies that are empty or of no interest are `no_op`. Throws {@link InvalidInterruptionMessage}. */
export function parseInterruption(body: string): InterruptionMessage {
  if (body.trim() === '') return NOTHING;
  let event: EventBody | null;
  try {
    event = JSON.parse(body) as EventBody | null;
  } catch (error) {
    throw new InvalidInterruptionMessage(`the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof event !== 'object' || event === null) throw new InvalidInterruptionMessage(`the body is not an event but ${JSON.stringify(event)}`);
  const found = PARSERS[`${event.version}/${event.source}/${event['detail-type']}`]?.(event.detail ?? {}) ?? NOTHING;
  const time = Date.parse(event.time ?? '');
  return { ...found, ...(Number.isNaN(time) ? {} : { time }) };
}
