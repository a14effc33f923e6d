import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { operatorOptions } from '../../src/cli/operator-options.js';
import { ROOT, SandboxProcess, hasKubectl } from '../support/sandbox-process.js';
import { byKind, kustomize, manifestsIn, only } from '../support/manifests.js';
import type { Container, DeploymentSpec, Manifest } from '../support/manifests.js';

const HELM = process.env['HELM'] ?? 'helm';
const helm = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(HELM, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
const hasHelm = helm('version').status === 0;

const set = (values: Readonly<Record<string, string>>): string[] => Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
const template = (chart: string, values: Readonly<Record<string, string>>, ...flags: string[]) =>
  helm('template', 'karpenter', `charts/${chart}`, '--namespace', 'karpenter', '--kube-version', '1.34.0', '--include-crds', ...set(values), ...flags);

function render(chart: string, values: Readonly<Record<string, string>>, ...flags: string[]): Manifest[] {
  const { status, stdout, stderr } = template(chart, values, ...flags);
  expect(status, stderr).to.equal(0);
  return manifestsIn(stdout);
}

const podSpec = (manifests: readonly Manifest[]) => (only(manifests, 'Deployment').spec as DeploymentSpec).template.spec;
const controller = (manifests: readonly Manifest[]): Container => podSpec(manifests).containers[0];
const environment = (manifests: readonly Manifest[]): Record<string, string> =>
  Object.fromEntries(controller(manifests).env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));

/** What the guide's `helm install` sets. */
const GUIDE = {
  'settings.clusterName': 'my-cluster', 'settings.interruptionQueue': 'Karpenter-my-cluster',
  'controller.resources.requests.cpu': '1', 'controller.resources.requests.memory': '1Gi', 'controller.resources.limits.cpu': '1', 'controller.resources.limits.memory': '1Gi',
};
const AMBIENT = { AWS_REGION: 'us-west-2', SYSTEM_NAMESPACE: 'karpenter' };

if (hasHelm) describe('charts/karpenter, rendered by Helm', charts);
else console.warn('NOT RUN: helm is neither on the path nor in HELM; `make test-charts` builds it with Go and renders the charts');

