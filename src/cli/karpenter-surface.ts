import { silentLogger, systemClock, systemRandom } from '../operator/index.js';
import type { OperatorInterface } from '../operator/index.js';
import { createSandbox } from '../sandbox/index.js';
import { karpenter } from './karpenter.js';
import { karpenterCrds, karpenterKinds } from './manifests.js';
import { operatorOptions } from './operator-options.js';
import { operatorInterface } from './project/operator-interface.js';
import { familiesOf } from './project/plan-metrics.js';

/** The conditions and metrics of Karpenter with everything turned on: as it works, in a sandbox. */
export async function karpenterInterface(): Promise<OperatorInterface> {
  const shared = { clock: systemClock(), random: systemRandom };
  const sandbox = await createSandbox({ ...shared, kinds: karpenterKinds(), crds: karpenterCrds() });
  const stop = new AbortController();
  try {
    const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', interruptionQueue: 'Karpenter-my-cluster', clusterEndpoint: sandbox.apiServerUrl, enableZonalShift: true }, {});
    const operator = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
      ...shared, logger: silentLogger, transport: sandbox.transport, caBundle: '', ports: false, processMetrics: false, aws: { credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } },
    });
    const running = operator.run({ signal: stop.signal });
    await Promise.race([operator.ready(), running]);
    const described = operatorInterface('karpenter', operator.plan, familiesOf(operator.metrics));
    stop.abort(new Error('seen'));
    await running;
    return described;
  } finally {
    stop.abort(new Error('failed'));
    await sandbox.close();
  }
}
