// `make test-chaos`: every way in which a link goes wrong, for three times, with lists in pages and streamed, on the embedded API server and, where
// `make control-plane` has built it, on the real one. Prints a JSON object a row, and fails on any problem.
// `embedded` or `real` on the command line is the only one.
import { KubeConfig } from '@kubernetes/client-node';
import { httpTransport } from '../../src/operator/index.js';
import { binaryOf } from '../support/control-plane-binaries.js';
import { startControlPlane } from '../support/control-plane.js';
import { CHAOS_SCENARIOS, problemsOf, suffer } from '../support/chaos-scenarios.js';
import { ChaosWorld } from '../support/chaos-world.js';
import type { ChaosServer } from '../support/chaos-world.js';

const [, , only] = process.argv;
const problems: string[] = [];
let [rows, blindest] = [0, 0];

async function matrix(name: string, server?: ChaosServer): Promise<void> {
  for (const streaming of [false, true]) {
    for (const [scenario, { momentary }] of Object.entries(CHAOS_SCENARIOS)) {
      const world = await ChaosWorld.start({ seed: 100 + rows, streaming, ...(server && { server }) });
      for (const lasting of momentary ? (['0s'] as const) : (['10s', '65s', '5m'] as const)) {
        const row = await suffer(world, scenario, lasting);
        console.log(JSON.stringify({ chaos: scenario, server: name, streaming, ...row, scenario: undefined }));
        problems.push(...problemsOf(row));
        rows += 1;
        blindest = Math.max(blindest, row.blind);
        // A certificate or token that is new once is no news a second time.
        if (scenario.startsWith('rotated')) break;
      }
      const outcome = await world.close();
      if (outcome !== 'stopped') problems.push(`the operator did not survive ${scenario}: ${String(outcome)}`);
    }
  }
}

if (only !== 'real') await matrix('embedded');
if (only === 'embedded') console.log('NOT RUN on the real control plane: not asked for');
else if (binaryOf('kube-apiserver')) {
  const plane = await startControlPlane();
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(plane.kubeconfigFile);
  const transport = httpTransport(kubeconfig);
  await matrix('real', {
    upstream: { url: plane.url, ca: plane.ca, headers: { authorization: `Bearer ${plane.adminToken}` } }, transport, latency: 15, close: () => Promise.resolve(),
  });
  await transport.close();
  await plane.stop();
} else {
  console.log('NOT RUN on the real control plane: it is not built; "make control-plane" does that');
}
for (const problem of problems) console.error(problem);
console.log(`${rows} faults, ${problems.length} problems; blind for ${blindest.toFixed(1)} s at most`);
process.exitCode = problems.length > 0 ? 1 : 0;
