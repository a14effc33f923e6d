import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/operator/index.js';
import { seededRandom } from '../../src/operator/random.js';
import { createAws } from '../../src/sandbox/aws/aws.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { ROOT, SandboxProcess, eventually } from '../support/sandbox-process.js';

const CLI = join(ROOT, 'dist/src/cli/main.js');

interface Condition { type: string; status: string }

/** An operator as a process of its own, as a Deployment would run it. */
class RunProcess {
  output = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(flags: readonly string[], environment: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [CLI, 'run', ...flags], { cwd: ROOT, env: environment });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (chunk: Buffer) => { this.output += chunk.toString(); });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

describe('karpenter-ts run', function run() {
  this.timeout(90_000);
  const sandbox = new SandboxProcess();
  let [metrics, health] = [0, 0];
  let operator: RunProcess;
  const text = async (port: number, path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.text() };
  };
  const series = async () => (await text(metrics, '/metrics')).body;

  before(async () => {
    await sandbox.start('--no-operator', '--speed', '30', '--apply', 'config/samples/guide/07-ec2nodeclass-default.yaml', 'config/samples/guide/02-nodepool-default.yaml');
    [metrics, health] = [await freePort(), await freePort()];
    operator = new RunProcess(['--enable-profiling', '--metrics-port', String(metrics), '--health-probe-port', String(health), '--webhook-port', '0', '--log-output-paths', `stdout,${join(sandbox.folder, 'operator.log')}`], {
      ...sandbox.environment, CLUSTER_NAME: 'my-cluster', INTERRUPTION_QUEUE: 'Karpenter-my-cluster', CLUSTER_ENDPOINT: sandbox.apiServerUrl,
    });
    await eventually('the operator is at work', 30_000, async () => operator.output.includes('"message":"started"') || operator.output);
  });
  after(() => sandbox.stop());

  it('answers probes', async () => {
    expect(await text(health, '/healthz')).to.deep.equal({ status: 200, body: 'ok' });
    expect(await text(health, '/readyz')).to.deep.equal({ status: 200, body: 'ok' });
  });

  it('takes the lease of the election, where nobody has prepared anything for it', async () => {
    const lease = await sandbox.get<{ spec?: { holderIdentity?: string } }>('/apis/coordination.k8s.io/v1/namespaces/karpenter/leases/karpenter-leader-election');
    expect(lease.spec?.holderIdentity).to.be.a('string').and.not.equal('');
  });

  it('reconciles over HTTP: the node class becomes Ready by what AWS says', async () => {
    await eventually('the class is Ready', 30_000, async () => {
      const { status } = await sandbox.get<{ status?: { conditions?: Condition[] } }>('/apis/karpenter.k8s.aws/v1/ec2nodeclasses/default');
      return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') || JSON.stringify(status);
    });
  });

  it('serves the metrics of controllers, of AWS calls and of the cloud provider', async () => {
    await eventually('prices and calls are counted', 30_000, async () => {
      const now = await series();
      const missing = [
        'controller_runtime_reconcile_total{', 'workqueue_depth{', 'rest_client_requests_total{', 'leader_election_master_status{', 'operator_status_condition_count{',
        'karpenter_build_info{', 'karpenter_cloudprovider_duration_seconds_bucket{', 'karpenter_cloudprovider_batcher_batch_size', 'karpenter_interruption_received_messages_total',
        'karpenter_interruption_deleted_messages_total', 'karpenter_interruption_message_queue_duration_seconds', 'karpenter_interruption_instance_status_unhealthy_total',
        'karpenter_cloudprovider_instance_launch_failures_total', 'karpenter_ec2nodeclasses_userdata_bytes', 'aws_sdk_go_request_total{service="EC2",action="DescribeInstanceTypes"',
        'aws_sdk_go_request_duration_seconds_bucket{', 'aws_sdk_go_request_attempt_total{', 'aws_sdk_go_request_retry_count_bucket{',
      ].filter((name) => !now.includes(name));
      return missing.length === 0 || missing.join(' ');
    });
  });

  it('serves CPU profiles and heap snapshots when told to', async () => {
    expect((await text(metrics, '/debug/pprof/profile?seconds=0.05')).status).to.equal(200);
    const response = await fetch(`http://127.0.0.1:${metrics}/debug/pprof/heap`);
    expect(response.status).to.equal(200);
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString('utf8', 0, 20)).to.match(/^\{"snapshot":\{"meta"/);
  });

  it('ends with 0 within 2 seconds of SIGTERM', async () => {
    const asked = performance.now();
    operator.signal('SIGTERM');
    expect(await operator.ended, operator.output).to.equal(0);
    expect(performance.now() - asked).to.be.lessThan(2_000);
  });

  describe('ends with 1 and one line', () => {
    const flags = ['--cluster-name', 'my-cluster', '--region', 'us-west-2'];
    const refused = async (environment: NodeJS.ProcessEnv, more: string[] = []) => {
      const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, AWS_ENDPOINT_URL: _endpoint, AWS_PROFILE: _profile, ...clean } = sandbox.environment;
      const process = new RunProcess([...flags, ...more], { ...clean, HOME: sandbox.folder, AWS_EC2_METADATA_DISABLED: 'true', ...environment });
      const code = await process.ended;
      expect(process.output.trim().split('\n')).to.have.length(1);
      expect(process.output).not.to.match(/\n\s+at /);
      return { code, line: process.output.trim() };
    };
    const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAREFUSED', AWS_SECRET_ACCESS_KEY: 'x' };

    it('when there are no AWS credentials', async () => {
      const { code, line } = await refused({ AWS_ENDPOINT_URL: sandbox.awsUrl });
      expect(code).to.equal(1);
      expect(line).to.match(/^karpenter-ts: no AWS credentials: .*; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
    });

    it('when AWS refuses the credentials', async () => {
      const aws = createAws({ clock: systemClock(), random: seededRandom(1) });
      const { url } = await aws.listen();
      aws.faults.fail('ec2:DescribeInstanceTypes', { reason: 'AuthFailure', message: 'AWS was not able to validate the provided access credentials', status: 401, times: 5 });
      const { code, line } = await refused({ ...KEYS, AWS_ENDPOINT_URL: url });
      await aws.close();
      expect(code).to.equal(1);
      expect(line).to.equal(`karpenter-ts: AWS refuses ec2:DescribeInstanceTypes in ${url}: AuthFailure: AWS was not able to validate the provided access credentials`);
    });

    it('when AWS cannot be reached', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const { code, line } = await refused({ ...KEYS, AWS_ENDPOINT_URL: url });
      expect(code).to.equal(1);
      expect(line).to.match(new RegExp(`^karpenter-ts: cannot reach EC2 in ${url}: .*ECONNREFUSED`));
    });

    it('when the kubeconfig cannot be read', async () => {
      const path = join(sandbox.folder, 'broken');
      writeFileSync(path, 'clusters: [\n');
      const { code, line } = await refused({ ...KEYS, KUBECONFIG: path });
      expect(code).to.equal(1);
      expect(line).to.match(/^karpenter-ts: cannot read the kubeconfig/);
    });

    it('when its log cannot be opened', async () => {
      const { code, line } = await refused(KEYS, ['--log-output-paths', join(sandbox.folder, 'no/such/folder.log')]);
      expect(code).to.equal(1);
      expect(line).to.match(/^karpenter-ts: cannot open the log .*no such file or directory/);
    });
  });
});