function charts(this: Mocha.Suite): void {
  this.timeout(60_000);

  it("takes the guide's values", () => {
    const manifests = render('karpenter', GUIDE);
    expect(controller(manifests)).to.deep.include({ image: 'karpenter-ts:0.1.0', resources: { requests: { cpu: 1, memory: '1Gi' }, limits: { cpu: 1, memory: '1Gi' } } });
    expect(operatorOptions({}, { ...AMBIENT, ...environment(manifests) }).aws).to.include({ clusterName: 'my-cluster', interruptionQueue: 'Karpenter-my-cluster' });
  });

  it("has the operator's own defaults", () => {
    const options = operatorOptions({}, { ...AMBIENT, ...environment(render('karpenter', { 'settings.clusterName': 'a' })) });
    expect(options).to.deep.equal(operatorOptions({}, { ...AMBIENT, CLUSTER_NAME: 'a' }));
  });

  it('passes every setting on', () => {
    const { settings, aws, ...process } = operatorOptions({}, environment(render('karpenter', {
      'settings.clusterName': 'b', 'settings.clusterEndpoint': 'https://b.example.com', 'settings.clusterCABundle': 'Yg==', 'settings.region': 'eu-west-1', 'settings.interruptionQueue': 'q', 'settings.nodeRole': 'r',
      'settings.isolatedVPC': 'true', 'settings.eksControlPlane': 'true', 'settings.vmMemoryOverheadPercent': '0', 'settings.reservedENIs': '1', 'settings.disableDryRun': 'true', 'settings.enableZonalShift': 'true',
      'settings.amiRefreshInterval': '2m', 'settings.subnetRefreshInterval': '3m', 'settings.batchMaxDuration': '4s', 'settings.batchIdleDuration': '500ms', 'settings.preferencePolicy': 'Ignore', 'settings.minValuesPolicy': 'BestEffort',
      'settings.disableClusterStateObservability': 'true', 'settings.featureGates.nodeRepair': 'true', 'settings.featureGates.reservedCapacity': 'false', 'logLevel': 'debug', 'logOutputPaths': '{stdout,/tmp/log}', 'logErrorOutputPaths': '{stdout}',
      'settings.schedulerConfig': 'podTopologySpread: {defaultConstraints: [{maxSkew: 2\\, topologyKey: zone\\, whenUnsatisfiable: ScheduleAnyway}]}', 'controller.metrics.port': '9090', 'controller.healthProbe.port': '9091',
    })));
    expect(settings).to.deep.include({ batchMaxDuration: 4_000, batchIdleDuration: 500, preferencePolicy: 'Ignore', minValuesPolicy: 'BestEffort', defaultTopologySpread: [{ maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }] });
    expect(settings.featureGates).to.deep.equal({ nodeRepair: true, nodeOverlay: false, reservedCapacity: false, spotToSpotConsolidation: false, staticCapacity: false, capacityBuffer: false });
    expect(aws).to.deep.include({
      clusterName: 'b', clusterEndpoint: 'https://b.example.com', clusterCABundle: 'Yg==', region: 'eu-west-1', interruptionQueue: 'q', nodeRole: 'r', isolatedVPC: true, eksControlPlane: true, vmMemoryOverheadPercent: 0, reservedENIs: 1,
      disableDryRun: true, zonalShift: true, amiRefreshInterval: 120_000, subnetRefreshInterval: 180_000, reservedCapacity: false,
    });
    expect(process).to.deep.include({ metricsPort: 9090, healthProbePort: 9091, logLevel: 'debug', logOutputPaths: 'stdout,/tmp/log', logErrorOutputPaths: 'stdout', clusterStateObservability: false });
  });

  const refusals: readonly [what: string, values: Record<string, string>, saying: RegExp][] = [
    ['no name of the cluster', {}, /settings\.clusterName is required/],
    ['a setting that does not exist', { 'settings.clusterName': 'a', 'settings.clustername': 'a' }, /clustername/],
    ['another type', { 'settings.clusterName': 'a', 'settings.isolatedVPC': 'perhaps' }, /isolatedVPC/],
    ['what the operator cannot do', { 'settings.clusterName': 'a', 'settings.ignoreDRARequests': 'false' }, /ignoreDRARequests/],
  ];
  for (const [what, values, saying] of refusals) {
    it(`refuses ${what}`, () => {
      const { status, stderr } = template('karpenter', values);
      expect(status).to.not.equal(0);
      expect(stderr).to.match(saying);
    });
  }

  it('names the role of IRSA, or a service account that is there', () => {
    const role = 'arn:aws:iam::111122223333:role/KarpenterControllerRole-my-cluster';
    const annotated = render('karpenter', { ...GUIDE, 'serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn': role });
    expect(only(annotated, 'ServiceAccount').metadata.annotations).to.deep.equal({ 'eks.amazonaws.com/role-arn': role });
    const existing = render('karpenter', { ...GUIDE, 'serviceAccount.create': 'false', 'serviceAccount.name': 'mine' });
    expect(byKind(existing, 'ServiceAccount')).to.deep.equal([]);
    expect(podSpec(existing).serviceAccountName).to.equal('mine');
    expect(only(existing, 'ClusterRoleBinding').subjects).to.deep.equal([{ kind: 'ServiceAccount', name: 'mine', namespace: 'karpenter' }]);
  });

  it('has a monitor, alerts and a dashboard for those who ask', () => {
    expect(render('karpenter', GUIDE).map(({ kind }) => kind)).to.not.include.members(['ServiceMonitor', 'PrometheusRule', 'ConfigMap']);
    const manifests = render('karpenter', { ...GUIDE, 'serviceMonitor.enabled': 'true', 'serviceMonitor.endpointConfig.interval': '15s', 'prometheusRule.enabled': 'true', 'grafanaDashboard.enabled': 'true' });
    const [service, monitor] = [only(manifests, 'Service'), only(manifests, 'ServiceMonitor').spec as { selector: { matchLabels: object }; endpoints: object[] }];
    expect(service.metadata.labels).to.include(monitor.selector.matchLabels);
    expect(monitor.endpoints).to.deep.equal([{ port: 'http-metrics', path: '/metrics', interval: '15s' }]);
    expect(only(manifests, 'PrometheusRule').spec).to.deep.equal(only(manifestsIn(readFileSync('config/prometheus/alerts.yaml', 'utf8')), 'PrometheusRule').spec);
    expect(JSON.parse(only(manifests, 'ConfigMap').data?.['karpenter.json'] ?? '')).to.deep.equal(JSON.parse(readFileSync('config/prometheus/dashboard.json', 'utf8')));
  });

  it('answers explanations to those who have the roles, when asked to', () => {
    const manifests = render('karpenter', { ...GUIDE, 'explain.enabled': 'true' });
    expect(environment(manifests)).to.include({ DEBUG_HOST: '0.0.0.0', DEBUG_PORT: '8000' });
    expect(environment(render('karpenter', GUIDE))).not.to.have.any.keys('DEBUG_HOST', 'DEBUG_PORT');
    for (const role of ['explain_role', 'explainer_role', 'explainer_proxy_role'].flatMap((name) => manifestsIn(readFileSync(`config/explain/${name}.yaml`, 'utf8')))) {
      const { kind, metadata: { name } } = role;
      const [mine] = manifests.filter((other) => other.kind === kind && other.metadata.name === name);
      expect(mine, `${kind} ${name}`).to.deep.include('rules' in role ? { rules: role['rules'] } : { roleRef: (role as unknown as { roleRef: object }).roleRef });
    }
  });

  it('installs what config/default does', function sameAsKustomize() {
    if (!hasKubectl) this.skip();
    const [chart, tree] = [render('karpenter', { ...GUIDE, 'settings.region': 'us-west-2' }), kustomize('config/default')];
    const optional = ['Namespace', 'ConfigMap', 'ServiceMonitor', 'PrometheusRule'];
    expect(comparable(chart)).to.deep.equal(comparable(tree.filter(({ kind }) => !optional.includes(kind))));
    expect(environment(chart)).to.include(only(kustomize('config/manager'), 'ConfigMap').data);
  });

  it('installs, upgrades and goes in the sandbox', async () => {
    const sandbox = new SandboxProcess();
    try {
      await sandbox.start('--no-operator');
      const act = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await sandbox.run(HELM, [...args, '--namespace', 'karpenter', ...(args[0] === 'uninstall' ? [] : set(GUIDE))]);
        expect(code, `helm ${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
        return stdout;
      };
      expect(await act('install', 'karpenter', 'charts/karpenter', '--create-namespace')).to.include('karpenter-ts 0.1.0 manages the nodes of my-cluster.');
      const replicas = async () => (await sandbox.get<{ spec?: { replicas: number } }>('/apis/apps/v1/namespaces/karpenter/deployments/karpenter')).spec?.replicas;
      expect(await replicas()).to.equal(2);
      await act('upgrade', 'karpenter', 'charts/karpenter', '--set', 'replicas=3');
      expect(await replicas()).to.equal(3);
      await act('uninstall', 'karpenter');
      expect(await replicas()).to.equal(undefined);
    } finally {
      await sandbox.stop();
    }
  });

  it('charts/karpenter-crd converts at the Service of its namespace', () => {
    const services = render('karpenter-crd', { 'webhook.serviceName': 'other' }, '--namespace', 'autoscaling')
      .flatMap(({ spec }) => (spec as { conversion?: { webhook: { clientConfig: { service: object } } } }).conversion?.webhook.clientConfig.service ?? []);
    expect(services).to.deep.equal(Array.from({ length: 3 }, () => ({ namespace: 'autoscaling', name: 'other', path: '/convert', port: 8443 })));
  });
}

/** Objects without what only names their installer, and without how settings come into the environment. */
function comparable(manifests: readonly Manifest[]): Record<string, unknown> {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'labels' || key === 'matchLabels' || key === 'selector') return Object.fromEntries(Object.entries(inner as Record<string, string>).filter(([name]) => !/^(helm\.sh\/chart|app\.kubernetes\.io\/(instance|version|managed-by))$/.test(name)));
    if (key === 'env') return (inner as Container['env']).filter(({ valueFrom }) => valueFrom);
    return key === 'envFrom' || (key === 'imagePullPolicy' && inner === 'IfNotPresent') || (key === 'dnsPolicy' && inner === 'ClusterFirst') ? undefined : key === 'cpu' ? String(inner) : inner;
  })) as unknown;
  return Object.fromEntries(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, plain(manifest)]));
}
