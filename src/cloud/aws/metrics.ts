import type { Metrics } from '../../operator/runtime/metrics.js';
import type { AwsCall } from './clients.js';
import type { AwsEnvironment } from './services.js';

/** Upstream's buckets of durations, in seconds (karpenter-aws §7). */
const DURATIONS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10,
  15, 20, 25, 30, 40, 50, 60, 120, 150, 300, 450, 600,
];
const BATCH_SIZES = [
  1, 2, 4, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 125, 150, 175, 200, 225, 250, 275, 300, 350, 400, 450, 500, 550, 600, 700, 800, 900, 1000,
];
const ATTEMPTS = [0, 1, 2, 3, 4, 5];

/** What the provider counts, under upstream's names. */
export function awsMetrics(metrics: Metrics): Required<Pick<AwsEnvironment, 'observe'>> & { observers: NonNullable<AwsEnvironment['observers']> } {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) => metrics.counter<L>({ name, help, labelNames });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) => metrics.histogram<L>({ name, help, buckets, labelNames });

  const launchFailures = counter('karpenter_cloudprovider_instance_launch_failures_total', 'Errors of fleets, by reason.', 'zone', 'zone_id', 'capacity_type', 'reason');
  const terminationFailures = counter('karpenter_cloudprovider_instance_termination_failures_total', 'Failed calls to terminate an instance.', 'zone', 'zone_id');
  const batchTime = histogram('karpenter_cloudprovider_batcher_batch_time_seconds', 'How long batches were open.', DURATIONS, 'batcher');
  const batchSize = histogram('karpenter_cloudprovider_batcher_batch_size', 'Calls in a batch.', BATCH_SIZES, 'batcher');
  const received = counter('karpenter_interruption_received_messages_total', 'Messages of the interruption queue, by type.', 'message_type');
  const deleted = counter('karpenter_interruption_deleted_messages_total', 'Messages deleted from the interruption queue.');
  const queueTime = histogram('karpenter_interruption_message_queue_duration_seconds', 'From an event to its message being received.', DURATIONS);
  const userDataBytes = metrics.gauge({ name: 'karpenter_ec2nodeclasses_userdata_bytes', help: 'Size of the rendered user data.', labelNames: ['nodeclass'] });
  const requests = counter('aws_sdk_go_request_total', 'AWS calls, retries not counted.', 'service', 'action', 'status_code', 'error_code');
  const requestTime = histogram('aws_sdk_go_request_duration_seconds', 'Duration of AWS calls, retries included.', DURATIONS, 'service', 'action');
  const retries = histogram('aws_sdk_go_request_retry_count', 'Retries of AWS calls.', ATTEMPTS, 'service', 'action');
  const attempts = counter('aws_sdk_go_request_attempt_total', 'AWS calls, each retry counted.', 'service', 'action');

  return {
    observe({ service, operation: action, milliseconds, attempts: tried, status, errorCode = '' }: AwsCall) {
      requests.inc({ service, action, status_code: String(status), error_code: errorCode });
      requestTime.observe({ service, action }, milliseconds / 1_000);
      retries.observe({ service, action }, tried - 1);
      attempts.inc({ service, action }, tried);
    },
    observers: {
      instances: {
        launchFailure: ({ zone, zoneID, capacityType, reason }) => launchFailures.inc({ zone, zone_id: zoneID, capacity_type: capacityType, reason }),
        terminationFailure: ({ zone, zoneID }) => terminationFailures.inc({ zone, zone_id: zoneID }),
        batch: (batcher, size, milliseconds) => {
          batchSize.observe({ batcher }, size);
          batchTime.observe({ batcher }, milliseconds / 1_000);
        },
      },
      interruptions: {
        received: (kind, queueMilliseconds) => {
          received.inc({ message_type: kind });
          if (queueMilliseconds !== undefined) queueTime.observe(queueMilliseconds / 1_000);
        },
        deleted: () => deleted.inc(),
      },
      userData: (nodeclass, bytes) => userDataBytes.set({ nodeclass }, bytes),
      userDataGone: (nodeclass) => userDataBytes.remove({ nodeclass }),
    },
  };
}
