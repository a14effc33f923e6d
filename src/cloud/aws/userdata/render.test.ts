import { expect } from 'chai';
import { parse } from 'yaml';
import { UNREGISTERED_TAINT } from '../../../api/taints.js';
import { NodeClassNotReady } from '../../errors.js';
import { bottlerocketVersion } from './bottlerocket.js';
import { InvalidUserData } from './bootstrap.js';
import type { Bootstrap } from './bootstrap.js';
import { parseMime } from './mime.js';
import { renderUserData } from './render.js';
import { parseToml } from './toml.js';

const bootstrap = (changes: Partial<Bootstrap> = {}): Bootstrap => ({
  clusterName: 'my-cluster',
  clusterEndpoint: 'https://example.com',
  caBundle: 'Y2E=',
  clusterCIDR: '10.100.0.0/16',
  labels: { 'karpenter.sh/capacity-type': 'spot', team: 'a' },
  taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }, UNREGISTERED_TAINT],
  kubelet: { maxPods: 29, clusterDNS: ['10.100.0.10'] },
  custom: '',
  ...changes,
});

const everyKubeletField = {
  clusterDNS: ['10.100.0.10'], maxPods: 42, podsPerCore: 2, systemReserved: { memory: '100Mi', cpu: '100m' }, kubeReserved: { cpu: '200m' },
  evictionHard: { 'memory.available': '5%', 'nodefs.available': '10%' }, evictionSoft: { 'memory.available': '10%' }, evictionSoftGracePeriod: { 'memory.available': '90s' },
  evictionMaxPodGracePeriod: 60, imageGCHighThresholdPercent: 85, imageGCLowThresholdPercent: 80, cpuCFSQuota: false,
};

describe('user data of AL2', () => {
  it('calls the bootstrap script, options without equals signs', () => {
    expect(renderUserData('AL2', bootstrap({ instanceStorePolicy: 'RAID0' }))).to.equal([
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="//"',
      '',
      '--//',
      'Content-Type: text/x-shellscript; charset="us-ascii"',
      '',
      '#!/bin/bash -xe',
      'exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1',
      "/etc/eks/bootstrap.sh 'my-cluster' --apiserver-endpoint 'https://example.com' --b64-cluster-ca 'Y2E=' \\",
      "--dns-cluster-ip '10.100.0.10' \\",
      '--use-max-pods false \\',
      `--kubelet-extra-args '--node-labels="karpenter.sh/capacity-type=spot,team=a" --register-with-taints="dedicated=gpu:NoSchedule,karpenter.sh/unregistered:NoExecute" --max-pods=29' \\`,
      '--local-disks raid0',
      '--//--',
      '',
    ].join('\n'));
  });

  it('passes every kubelet field as a flag, in order', () => {
    const text = renderUserData('AL2', bootstrap({ kubelet: everyKubeletField, labels: {}, taints: [] }));
    expect(/--kubelet-extra-args '([^']*)'/.exec(text)?.[1]).to.equal([
      '--max-pods=42 --pods-per-core=2 --system-reserved="cpu=100m,memory=100Mi" --kube-reserved="cpu=200m" --eviction-hard="memory.available<5%,nodefs.available<10%"',
      '--eviction-soft="memory.available<10%" --eviction-soft-grace-period="memory.available=1m30s" --eviction-max-pod-grace-period=60 --image-gc-high-threshold=85 --image-gc-low-threshold=80 --cpu-cfs-quota=false',
    ].join(' '));
  });

  it('speaks IPv6 when the DNS service does', () => {
    expect(renderUserData('AL2', bootstrap({ kubelet: { clusterDNS: ['fd4e::a'] } }))).to.contain('--ip-family ipv6').and.to.contain("--dns-cluster-ip 'fd4e::a'");
    expect(renderUserData('AL2', bootstrap())).to.not.contain('--ip-family');
  });

  it("puts the user's parts first: a script as one part, a multipart document as its parts", () => {
    const script = parseMime(renderUserData('AL2', bootstrap({ custom: '#!/bin/bash\necho mine\n' })));
    expect(script.map(({ body }) => body.split('\n')[1])).to.deep.equal(['echo mine', 'exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1']);
    const custom = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=BOUND\r\n\r\n--BOUND\r\nContent-Type: text/cloud-config\r\n\r\nruncmd: []\r\n--BOUND\r\nContent-Type: text/x-shellscript\r\n\r\necho two\r\n--BOUND--\r\n';
    const parts = parseMime(renderUserData('AL2', bootstrap({ custom })));
    expect(parts.map(({ contentType }) => contentType)).to.deep.equal(['text/cloud-config', 'text/x-shellscript', 'text/x-shellscript; charset="us-ascii"']);
    expect(parts[0]?.body.trim()).to.equal('runcmd: []');
  });

  it('refuses a multipart document without a boundary, naming the field', () => {
    expect(() => renderUserData('AL2', bootstrap({ custom: 'Content-Type: multipart/mixed\n\nx' }))).to.throw(InvalidUserData, 'spec.userData').with.property('reason', 'InvalidUserData');
  });
});

