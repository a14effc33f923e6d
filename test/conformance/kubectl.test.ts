import { expect } from 'chai';
import { createApiServer, type ApiServer } from '../../src/apiserver/index.js';
import { hasKubectl, Kubectl } from './kubectl.js';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: "nginx:1", env: [{name: FIRST, value: "1"}, {name: SECOND, value: "2"}], ports: [{containerPort: 80}]}
      - {name: side, image: busybox}
`;

const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 0, description: How many.}
              mode: {type: string, default: fast}
          status: {type: object, properties: {size: {type: integer}}}
`;

const NODE = `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"status":{"capacity":{"cpu":"4","memory":"8Gi","pods":"110"},"conditions":[{"type":"Ready","status":"True"}]}}`;

describe('kubectl', function () {
  this.timeout(60_000);
  let server: ApiServer;
  let kubectl: Kubectl;

  before(async function () {
    if (!hasKubectl) {
      console.warn('SKIPPED: kubectl is not on the path; nothing of the kubectl conformance suite was run');
      this.skip();
    }
    server = createApiServer({
      async *nodeLogs(_namespace, pod, container) {
        yield `${pod}/${container} says hello\n`;
      },
      metrics: {
        nodes: () => [{ metadata: { name: 'n1' }, timestamp: '2024-01-01T00:00:00Z', window: '15s', usage: { cpu: '250m', memory: '512Mi' } }],
        pods: () => [],
      },
    });
    const { url } = await server.listen();
    kubectl = new Kubectl(url);
  });
  after(async () => {
    kubectl?.close();
    await server?.close();
  });

  it('finds the server, its version and its resources', async () => {
    expect(await kubectl.ok('version')).to.match(/Server Version: v1\.\d+\.\d+/);
    expect(await kubectl.ok('api-resources --api-group=apps')).to.match(/deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/);
    expect(await kubectl.ok('cluster-info')).to.contain('is running at');
    expect(await kubectl.ok('auth can-i create pods')).to.equal('yes');
    expect(await kubectl.ok('auth whoami')).to.contain('system:admin');
  });

  it('applies on the client: what left the manifest leaves the object, what others set stays', async () => {
    expect(await kubectl.ok('apply -f -', DEPLOYMENT)).to.equal('deployment.apps/web created');
    expect(await kubectl.ok('apply -f -', DEPLOYMENT)).to.equal('deployment.apps/web unchanged');
    await kubectl.ok('annotate deploy web team=shop');
    const second = DEPLOYMENT.replace('{name: FIRST, value: "1"}, ', '').replace('nginx:1', 'nginx:2').replace('      - {name: side, image: busybox}\n', '');
    const diff = await kubectl.run(['diff', '-f', '-'], { input: second });
    expect([diff.code, diff.stdout]).to.satisfy(([code, text]: [number, string]) => code === 1 && /^-\s+image: nginx:1$/m.test(text) && text.includes('name: side'));
    expect(await kubectl.ok('apply -f -', second)).to.equal('deployment.apps/web configured');
    const containers = JSON.parse(await kubectl.ok('get deploy web -o jsonpath={.spec.template.spec.containers}')) as { name: string; image: string; env: { name: string }[] }[];
    expect(containers.map(({ name, image, env }) => [name, image, env.map((variable) => variable.name)])).to.deep.equal([['app', 'nginx:2', ['SECOND']]]);
    expect(await kubectl.ok('get deploy web -o jsonpath={.metadata.annotations.team},{.metadata.generation}')).to.equal('shop,2');
  });

  it('applies on the server, and tells of conflicts', async () => {
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {color: red}\n';
    expect(await kubectl.ok('apply --server-side -f -', map)).to.equal('configmap/shared serverside-applied');
    await kubectl.ok('patch cm shared --field-manager=hand -p {"data":{"color":"blue"}}');
    expect(await kubectl.fails('apply --server-side -f -', map)).to.contain('Apply failed with 1 conflict: conflict with "hand" using v1: .data.color');
    await kubectl.ok('apply --server-side --force-conflicts -f -', map);
    expect(await kubectl.ok('get cm shared -o jsonpath={.data.color}')).to.equal('red');
  });

  it('edits, scales, sets images and labels', async () => {
    await kubectl.ok('edit deploy web', '', { KUBE_EDITOR: "sed -i -e 's/replicas: 2/replicas: 4/'" });
    expect(await kubectl.ok('get deploy web -o jsonpath={.spec.replicas}')).to.equal('4');
    expect(await kubectl.ok('scale deploy web --replicas=3')).to.equal('deployment.apps/web scaled');
    expect(await kubectl.ok('set image deploy/web app=nginx:3')).to.equal('deployment.apps/web image updated');
    expect(await kubectl.ok('label deploy web tier=front')).to.equal('deployment.apps/web labeled');
    expect(await kubectl.ok('get deploy -l tier=front -o name')).to.equal('deployment.apps/web');
    expect(await kubectl.ok('patch deploy web --type json -p [{"op":"replace","path":"/spec/replicas","value":1}]')).to.equal('deployment.apps/web patched');
  });

  it('follows a rollout by its status', async () => {
    const generation = Number(await kubectl.ok('get deploy web -o jsonpath={.metadata.generation}'));
    const rollout = kubectl.ok('rollout status deploy/web --timeout=20s');
    const status = { observedGeneration: generation, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    await kubectl.ok(`patch deploy web --subresource=status --type merge -p ${JSON.stringify({ status })}`);
    expect(await rollout).to.contain('deployment "web" successfully rolled out');
    expect(await kubectl.ok('get deploy web')).to.match(/NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nweb\s+1\/1\s+1\s+1\s+\d+s/);
  });

  it('creates with its typed commands, which send protobuf', async () => {
    expect(await kubectl.ok('create namespace team')).to.equal('namespace/team created');
    expect(await kubectl.ok('create deployment api --image=api:1 --replicas=2 --port=8080 -n team')).to.equal('deployment.apps/api created');
    expect(await kubectl.ok('get deploy api -n team -o jsonpath={.spec.replicas},{.spec.template.spec.containers[0].ports[0].containerPort},{.spec.strategy.rollingUpdate.maxSurge}')).to.equal('2,8080,25%');
    expect(await kubectl.ok('create secret generic s --from-literal=key=value -n team')).to.equal('secret/s created');
    expect(await kubectl.ok('get secret s -n team -o jsonpath={.data.key}')).to.equal('dmFsdWU=');
    expect(await kubectl.ok('create cronjob c --image=job:1 --schedule=@hourly -n team')).to.equal('cronjob.batch/c created');
    expect(await kubectl.ok('create pdb b --selector=app=api --min-available=50% -n team')).to.equal('poddisruptionbudget.policy/b created');
    expect(await kubectl.ok('get pdb b -n team -o jsonpath={.spec.minAvailable}')).to.equal('50%');
    expect((await kubectl.ok('create token default -n team')).split('.')).to.have.length(3);
    expect(await kubectl.ok('delete namespace team --timeout=15s')).to.equal('namespace "team" deleted');
  });

  it('names unknown fields, and the one that was meant', async () => {
    expect(await kubectl.fails('create -f -', 'apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {containers: [{name: a, imagee: x}]}\n')).to.contain('unknown field "spec.containers[0].imagee"');
    expect(await kubectl.fails('create -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad_Name}\n')).to.contain('metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain');
  });

  it('works with custom resources as with its own', async () => {
    await kubectl.ok('apply -f -', CRD);
    await kubectl.ok('wait crd/widgets.example.com --for=condition=Established --timeout=10s');
    const widget = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n';
    expect(await kubectl.ok('apply -f -', widget)).to.equal('widget.example.com/w created');
    expect(await kubectl.ok('get wd')).to.match(/NAME\s+SIZE\nw\s+3/);
    expect(await kubectl.ok('get widget w -o jsonpath={.spec.mode}')).to.equal('fast');
    expect(await kubectl.ok('explain widget.spec.size')).to.contain('How many.');
    expect(await kubectl.ok('scale widget w --replicas=5')).to.equal('widget.example.com/w scaled');
    expect(await kubectl.fails('patch widget w --type merge -p {"spec":{"size":-1}}')).to.contain('spec.size in body should be greater than or equal to 0');
    expect(await kubectl.fails('apply -f -', widget.replace('size: 3', 'size: 3, colour: red'))).to.contain('unknown field "spec.colour"');
    expect(await kubectl.ok('apply --server-side --force-conflicts -f -', widget)).to.equal('widget.example.com/w serverside-applied');
    expect(await kubectl.ok('delete crd widgets.example.com')).to.contain('deleted');
  });

  it('cordons and drains a node under its disruption budgets', async () => {
    await kubectl.ok('create -f -', NODE);
    await kubectl.ok('run p1 --image=nginx --labels=guard=yes');
    await kubectl.ok('create pdb guard --selector=guard=yes --min-available=1');
    const binding = kubectl.file('binding.json', '{"apiVersion":"v1","kind":"Binding","metadata":{"name":"p1"},"target":{"kind":"Node","name":"n1"}}');
    await kubectl.ok(`create --raw /api/v1/namespaces/default/pods/p1/binding -f ${binding}`);
    await kubectl.ok('patch pod p1 --subresource=status --type merge -p {"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}');
    expect(await kubectl.ok('get pods --field-selector spec.nodeName=n1 -o name')).to.equal('pod/p1');
    expect(await kubectl.ok('logs p1')).to.equal('p1/p1 says hello');

    const budget = (allowed: number): Promise<string> =>
      kubectl.ok(`patch pdb guard --subresource=status --type merge -p {"status":{"observedGeneration":1,"disruptionsAllowed":${allowed},"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}}`);
    await budget(0);
    expect(await kubectl.fails('drain n1 --force --timeout=1s')).to.contain("Cannot evict pod as it would violate the pod's disruption budget.");
    await budget(1);
    const drain = kubectl.ok('drain n1 --force --timeout=20s');
    await kubectl.ok('wait pod/p1 --for=condition=DisruptionTarget --timeout=10s');
    await kubectl.ok('delete pod p1 --grace-period=0 --force');
    expect(await drain).to.contain('node/n1 drained');
    expect(await kubectl.ok('get nodes')).to.match(/n1\s+Ready,SchedulingDisabled/);
    expect(await kubectl.ok('top nodes')).to.match(/n1\s+250m\s+6%\s+512Mi\s+6%/);
    expect(await kubectl.ok('describe node n1')).to.contain('Unschedulable:      true');
  });

  it('waits for conditions and deletions', async () => {
    await kubectl.ok('run p2 --image=nginx');
    const waiting = kubectl.ok('wait pod/p2 --for=condition=Ready --timeout=20s');
    await kubectl.ok('patch pod p2 --subresource=status --type merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}');
    expect(await waiting).to.equal('pod/p2 condition met');
    const gone = kubectl.ok('wait pod/p2 --for=delete --timeout=20s');
    expect(await kubectl.ok('delete pod p2')).to.equal('pod "p2" deleted');
    await gone;
    expect(await kubectl.fails('get pod p2')).to.equal('Error from server (NotFound): pods "p2" not found');
  });

  it('deletes in the foreground, in the background and leaving orphans', async () => {
    const uid = await kubectl.ok('get deploy web -o jsonpath={.metadata.uid}');
    const owned = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"owned","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"${uid}","blockOwnerDeletion":true}]}}`;
    await kubectl.ok('create -f -', owned);
    await kubectl.ok('delete deploy web --cascade=orphan');
    expect(await kubectl.ok('get cm owned -o jsonpath={.metadata.ownerReferences}')).to.equal('');
    await kubectl.ok('delete cm owned');
    await kubectl.ok('apply -f -', DEPLOYMENT);
    const next = await kubectl.ok('get deploy web -o jsonpath={.metadata.uid}');
    await kubectl.ok('create -f -', owned.replace(uid, next));
    await kubectl.ok('delete deploy web --cascade=foreground');
    expect(await kubectl.fails('get cm owned')).to.contain('not found');
  });

  it('is told of events', async () => {
    const event = '{"apiVersion":"v1","kind":"Event","metadata":{"name":"e1"},"involvedObject":{"apiVersion":"v1","kind":"Node","name":"n1"},"reason":"Cordoned","message":"no more pods","type":"Normal","firstTimestamp":"2024-01-01T00:00:00Z","lastTimestamp":"2024-01-01T00:00:00Z","count":1}';
    await kubectl.ok('create -f -', event);
    expect(await kubectl.ok('get events')).to.match(/LAST SEEN\s+TYPE\s+REASON\s+OBJECT\s+MESSAGE\n\S+\s+Normal\s+Cordoned\s+node\/n1\s+no more pods/);
    expect(await kubectl.ok('events --for node/n1')).to.contain('Cordoned');
  });
});
