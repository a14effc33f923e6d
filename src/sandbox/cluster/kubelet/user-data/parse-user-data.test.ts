import { expect } from 'chai';
import { BootFailure } from './boot-config.js';
import { parseUserData, sniffFamily } from './parse-user-data.js';

const karpenterScript = (cluster = 'my-cluster') => `#!/bin/bash -xe
exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1
/etc/eks/bootstrap.sh '${cluster}' --apiserver-endpoint 'https://api' --b64-cluster-ca 'Q0E=' \\
--dns-cluster-ip '10.100.0.10' \\
--use-max-pods false \\
--kubelet-extra-args '--node-labels="karpenter.sh/capacity-type=spot,workload=frontend" --register-with-taints="workload=frontend:NoSchedule,karpenter.sh/unregistered:NoExecute" --max-pods=17 --system-reserved="cpu=100m,memory=100Mi" --eviction-hard="memory.available<5%"'`;

const mime = (...parts: [string, string][]): string =>
  ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="//"', '', ...parts.flatMap(([type, body]) => ['--//', `Content-Type: ${type}; charset="us-ascii"`, '', body, '']), '--//--', ''].join('\n');

const GUIDE = '#!/bin/bash\n/etc/eks/bootstrap.sh ecommerce-cluster\n# Frontend optimizations\necho "net.core.somaxconn = 65535" >> /etc/sysctl.conf\nsysctl -p\n';

const nodeConfig = (cluster: object, kubelet: object = {}): string => JSON.stringify({ apiVersion: 'node.eks.aws/v1alpha1', kind: 'NodeConfig', spec: { cluster, kubelet } });
const CLUSTER = { name: 'my-cluster', apiServerEndpoint: 'https://api', certificateAuthority: 'Q0E=', cidr: '10.100.0.0/16' };

describe('AL2 user data', () => {
  it('is read from the arguments of bootstrap.sh and of the kubelet', () => {
    expect(parseUserData(mime(['text/x-shellscript', karpenterScript()]), 'AL2')).to.deep.equal({
      clusterName: 'my-cluster', endpoint: 'https://api', certificateAuthority: 'Q0E=', clusterDNS: ['10.100.0.10'], maxPods: 17,
      labels: { 'karpenter.sh/capacity-type': 'spot', workload: 'frontend' },
      taints: [{ key: 'workload', value: 'frontend', effect: 'NoSchedule' }, { key: 'karpenter.sh/unregistered', effect: 'NoExecute' }],
      systemReserved: { cpu: '100m', memory: '100Mi' }, evictionHard: { 'memory.available': '5%' },
    });
  });

  it('that bootstraps itself first is overruled by the last call', () => {
    const config = parseUserData(mime(['text/x-shellscript', GUIDE], ['text/x-shellscript', karpenterScript()]), 'AL2');
    expect(config.clusterName).to.equal('my-cluster');
    expect(config.labels).to.include({ workload: 'frontend' });
  });

  it('of the guide alone joins without labels and taints of ours', () => {
    expect(parseUserData(GUIDE, 'AL2')).to.deep.equal({ clusterName: 'ecommerce-cluster', labels: {}, taints: [] });
  });

  it('knows shell variables, quotes and comments', () => {
    const script = '#!/bin/bash\nNAME="my cluster"\n# /etc/eks/bootstrap.sh commented\n/etc/eks/bootstrap.sh "${NAME}" --kubelet-extra-args "--max-pods 5"; true';
    expect(parseUserData(script, 'AL2')).to.deep.include({ clusterName: 'my cluster', maxPods: 5 });
  });

  it('without a call of bootstrap.sh never starts a kubelet', () => {
    expect(() => parseUserData('#!/bin/bash\necho hello', 'AL2')).to.throw(BootFailure, 'never called');
  });

  it('with a taint that is none stops the kubelet', () => {
    expect(() => parseUserData("/etc/eks/bootstrap.sh c --kubelet-extra-args '--register-with-taints=a=b:Never'".replace(/^/, '#!/bin/bash\n'), 'AL2')).to.throw(BootFailure, 'invalid taint spec: a=b:Never');
  });
});