describe('user data of AL2023', () => {
  const nodeConfigOf = (text: string) => parse(parseMime(text).at(-1)?.body ?? '') as { apiVersion: string; kind: string; spec: { cluster: object; kubelet: { config: object; flags?: string[] }; instance: object } };

  it('is a NodeConfig with the kubelet configuration as it is', () => {
    const config = nodeConfigOf(renderUserData('AL2023', bootstrap({ instanceStorePolicy: 'RAID0' })));
    expect(config).to.deep.equal({
      apiVersion: 'node.eks.aws/v1alpha1',
      kind: 'NodeConfig',
      metadata: {},
      spec: {
        cluster: { name: 'my-cluster', apiServerEndpoint: 'https://example.com', certificateAuthority: 'Y2E=', cidr: '10.100.0.0/16' },
        containerd: {},
        instance: { localStorage: { strategy: 'RAID0' } },
        kubelet: {
          config: {
            maxPods: 29, clusterDNS: ['10.100.0.10'],
            registerWithTaints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }, { key: 'karpenter.sh/unregistered', effect: 'NoExecute' }],
          },
          flags: ['--node-labels="karpenter.sh/capacity-type=spot,team=a"'],
        },
      },
    });
    expect(nodeConfigOf(renderUserData('AL2023', bootstrap({ labels: {} }))).spec.kubelet).to.not.have.property('flags');
  });

  it("comes last, after the user's NodeConfig, script or parts", () => {
    const types = (custom: string) => parseMime(renderUserData('AL2023', bootstrap({ custom }))).map(({ contentType }) => contentType);
    expect(types('apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n')).to.deep.equal(['application/node.eks.aws', 'application/node.eks.aws']);
    expect(types('#!/bin/bash\necho mine')).to.deep.equal(['text/x-shellscript; charset="us-ascii"', 'application/node.eks.aws']);
    expect(types('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nx\n--b--')).to.deep.equal(['text/plain', 'application/node.eks.aws']);
  });

  it('needs the service CIDR', () => {
    expect(() => renderUserData('AL2023', bootstrap({ clusterCIDR: '' }))).to.throw(NodeClassNotReady);
  });
});

