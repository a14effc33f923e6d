import { stringify } from 'yaml';
import type { JsonObject } from '../../../src/apiserver/index.js';
import { configMap, deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { MERGE } from '../session.js';
import type { Session } from '../session.js';
import type { Topic } from '../suite.js';

/** Tables are as wide as the ages in them, which differ from run to run; so do addresses and dates. */
const mask = (text: string): string => text
  // What its libraries log of watches that end early, now and then.
  .replace(/^W\d{4} \d\d:.*\n/gm, '')
  .replace(/\b(\d+[smhdy]){1,2}\b(?=\s|$| ago)/gm, '<age>').replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<date>').replace(/https?:\/\/(127\.0\.0\.1|localhost):\d+/g, '<server>')
  .replace(/(\S) {2,}/g, '$1  ').replace(/\b10\.96\.\d+\.\d+\b/g, '<cluster ip>')
  .replace(/("?resourceVersion"?: |Resource Version: +)"?\d+"?/g, '$1<version>').replace(/kube-api-access-\w{5}/g, 'kube-api-access-<generated>').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000/g, '<date>')
  // Only where controllers of nodes run is there one that takes this taint away.
  .replace(/\n +node\.kubernetes\.io\/not-ready:NoSchedule/, '');
/** Of an explanation, what is not told in words. */
const skeleton = (text: string): string => text.split('\n').filter((line) => /^(GROUP|KIND|VERSION|FIELDS?|RESOURCE|error)\b|^ *[\w$-]+\t+<|^ *enum: /.test(line)).join('\n');
const yaml = (...objects: JsonObject[]): string => objects.map((object) => stringify(object)).join('---\n');
/** Without what other suites define. */
const builtIn = (text: string): string => text.split('\n').filter((line) => !/\bg-[0-9a-f]{8}\.example\.com|metrics\.k8s\.io/.test(line)).join('\n').replace(/(\S) {2,}/g, '$1  ');

const run = (s: Session, command: string, input?: string): Promise<string> => s.kubectl(command, input, { mask });