describe('AL2023 user data', () => {
  it('is merged from its NodeConfigs, the last one winning', () => {
    const first = nodeConfig({ ...CLUSTER, name: 'other' }, { config: { maxPods: 5, clusterDNS: ['1.1.1.1'] }, flags: ['--node-labels=a=1'] });
    const last = `# Karpenter Generated NodeConfig\n${nodeConfig(CLUSTER, { config: { maxPods: 29, registerWithTaints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }], kubeReserved: { cpu: '90m' } }, flags: ['--node-labels="b=2,c=3"'] })}`;
    expect(parseUserData(mime(['application/node.eks.aws', first], ['text/x-shellscript', '#!/bin/bash\necho hi'], ['application/node.eks.aws', last]), 'AL2023')).to.deep.equal({
      clusterName: 'my-cluster', endpoint: 'https://api', certificateAuthority: 'Q0E=', clusterDNS: ['1.1.1.1'], maxPods: 29, kubeReserved: { cpu: '90m' },
      labels: { a: '1', b: '2', c: '3' }, taints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }],
    });
  });

  it('needs the service range of its cluster', () => {
    const { cidr: _cidr, ...cluster } = CLUSTER;
    expect(() => parseUserData(nodeConfig(cluster), 'AL2023')).to.throw(BootFailure, 'spec.cluster.cidr is missing');
  });

  it('knows no bootstrap.sh', () => {
    expect(() => parseUserData(GUIDE, 'AL2023')).to.throw(BootFailure, 'no NodeConfig');
  });
});

describe('Bottlerocket user data', () => {
  const TOML = `[settings]
[settings.kubernetes]
api-server = 'https://api'
cluster-certificate = "Q0E="
cluster-name = 'my-cluster'
max-pods = 29
cluster-dns-ip = '10.100.0.10' # one
[settings.kubernetes.node-labels]
'karpenter.sh/capacity-type' = 'spot'
workload = "a"
[settings.kubernetes.node-taints]
'karpenter.sh/unregistered' = [':NoExecute']
workload = ['a:NoSchedule', 'b:PreferNoSchedule']
[settings.kubernetes.kube-reserved]
cpu = '90m'
[settings.bootstrap-commands.000-mount-instance-storage]
commands = [['apiclient', 'ephemeral-storage', 'init'], ['apiclient', 'ephemeral-storage', 'bind', '--dirs', '/var/lib/kubelet']]
mode = 'always'
`;

  it('is read from its settings', () => {
    expect(parseUserData(TOML, 'Bottlerocket')).to.deep.equal({
      clusterName: 'my-cluster', endpoint: 'https://api', certificateAuthority: 'Q0E=', clusterDNS: ['10.100.0.10'], maxPods: 29, kubeReserved: { cpu: '90m' }, localDisks: true,
      labels: { 'karpenter.sh/capacity-type': 'spot', workload: 'a' },
      taints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }, { key: 'workload', value: 'a', effect: 'NoSchedule' }, { key: 'workload', value: 'b', effect: 'PreferNoSchedule' }],
    });
  });

  it('that is no TOML says in which line', () => {
    expect(() => parseUserData('[settings]\nkubernetes = oops', 'Bottlerocket')).to.throw(BootFailure, 'line 2: oops is not a value');
  });
});

describe('Windows user data', () => {
  it('is read from the call of Start-EKSBootstrap.ps1', () => {
    const script = `<powershell>
Write-Host "custom"
[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"
& $EKSBootstrapScriptFile -EKSClusterName 'my-cluster' -APIServerEndpoint 'https://api' -Base64ClusterCA 'Q0E=' -KubeletExtraArgs '--node-labels="a=b" --max-pods=110' -DNSClusterIP '10.100.0.10'
</powershell>`;
    expect(parseUserData(script, 'Windows')).to.deep.equal({
      clusterName: 'my-cluster', endpoint: 'https://api', certificateAuthority: 'Q0E=', clusterDNS: ['10.100.0.10'], maxPods: 110, labels: { a: 'b' }, taints: [],
    });
  });
});

describe('The family of an image that nobody names', () => {
  it('is told by its user data', () => {
    expect(sniffFamily(GUIDE)).to.equal('AL2');
    expect(sniffFamily(nodeConfig(CLUSTER))).to.equal('AL2023');
    expect(sniffFamily('[settings.kubernetes]\ncluster-name = "a"')).to.equal('Bottlerocket');
    expect(sniffFamily('<powershell>\n</powershell>')).to.equal('Windows');
    expect(sniffFamily(mime(['application/node.eks.aws', nodeConfig(CLUSTER)]))).to.equal('AL2023');
  });
});