describe('user data of Bottlerocket', () => {
  const settingsOf = (changes: Partial<Bootstrap> = {}) => parseToml(renderUserData('Bottlerocket', bootstrap(changes)))['settings'] as Record<string, Record<string, unknown>>;

  it('is TOML with the cluster, labels, and lists of taints', () => {
    expect(settingsOf()).to.deep.equal({
      kubernetes: {
        'cluster-name': 'my-cluster', 'api-server': 'https://example.com', 'cluster-certificate': 'Y2E=', 'max-pods': 29, 'cluster-dns-ip': '10.100.0.10',
        'node-labels': { 'karpenter.sh/capacity-type': 'spot', team: 'a' },
        'node-taints': { dedicated: ['gpu:NoSchedule'], 'karpenter.sh/unregistered': [':NoExecute'] },
      },
    });
  });

  it("keeps the user's settings where Karpenter has none: known Kubernetes keys, and other tables", () => {
    const custom = `
      [settings.kubernetes]
      pod-pids-limit = 1000
      max-pods = 5
      unknown-key = "dropped"
      [settings.kubernetes.node-labels]
      team = "user"
      mine = "kept"
      [settings.kubernetes.node-taints]
      lost = "x:NoSchedule"
      [settings.kernel.sysctl]
      "net.core.rmem_max" = "8388608"
      [elsewhere]
      lost = true`;
    const { kubernetes, kernel } = settingsOf({ custom });
    expect(kubernetes).to.include({ 'pod-pids-limit': 1000, 'max-pods': 29 }).and.to.not.have.property('unknown-key');
    expect(kubernetes?.['node-labels']).to.deep.equal({ 'karpenter.sh/capacity-type': 'spot', team: 'a', mine: 'kept' });
    expect(kubernetes?.['node-taints']).to.not.have.property('lost');
    expect(kernel).to.deep.equal({ sysctl: { 'net.core.rmem_max': '8388608' } });
    expect(renderUserData('Bottlerocket', bootstrap({ custom }))).to.not.contain('elsewhere');
  });

  it('maps the kubelet configuration, percentages as strings, and ignores podsPerCore', () => {
    expect(settingsOf({ kubelet: everyKubeletField })['kubernetes']).to.deep.include({
      'max-pods': 42, 'system-reserved': { cpu: '100m', memory: '100Mi' }, 'kube-reserved': { cpu: '200m' }, 'eviction-hard': { 'memory.available': '5%', 'nodefs.available': '10%' },
      'eviction-soft-grace-period': { 'memory.available': '90s' }, 'eviction-max-pod-grace-period': 60, 'image-gc-high-threshold-percent': '85', 'image-gc-low-threshold-percent': '80', 'cpu-cfs-quota-enforced': false,
    }).and.to.not.have.property('pods-per-core');
  });

  it('mounts instance storage, naming directories where the version needs them', () => {
    const commandsOf = (version?: string) => (settingsOf({ instanceStorePolicy: 'RAID0', ...(version ? { bottlerocketVersion: version } : {}) })['bootstrap-commands']?.['000-mount-instance-storage']);
    expect(commandsOf('1.45.0')).to.deep.equal({
      commands: [['apiclient', 'ephemeral-storage', 'init'], ['apiclient', 'ephemeral-storage', 'bind', '--dirs', '/var/lib/containerd', '/var/lib/kubelet', '/var/log/pods']], essential: true, mode: 'always',
    });
    for (const version of ['1.46.0', '2.0.0', 'latest']) expect(commandsOf(version)).to.have.nested.property('commands[1]').that.deep.equals(['apiclient', 'ephemeral-storage', 'bind']);
    expect(commandsOf()).to.have.nested.property('commands[1]').that.includes('--dirs');
  });

  it('refuses what is not TOML, with the line', () => {
    expect(() => renderUserData('Bottlerocket', bootstrap({ custom: '[settings]\nkubernetes = yes' }))).to.throw(InvalidUserData, 'line 2');
  });

  it("finds its version in the alias, in a term's name, or in its images' names", () => {
    const nodeClass = (terms: object[], amis: object[] = []) => ({ spec: { subnetSelectorTerms: [], securityGroupSelectorTerms: [], amiSelectorTerms: terms }, status: { amis: amis as never } });
    expect(bottlerocketVersion(nodeClass([{ alias: 'bottlerocket@latest' }]))).to.equal('latest');
    expect(bottlerocketVersion(nodeClass([{ alias: 'bottlerocket@v1.20.3' }]))).to.equal('1.20.3');
    expect(bottlerocketVersion(nodeClass([{ name: 'bottlerocket-aws-k8s-1.31-x86_64-v1.26.1-943d9a41' }]))).to.equal('1.26.1');
    expect(bottlerocketVersion(nodeClass([{ id: 'ami-1' }], [{ id: 'ami-1', name: 'mine-v1.47.0-x', requirements: [] }]))).to.equal('1.47.0');
    expect(bottlerocketVersion(nodeClass([{ tags: { a: 'b' } }], [{ id: 'ami-2', name: 'bottlerocket-v1.48.0', requirements: [] }]))).to.equal('1.48.0');
    expect(bottlerocketVersion(nodeClass([{ id: 'ami-1' }]))).to.equal(undefined);
  });
});

describe('user data of Windows and Custom', () => {
  it('is one PowerShell block, the commands of the user first', () => {
    expect(renderUserData('Windows2022', bootstrap({ custom: 'Write-Host "mine"\n', taints: [UNREGISTERED_TAINT] }))).to.equal([
      '<powershell>',
      'Write-Host "mine"',
      '[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"',
      `& $EKSBootstrapScriptFile -EKSClusterName 'my-cluster' -APIServerEndpoint 'https://example.com' -Base64ClusterCA 'Y2E=' -KubeletExtraArgs '--node-labels="karpenter.sh/capacity-type=spot,team=a" --register-with-taints="karpenter.sh/unregistered:NoExecute" --max-pods=29' -DNSClusterIP '10.100.0.10'`,
      '</powershell>',
    ].join('\n'));
  });

  it('is the text of the class for Custom, unchanged', () => {
    expect(renderUserData('Custom', bootstrap({ custom: 'anything\r\n' }))).to.equal('anything\r\n');
  });
});
