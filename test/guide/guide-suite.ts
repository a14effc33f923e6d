import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Node, Pod } from '../../src/operator/index.js';
import { eventually, hasKubectl } from '../support/sandbox-process.js';
import type { SandboxProcess } from '../support/sandbox-process.js';

export const GUIDE = 'config/samples/guide';

/** The guide's debug script as printed (its section "Debugging Commands"). */
const DEBUG_SCRIPT = String.raw`#!/bin/bash
echo "=== Karpenter Debug Information ==="
kubectl get pods -n karpenter -o wide
kubectl get nodepools -o wide
kubectl get nodeclaims -o wide
kubectl get ec2nodeclasses -o wide
kubectl get pods --all-namespaces --field-selector=status.phase=Pending
kubectl top nodes 2>/dev/null || echo "Metrics server not available"
kubectl get events -n karpenter --sort-by='.lastTimestamp' | tail -20
kubectl logs -n karpenter -l app.kubernetes.io/name=karpenter --tail=50
aws ec2 describe-instances --filters "Name=tag:karpenter.sh/cluster,Values=my-cluster" \
  --query 'Reservations[].Instances[].{InstanceId:InstanceId,InstanceType:InstanceType,State:State.Name,LaunchTime:LaunchTime}' \
  --output table
`;

/** Applies the guide as it says, and does with it what it does, on a cluster that runs with its operator. */
export function guideSuite(sandbox: SandboxProcess): void {
  const pods = async (app: string): Promise<Pod[]> => (await sandbox.get<{ items: Pod[] }>(`/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`)).items;
  const nodeOf = async (pod: Pod | undefined): Promise<Node> => sandbox.get<Node>(`/api/v1/nodes/${pod?.spec.nodeName}`);
  const isRunning = ({ status }: Pod): boolean => status.phase === 'Running';
  const hasAws = async (): Promise<boolean> => (await sandbox.run('bash', ['-c', 'command -v aws'])).code === 0;
  const kubectl = (name: string, ...args: string[]): void => {
    it(`kubectl ${name}`, async function run() {
      if (!hasKubectl) this.skip();
      await sandbox.kubectl(...args);
    });
  };

  before(async () => {
    if (!hasKubectl) return;
    for (const snippet of ['01-snippet-asg-groups.yaml', '05-snippet-requirements.yaml']) {
      expect((await sandbox.run('kubectl', ['apply', '--dry-run=client', '-f', join(GUIDE, snippet)])).code, `${snippet} is no object`).to.not.equal(0);
    }
    const { stdout } = await sandbox.run('bash', ['-c', `ls ${GUIDE}/*.yaml | grep -v snippet`]);
    for (const file of stdout.trim().split('\n')) await sandbox.kubectl('apply', '-f', file);
  });

  it('gets all of its pods running', () =>
    eventually('all pods run', 60_000 * sandbox.patience, async () => {
      const all = (await Promise.all(['frontend', 'user-service', 'postgresql'].map(pods))).flat();
      return (all.length === 9 && all.every(isRunning)) || all.map(({ metadata, status }) => `${metadata.name}=${status.phase}`).join(' ');
    }));

  it('runs the frontend on one spot t3.medium', async () => {
    const found = await pods('frontend');
    expect(new Set(found.map(({ spec }) => spec.nodeName)).size).to.equal(1);
    expect((await nodeOf(found[0])).metadata.labels).to.include({ 'node.kubernetes.io/instance-type': 't3.medium', 'karpenter.sh/capacity-type': 'spot', 'karpenter.sh/nodepool': 'frontend', workload: 'frontend' });
  });

  it('runs user-service on one c5.large, or on an m5.large where its spot price is lower', async () => {
    const found = await pods('user-service');
    expect(new Set(found.map(({ spec }) => spec.nodeName)).size).to.equal(1);
    const { labels } = (await nodeOf(found[0])).metadata;
    expect(labels['node.kubernetes.io/instance-type']).to.be.oneOf(['c5.large', 'm5.large']);
    expect(labels).to.include({ 'karpenter.sh/nodepool': 'backend-services', workload: 'backend' });
  });

  it('runs postgresql on one on-demand r5.xlarge in the zone of its volume', async () => {
    const [pod] = await pods('postgresql');
    const { labels } = (await nodeOf(pod)).metadata;
    expect(labels).to.include({ 'node.kubernetes.io/instance-type': 'r5.xlarge', 'karpenter.sh/capacity-type': 'on-demand', 'karpenter.sh/nodepool': 'database' });
    const volumes = await sandbox.get<{ items: { spec: { nodeAffinity: { required: { nodeSelectorTerms: { matchExpressions: { values: string[] }[] }[] } } } }[] }>('/api/v1/persistentvolumes');
    expect(volumes.items).to.have.length(1);
    expect(volumes.items[0]?.spec.nodeAffinity.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values).to.deep.equal([labels['topology.kubernetes.io/zone']]);
  });

  it('keeps every field of the guide\'s secure node class, kmsKeyId under the API\'s name', async () => {
    const { spec } = await sandbox.get<{ spec: { blockDeviceMappings: { ebs: object }[]; role?: string } }>('/apis/karpenter.k8s.aws/v1/ec2nodeclasses/secure');
    expect(spec.blockDeviceMappings[0]?.ebs).to.include({ kmsKeyID: 'alias/ebs-encryption-key', encrypted: true });
  });

  describe('its commands', () => {
    kubectl('get pods -n karpenter', 'get', 'pods', '-n', 'karpenter');
    kubectl('logs -n karpenter -l app.kubernetes.io/name=karpenter', 'logs', '-n', 'karpenter', '-l', 'app.kubernetes.io/name=karpenter');
    for (const kind of ['nodepools', 'nodeclaims', 'ec2nodeclasses']) kubectl(`get ${kind}`, 'get', kind);
    kubectl('get nodeclaims -o wide', 'get', 'nodeclaims', '-o', 'wide');
    kubectl('describe nodepool frontend', 'describe', 'nodepool', 'frontend');
    kubectl('describe pod postgresql-0', 'describe', 'pod', 'postgresql-0');
    kubectl('explain nodepool.spec.disruption', 'explain', 'nodepool.spec.disruption');
    kubectl('wait --for=condition=Ready nodeclaims --all', 'wait', '--for=condition=Ready', 'nodeclaims', '--all', '--timeout=20s');
    kubectl('events', 'events');

    for (const [field, lines] of [['disruption', 10], ['requirements', 20]] as const) {
      it(`kubectl get nodepool frontend -o yaml | grep -A ${lines} ${field}`, async function grep() {
        if (!hasKubectl) this.skip();
        expect((await sandbox.kubectl('get', 'nodepool', 'frontend', '-o', 'yaml')).split('\n').map((line) => line.trim())).to.include(`${field}:`);
      });
    }

    it('kubectl logs -f -n karpenter -l app.kubernetes.io/name=karpenter goes on until it is stopped', async function follow() {
      if (!hasKubectl) this.skip();
      const follows = 'exec 3< <(kubectl logs -f -n karpenter -l app.kubernetes.io/name=karpenter); read -r line <&3 && kill $! && echo "$line"';
      const { code, stdout, stderr } = await sandbox.run('bash', ['-c', follows]);
      expect(code, stderr).to.equal(0);
      expect(stdout.trim()).to.not.equal('');
    });

    it('aws ec2 describe-instance-type-offerings lists the types of a zone', async function offerings() {
      if (!await hasAws()) this.skip();
      const { code, stdout, stderr } = await sandbox.run('aws', ['ec2', 'describe-instance-type-offerings', '--location-type', 'availability-zone', '--filters', 'Name=location,Values=us-west-2a', '--output', 'text']);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include('t3.medium');
    });

    it('kubectl get crd names the three kinds', async function crds() {
      if (!hasKubectl) this.skip();
      const names = (await sandbox.kubectl('get', 'crd', '-o', 'name')).trim().split('\n').filter((name) => name.includes('karpenter'));
      expect(names.map((name) => name.split('/')[1])).to.include.members(['ec2nodeclasses.karpenter.k8s.aws', 'nodeclaims.karpenter.sh', 'nodepools.karpenter.sh']);
    });

    it('kubectl top nodes shows every node', async function top() {
      if (!hasKubectl) this.skip();
      expect((await sandbox.kubectl('top', 'nodes')).trim().split('\n').length).to.be.greaterThan(3);
    });

    it('kubectl annotate node karpenter.sh/do-not-evict- succeeds', async function annotate() {
      if (!hasKubectl) this.skip();
      const [pod] = await pods('frontend');
      await sandbox.kubectl('annotate', 'node', pod?.spec.nodeName ?? '', 'karpenter.sh/do-not-evict-');
    });

    it('the debug script runs to the end', async function debugScript() {
      if (!hasKubectl) this.skip();
      const bin = join(sandbox.folder, 'bin');
      mkdirSync(bin);
      const script = join(bin, 'karpenter-debug.sh');
      writeFileSync(script, DEBUG_SCRIPT);
      if (!await hasAws()) {
        console.warn('NOT RUN: the AWS CLI is not on the path; a stand-in makes its call of the debug script');
        writeFileSync(join(bin, 'aws'), AWS_STAND_IN);
        chmodSync(join(bin, 'aws'), 0o755);
      }
      const { code, stdout, stderr } = await sandbox.run('bash', [script], { path: bin });
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include('t3.medium');
    });
  });
}

/** Makes the one call of the AWS CLI that the script has, without the CLI. */
const AWS_STAND_IN = `#!/bin/sh
exec curl -sf "$AWS_ENDPOINT_URL/" -H 'authorization: AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-west-2/ec2/aws4_request, SignedHeaders=host, Signature=0' \\
  -H 'content-type: application/x-www-form-urlencoded' \\
  -d 'Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag:karpenter.sh/cluster&Filter.1.Value.1=my-cluster'
`;
