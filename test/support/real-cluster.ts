import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PROMETHEUS_OPERATOR_CRDS } from '../../src/sandbox/prometheus-operator-crds.js';
import type { ControlPlane } from './control-plane.js';
import { startControlPlane } from './control-plane.js';
import { OperatorProcess } from './operator-process.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { ROOT, SandboxProcess } from './sandbox-process.js';

/** Kubernetes' own control plane, with the sandbox's machines and AWS attached to it, on which Karpenter is installed as users do. */
export class RealCluster extends SandboxProcess {
  override readonly patience = 5;
  /** Where the service of webhooks leads. */
  webhookPort = 0;
  private running: ControlPlane | undefined;
  private operators = 0;

  get plane(): ControlPlane {
    if (!this.running) throw new Error('the control plane has not been started');
    return this.running;
  }

  /** Starts the control plane with its controllers. */
  async startPlane(...apiServerFlags: readonly string[]): Promise<void> {
    const elected = ['--leader-elect=true'];
    this.running = await startControlPlane({
      controllerManager: true, scheduler: true, flags: { 'kube-apiserver': apiServerFlags, 'kube-controller-manager': elected, 'kube-scheduler': elected },
    });
    this.kubeconfig = this.plane.kubeconfigFile;
    this.webhookPort = await freePort();
  }

  /** `kubectl apply -k` of config/default with what a cluster without a network for pods needs; returns what kubectl said on standard error. */
  async install(): Promise<string> {
    const crds = join(this.folder, 'prometheus-operator.json');
    writeFileSync(crds, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: PROMETHEUS_OPERATOR_CRDS }));
    await this.kubectl('apply', '-f', crds);
    await this.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s');
    const overlay = join(this.folder, 'overlay');
    mkdirSync(overlay);
    writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify(this.overlay(relative(overlay, join(ROOT, 'config/default')))));
    const { code, stderr, stdout } = await this.run('kubectl', ['apply', '-k', overlay]);
    if (code !== 0) throw new Error(`kubectl apply -k config/default ended with ${code}:\n${stdout}${stderr}`);
    return stderr;
  }

  /** Attaches machines and AWS. */
  attach(): Promise<this> {
    return this.launch('--kubeconfig', this.kubeconfig, '--no-operator', '--boot-delay', '2s');
  }

  /** A new token of Karpenter's service account. */
  async token(): Promise<string> {
    return (await this.kubectl('create', 'token', 'karpenter', '-n', 'karpenter', '--duration=4h')).trim();
  }

  /** The operator as a process outside of the cluster, with the token of its service account and no other permission. */
  async operator({ token, environment = {}, flags = [] }: { token?: string; environment?: NodeJS.ProcessEnv; flags?: readonly string[] } = {}): Promise<OperatorProcess> {
    this.operators += 1;
    const kubeconfig = join(this.folder, `karpenter-${this.operators}.kubeconfig`);
    writeFileSync(kubeconfig, this.plane.kubeconfig(token ?? await this.token()));
    // The guide's Amazon Linux 2 ended with Kubernetes 1.32, which the sandbox's EKS has.
    return new OperatorProcess(
      { environment: { ...this.environment, ...environment, KUBECONFIG: kubeconfig, SYSTEM_NAMESPACE: 'karpenter' } }, '--eks-control-plane', '--webhook-port', String(this.webhookPort), ...flags,
    );
  }

  override async stop(): Promise<number | null> {
    const code = await super.stop();
    await this.running?.stop();
    return code;
  }

  private overlay(base: string): object {
    const service = { type: 'ExternalName', externalName: 'localhost' };
    return {
      apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: [base],
      patches: [
        { target: { kind: 'Service', name: 'karpenter' }, patch: JSON.stringify([{ op: 'replace', path: '/spec', value: service }]) },
        ...['nodepools.karpenter.sh', 'nodeclaims.karpenter.sh', 'ec2nodeclasses.karpenter.k8s.aws'].map((name) => ({
          target: { kind: 'CustomResourceDefinition', name }, patch: JSON.stringify([{ op: 'replace', path: '/spec/conversion/webhook/clientConfig/service/port', value: this.webhookPort }]),
        })),
        // There is one node that no Karpenter manages.
        { target: { kind: 'Deployment', name: 'karpenter' }, patch: JSON.stringify([{ op: 'replace', path: '/spec/replicas', value: 1 }]) },
      ],
    };
  }
}