export const scenarios: Topic = {
  'objects in every form': async (s) => {
    await s.quiet('POST', s.in('configmaps'), configMap('b', { one: '1', two: '2' }, { labels: { tier: 'web' } }));
    await s.quiet('POST', s.in('configmaps'), configMap('a', {}, { labels: { tier: 'db' }, annotations: { note: 'x' } }));
    await s.quiet('POST', s.in('secrets'), { metadata: { name: 'a' }, stringData: { x: 'y' } });
    for (const command of [
      'get cm', 'get configmaps --no-headers', 'get cm -o wide --show-labels', 'get cm -L tier -l tier', 'get cm a -o yaml', 'get cm b -o json', 'get cm,secrets -o name', 'get cm/a secret/a', 'get cm -o jsonpath={.items[*].metadata.name}', 'get cm b -o jsonpath={.data.one}{"\\n"}',
      'get cm -o custom-columns=NAME:.metadata.name,TIER:.metadata.labels.tier,DATA:.data -l tier', 'get cm -l tier -o go-template={{range.items}}{{.metadata.name}},{{end}}', 'get cm --sort-by=.metadata.name -l tier', 'get cm --sort-by={.metadata.labels.tier} -l tier', 'get cm --field-selector=metadata.name=a',
      'get cm -l tier!=web,tier', 'get cm a b nothing', 'get cm nothing --ignore-not-found', 'get cm nothing', 'get nothing', 'get cm --chunk-size=1 -o name', 'get cm --show-kind -l tier', 'get pods', 'get all', 'get configmaps.v1. a', 'get deployments.v1.apps', 'get deployments.apps -o json', 'get cm a --output-watch-events', 'get cm -l bad=(', 'get --raw /version/nothing', 'get cm a --subresource=status', 'get cm -A --field-selector=metadata.name=b -l tier=web',
    ]) await run(s, command);
  },
  'objects described': async (s) => {
    await s.quiet('POST', s.in('configmaps'), { ...configMap('a', { one: 'first\nsecond' }, { labels: { x: 'y' }, annotations: { note: 'x' } }), binaryData: { bin: 'AAEC' } });
    await s.quiet('POST', s.in('secrets'), { metadata: { name: 'a' }, stringData: { x: 'y' } });
    await s.quiet('POST', s.in('pods'), pod('a', { nodeName: 'n1', tolerations: [{ key: 'x', operator: 'Exists' }], containers: [{ name: 'app', image: 'nginx', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }], resources: { requests: { cpu: '100m' }, limits: { memory: '1Gi' } }, livenessProbe: { httpGet: { path: '/', port: 80 } } }], volumes: [{ name: 'v', emptyDir: {} }] }, { labels: { app: 'x' } }));
    await s.quiet('PATCH', `${s.in('pods')}/a/status`, { status: { phase: 'Running', podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }], hostIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'app', image: 'nginx', imageID: 'x', ready: true, restartCount: 2, state: { running: { startedAt: '2020-01-02T03:04:05Z' } }, lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: '2020-01-02T03:04:05Z', finishedAt: '2020-01-02T03:04:06Z' } } }] } }, { headers: { 'content-type': MERGE } });
    const { body: { metadata: { uid } } } = await s.quiet('GET', `${s.in('pods')}/a`);
    await s.quiet('POST', s.in('events'), { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', name: 'a', namespace: s.namespace, uid }, reason: 'Started', message: 'Started it', type: 'Normal', source: { component: 'kubelet', host: 'n1' }, firstTimestamp: '2020-01-02T03:04:05Z', lastTimestamp: '2020-01-02T03:04:05Z', count: 2 });
    await s.quiet('POST', s.in('deployments', 'apps/v1'), deployment('a', { replicas: 3 }));
    await s.quiet('POST', s.in('services'), { metadata: { name: 'a' }, spec: { clusterIP: 'None', selector: { app: 'x' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } });
    await s.quiet('POST', s.in('poddisruptionbudgets', 'policy/v1'), { metadata: { name: 'a' }, spec: { minAvailable: '50%', selector: { matchLabels: { a: 'b' } } } });
    await s.quiet('POST', s.in('jobs', 'batch/v1'), { metadata: { name: 'a' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'i' }] } } } });
    await s.quiet('POST', s.in('persistentvolumeclaims'), { metadata: { name: 'a' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    await s.quiet('POST', s.in('leases', 'coordination.k8s.io/v1'), { metadata: { name: 'a' }, spec: { holderIdentity: 'me', renewTime: '2020-01-02T03:04:05.000006Z' } });
    await s.quiet('POST', '/api/v1/nodes', { metadata: { name: s.unique('n'), labels: { zone: 'a' } }, spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }], unschedulable: true } });
    await s.quiet('PATCH', `/api/v1/nodes/${s.unique('n')}/status`, { status: { capacity: { cpu: '4', memory: '8Gi', pods: '110' }, allocatable: { cpu: '3', memory: '7Gi', pods: '110' }, addresses: [{ type: 'InternalIP', address: '10.0.0.1' }], conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ok', lastHeartbeatTime: '2020-01-02T03:04:05Z', lastTransitionTime: '2020-01-02T03:04:05Z' }], nodeInfo: { kubeletVersion: 'v1.35.0', osImage: 'x', architecture: 'arm64', kernelVersion: '', containerRuntimeVersion: '', bootID: '', machineID: '', systemUUID: '', kubeProxyVersion: '', operatingSystem: 'linux' } } }, { headers: { 'content-type': MERGE } });
    for (const command of ['cm a', 'secret a', 'pod a', 'deployment a', 'service a', 'pdb a', 'job a', 'pvc a', 'lease a', `node ${s.unique('n')}`, `ns ${s.namespace}`, 'sa default', 'cm nothing', 'cm -l x=y', 'nothing', 'clusterrole view-nothing', 'clusterrole system:basic-user']) await run(s, `describe ${command}`);
    await run(s, 'events');
    await run(s, 'events --for pod/a --types=Normal');
    await run(s, 'get events --field-selector involvedObject.name=a -o wide');
  },
  'kinds explained': async (s) => {
    for (const command of [
      'pod', 'pods.spec.containers.resources', 'deployment.spec.strategy', 'hpa --api-version=autoscaling/v1', 'hpa.spec.metrics --api-version=autoscaling/v2', 'node.status.conditions', 'lease', 'lease.spec', 'event --api-version=events.k8s.io/v1', 'pdb.spec --recursive', 'cm --recursive', 'service.spec.ports', 'crd.spec.versions.schema',
      'pod.spec.nothing', 'nothing', 'pod --api-version=apps/v1', 'job.spec.template.spec.volumes.emptyDir', 'priorityclasses', 'node.spec.taints',
    ]) await s.kubectl(`explain ${command}`, undefined, { mask: skeleton });
  },
  'custom kinds explained': async (s) => {
    await s.define(widgets(s, { type: 'object', required: ['size'], properties: { size: { type: 'integer', description: 'how big' }, parts: { type: 'array', items: { type: 'object', properties: { name: { type: 'string', enum: ['a', 'b'] } } } } } }));
    // Documentation follows the definition a moment later.
    await s.until(`/openapi/v3/apis/${s.group}/v1`, ({ status, text }) => status === 200 && text.includes('how big'));
    await s.until('/apis', ({ body }) => body.groups.some(({ name }: JsonObject) => name === s.group));
    for (const command of ['widgets', 'widget.spec', 'widget.spec.parts', 'widgets --recursive']) await s.kubectl(`explain ${command}`, undefined, { mask: skeleton });
  },
  'what there is': async (s) => {
    await s.kubectl('api-versions', undefined, { mask: builtIn });
    for (const command of ['--sort-by=kind', '-o wide', '--namespaced=false -o name', '--verbs=list,watch,create --api-group=apps', '--categories=all -o name', '--api-group=nothing', '--no-headers --cached']) await s.kubectl(`api-resources ${command}`, undefined, { mask: builtIn });
    await run(s, 'cluster-info');
    await run(s, 'get --raw /healthz');
    await run(s, 'get --raw /livez?verbose&exclude=etcd');
    await run(s, 'top nodes');
    await run(s, 'top pods');
    await run(s, 'auth can-i create pods');
    await run(s, 'auth can-i create pods --as=nobody');
    await run(s, 'auth can-i get nothing');
    await run(s, 'auth can-i --list --as=nobody');
    await run(s, 'get cm --as=nobody');
  },
  'made, changed and deleted': async (s) => {
    const maps = yaml(configMap('a', { one: '1', two: '2' }), configMap('b', { one: '1' }));
    const file = s.file('maps.yaml', maps);
    const said = async (command: string, input?: string): Promise<void> => void (await s.kubectl(command, input, { mask: (text) => mask(text).replaceAll(file, '<file>').replace(/\/\S*(LIVE|MERGED)-\d+/g, '<$1>') }));
    for (const command of [
      'diff -f -', 'apply -f - --dry-run=server', 'apply -f - --dry-run=client', 'apply -f -', 'apply -f -', 'diff -f -', 'create -f -', 'replace -f -', 'get -f - -o name', 'delete -f - --dry-run=server', 'apply -f - --server-side', 'apply -f - --server-side --force-conflicts --field-manager=me',
    ]) await said(command, maps);
    const changed = yaml(configMap('a', { one: '3', three: '3' }));
    await said('diff -f -', changed);
    await said('apply -f -', changed);
    await said('apply view-last-applied cm/a');
    await said('get cm a -o jsonpath={.data}');
    await said('apply -f - --server-side', yaml(configMap('a', { one: '4' })));
    await said('apply -f - --prune --prune-allowlist=core/v1/ConfigMap -l app=pruned', yaml(configMap('p', {}, { labels: { app: 'pruned' } })));
    await said('apply -f - --prune --prune-allowlist=core/v1/ConfigMap -l app=pruned', yaml(configMap('q', {}, { labels: { app: 'pruned' } })));
    for (const command of [
      'label cm a x=y tier=web', 'label cm a x=z', 'label cm a x=z --overwrite', 'label cm a x-', 'label cm a nothing-', 'label cm a bad=%%', 'label cm --all marked=yes', 'annotate cm a note=something other=2', 'annotate cm a note- --resource-version=1', 'annotate cm a note-',
      'patch cm a -p {"data":{"one":"5"}}', 'patch cm a --type=json -p [{"op":"remove","path":"/data/one"}]', 'patch cm a --type=merge -p {"data":{"two":null}}', 'patch cm a -p {"data":{"two":"x"}} --dry-run=server -o jsonpath={.data}', 'patch cm nothing -p {}', 'patch cm a -p {"data":5}', 'patch cm a --type=json -p [{"op":"test","path":"/data/x","value":1}]',
      'create cm c --from-literal=a=b --from-literal=c=d', 'create cm c', 'create secret generic s --from-literal=x=y', 'create sa robot', 'create role r --verb=get,list --resource=pods', 'create rolebinding rb --role=r --serviceaccount=default:robot', 'create quota q --hard=pods=1', 'create ns bad_name', 'create token default --duration=1s -o jsonpath={.kind}', 'create job j --image=i', 'create cronjob cj --image=i --schedule=@daily', 'create service clusterip svc --clusterip=None', 'create ingress i --rule=a.b/x=svc:80', 'create pdb p --selector=a=b --min-available=1', 'create priorityclass bad --value=2000000000', 'create deployment d --image=i --replicas=0',
      'delete cm a', 'delete cm a', 'delete cm nothing --ignore-not-found', 'delete cm b c --wait=false', 'delete sa/robot role/r -o name', 'delete cm -l app=pruned', 'delete secret --all', 'delete job j --cascade=orphan', 'delete nothing x',
    ]) await said(command);
    await said('create -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\ndatta: {}\n');
    await said('create -f - --validate=warn', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\ndatta: {}\n');
    await said('create -f - --validate=false', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndatta: {}\n');
    await said('apply -f -', 'apiVersion: v1\nkind: Nothing\nmetadata: {name: z}\n');
    await said('apply -f -', 'kind: ConfigMap\nmetadata: {name: z}\n');
    await said('apply -f -', yaml(pod('p', { containers: [{ name: 'BAD', image: 'i' }] })));
    await said('create -f -', yaml({ apiVersion: 'v1', kind: 'List', items: [configMap('l1'), configMap('l2')] }));
  },
  'workloads': async (s) => {
    for (const command of [
      'create deployment web --image=nginx --replicas=2', 'scale deployment web --replicas=3', 'scale deployment web --replicas=4 --current-replicas=9', 'scale deployment nothing --replicas=1', 'set image deployment/web nginx=nginx:2', 'set image deployment/web nothing=x', 'set env deployment/web A=b', 'set resources deployment/web --limits=cpu=1', 'set serviceaccount deployment web robot', 'rollout history deployment/web', 'rollout pause deployment/web', 'rollout pause deployment/web', 'rollout resume deployment/web', 'rollout restart deployment/web',
      'rollout status deployment/web --watch=false', 'autoscale deployment web --min=1 --max=3', 'expose deployment web --port=80 --cluster-ip=None', 'get deployment web -o wide', 'get deploy,hpa,svc', 'get deployment web --subresource=scale', 'get deployment web --subresource=scale -o jsonpath={.spec.replicas}', 'patch deployment web --subresource=scale --type=merge -p {"spec":{"replicas":1}}', 'run one --image=nginx --dry-run=server -o name', 'run one --image=nginx --labels=a=b', 'run one --image=nginx', 'get pods --show-labels', 'logs one', 'exec one -- ls', 'delete pod one --grace-period=0 --force', 'delete deployment web --cascade=foreground --wait=false',
    ]) await run(s, command);
  },
  'nodes': async (s) => {
    const node = s.unique('node');
    await s.quiet('POST', '/api/v1/nodes', { metadata: { name: node } });
    for (const command of [`taint node ${node} a=b:NoSchedule`, `taint node ${node} a=c:NoSchedule`, `taint node ${node} a=c:NoSchedule --overwrite`, `taint node ${node} x:Sometimes`, `taint node ${node} a-`, `taint node ${node} a-`, `cordon ${node}`, `cordon ${node}`, `get node ${node}`, `drain ${node}`, `drain ${node} --dry-run=server`, `uncordon ${node}`, `uncordon ${node}`, `label node ${node} node-role.kubernetes.io/worker=`, `get node ${node} -o wide`, `drain nothing`, `delete node ${node}`]) await run(s, command);
  },
  'waited for': async (s) => {
    await s.quiet('POST', s.in('configmaps'), configMap('a', { one: '1' }, { finalizers: ['example.com/wait'] }));
    await s.quiet('POST', s.in('pods'), pod('a'));
    await run(s, 'wait cm/a --for=jsonpath={.data.one}=1 --timeout=5s');
    await run(s, 'wait pod/a --for=condition=Ready --timeout=50ms');
    const ready = s.kubectl('wait pod/a --for=condition=Ready --timeout=10s');
    await s.quiet('PATCH', `${s.in('pods')}/a/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, { headers: { 'content-type': MERGE } });
    await ready;
    await run(s, 'delete cm a --wait=false');
    await run(s, 'delete cm a --timeout=50ms');
    const gone = s.kubectl('wait cm/a --for=delete --timeout=10s');
    await s.quiet('PATCH', `${s.in('configmaps')}/a`, { metadata: { finalizers: null } }, { headers: { 'content-type': MERGE } });
    await gone;
    await run(s, 'wait cm/a --for=delete --timeout=5s');
    await run(s, 'wait cm/b --for=create --timeout=50ms');
    await run(s, 'wait pod/nothing --for=condition=Ready --timeout=50ms');
    await run(s, 'wait pod --all --for=jsonpath={.status.phase}=Pending --timeout=5s');
  },
  'custom resources': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: { size: { type: 'integer', maximum: 9 }, replicas: { type: 'integer' } } }, { additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Note', type: 'string', jsonPath: '.metadata.annotations.note', priority: 1 }], subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } } }, { names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wi'], categories: ['toys'] } }));
    await s.until(`/openapi/v3/apis/${s.group}/v1`, ({ status }) => status === 200);
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { size: 1, replicas: 1 }));
    for (const command of [
      'get widgets', 'get wi -o wide', 'get toys', `get widgets.v1.${s.group} a -o name`, 'describe widget a', 'scale widget a --replicas=3', 'get widget a -o jsonpath={.spec.replicas}', 'patch widget a --type=merge -p {"spec":{"size":2}}', 'patch widget a -p {"spec":{"size":2}}', 'patch widget a --type=merge -p {"spec":{"size":20}}', 'patch widget a --subresource=status --type=merge -p {"status":{"ok":true}}', 'label widget a x=y', `get crd widgets.${s.group}`, `api-resources --api-group=${s.group}`, 'delete widget a',
    ]) await run(s, command);
    const file = yaml(widget(s, 'b', { size: 3 }));
    for (const command of ['apply -f -', 'apply -f -', 'diff -f -', 'apply --server-side -f -', 'replace -f -', 'delete -f -']) await run(s, command, file);
    await run(s, 'apply -f -', yaml(widget(s, 'b', { siez: 3 })));
    await run(s, 'apply -f -', yaml(widget(s, 'b', { size: 'big' })));
    await run(s, 'create -f -', yaml(widget(s, 'b', { size: 30 })));
  },
};
