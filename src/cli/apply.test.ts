import { expect } from 'chai';
import { createApiServer } from '../apiserver/index.js';
import { handlerTransport } from '../operator/index.js';
import { Applier } from './apply.js';
import { CliError } from './cli-error.js';
import type { Manifest } from './manifest-files.js';

describe('applying manifests', () => {
  const manifest = (apiVersion: string, kind: string, metadata: Manifest['object']['metadata'], rest: object = {}): Manifest => ({ file: 'shop.yaml', object: { apiVersion, kind, metadata, ...rest } });
  const namespace = manifest('v1', 'Namespace', { name: 'shop' });
  const widgets = manifest('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: 'widgets.example.com' }, {
    spec: {
      group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  const widget = manifest('example.com/v1', 'Widget', { name: 'one', namespace: 'shop' });

  async function apply(...manifests: Manifest[]) {
    const server = createApiServer();
    const printed: string[] = [];
    const error = await new Applier(handlerTransport(server), (line) => printed.push(line)).apply(manifests).then(() => undefined, (reason: Error) => reason);
    const names = (resource: string) => server.storage.list(resource).map(({ metadata }) => metadata.name);
    const left = { namespaces: names('namespaces'), kinds: names('customresourcedefinitions.apiextensions.k8s.io'), configMaps: names('configmaps') };
    await server.close();
    return { printed, error, left };
  }

  it('makes what others need first, and says so in their order', async () => {
    const { printed, error, left } = await apply(widget, widgets, namespace);
    expect(error).to.equal(undefined);
    expect(printed).to.deep.equal(['widget.example.com/one created', 'customresourcedefinition.apiextensions.k8s.io/widgets.example.com created', 'namespace/shop created']);
    expect(left.namespaces).to.include('shop');
  });

  it('leaves nothing behind when one of them is invalid, not even what others needed', async () => {
    const { printed, error, left } = await apply(namespace, widgets, widget, manifest('v1', 'ConfigMap', { name: 'settings', namespace: 'shop' }, { date: {} }));
    expect(error).to.be.instanceOf(CliError).with.property('message').that.matches(/^nothing was applied:\nshop\.yaml: ConfigMap "settings": .*\.date: field not declared in schema \(did you mean "data"\?\)/);
    expect(printed).to.deep.equal([]);
    expect(left.namespaces).to.not.include('shop');
    expect(left.kinds).to.deep.equal([]);
    expect(left.configMaps).to.not.include('settings');
  });
});
