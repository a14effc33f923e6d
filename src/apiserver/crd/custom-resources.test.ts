import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import type { Schema } from '../schema/schema.js';
import { type Answer, TestCluster } from '../testing/test-cluster.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';

const SCHEMA: Schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'widgets do not shrink' }],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        colour: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        kmsKeyID: { type: 'string' },
        replicas: { type: 'integer', default: 1 },
        parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer', default: 5 } } } },
      },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' }, selector: { type: 'string' }, conditions: { type: 'array', items: { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } } } } },
  },
};

const definition = (more: JsonObject = {}, versions: JsonObject[] = [{}], names: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'], ...names },
    versions: versions.map((version, index) => ({
      name: `v${index + 1}`,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: SCHEMA },
      subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
      additionalPrinterColumns: [
        { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
        { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
        { name: 'Colour', type: 'string', jsonPath: '.spec.colour', priority: 1 },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      selectableFields: [{ jsonPath: '.spec.colour' }],
      ...version,
    })),
    ...more,
  },
});

const widget = (name: string, spec: JsonObject = { size: 3 }, more: JsonObject = {}): JsonObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec, ...more });

const conditions = ({ body }: { body: JsonObject }): string[] => ((body['status'] as { conditions: { type: string; status: string; reason: string }[] }).conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
const causes = ({ body }: Answer): string[] => ((body['details'] as unknown as { causes?: { field: string; message: string }[] })?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);

describe('Custom resources', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', CRDS, definition());
  });
  afterEach(() => cluster.server.close());

  describe('once their definition is created', () => {
    it('have accepted names and are established', async () => {
      const crd = await cluster.request('GET', `${CRDS}/widgets.example.com`);
      expect(conditions(crd)).to.deep.equal(['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted']);
      expect(crd.body['status']).to.deep.include({ acceptedNames: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'], categories: ['all'] }, storedVersions: ['v1'] });
    });

    it('are served and discovered', async () => {
      const { resources } = (await cluster.ok('GET', '/apis/example.com/v1')) as unknown as { resources: { name: string; shortNames?: string[] }[] };
      expect(resources.map(({ name }) => name)).to.deep.equal(['widgets', 'widgets/status', 'widgets/scale']);
      expect(resources[0]!.shortNames).to.deep.equal(['wd']);
      expect(await cluster.ok('GET', WIDGETS)).to.include({ kind: 'WidgetList', apiVersion: 'example.com/v1' });
    });

    it('show their columns', async () => {
      await cluster.ok('POST', WIDGETS, widget('a'));
      await cluster.clock.advance(90_000);
      const table = (await cluster.ok('GET', WIDGETS, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })) as unknown as { columnDefinitions: { name: string; priority: number }[]; rows: { cells: unknown[] }[] };
      expect(table.columnDefinitions.map(({ name, priority }) => `${name} ${priority}`)).to.deep.equal(['Name 0', 'Size 0', 'Ready 0', 'Colour 1', 'Age 0']);
      expect(table.rows[0]!.cells).to.deep.equal(['a', 3, null, 'red', '90s']);
    });
  });

  describe('on their way to storage', () => {
    it('are defaulted, and have a generation', async () => {
      const { body } = await cluster.request('POST', WIDGETS, widget('a', { size: 1, parts: [{ name: 'x' }] }));
      expect(body['spec']).to.deep.equal({ size: 1, colour: 'red', replicas: 1, parts: [{ name: 'x', weight: 5 }] });
      expect(body.metadata.generation).to.equal(1);
    });

    it('lose unknown fields, with a warning that says what was meant', async () => {
      const answer = await cluster.request('POST', `${WIDGETS}?fieldValidation=Warn`, widget('a', { size: 1, kmsKeyId: 'x' }));
      expect(answer.body['spec']).to.not.have.property('kmsKeyId');
      expect(answer.headers['warning']).to.equal('299 - "unknown field \\"spec.kmsKeyId\\" (did you mean \\"kmsKeyID\\"?)"');
    });

    it('are refused for unknown fields when the client is strict', async () => {
      const { status, body } = await cluster.request('POST', `${WIDGETS}?fieldValidation=Strict`, widget('a', { size: 1, kmsKeyId: 'x' }));
      expect([status, body.message]).to.deep.equal([400, 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.kmsKeyId" (did you mean "kmsKeyID"?)']);
    });

    it('are refused for fields that come twice when the client is strict', async () => {
      const text = JSON.stringify(widget('a', { size: 1 })).replace('"size":1', '"size":1,"size":2');
      const { status, body } = await cluster.request('POST', `${WIDGETS}?fieldValidation=Strict`, text);
      expect([status, body.message]).to.deep.equal([400, 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: duplicate field "spec.size"']);
    });

    it('are refused with every problem named', async () => {
      const answer = await cluster.request('POST', WIDGETS, widget('a', { size: 99, colour: 'green' }));
      expect(answer.status).to.equal(422);
      expect(causes(answer)).to.deep.equal([
        'spec.size: Invalid value: 99: spec.size in body should be less than or equal to 10',
        'spec.colour: Unsupported value: "green": supported values: "red", "blue"',
        '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ]);
      expect(answer.body.message).to.match(/^Widget\.example\.com "a" is invalid: \[spec\.size: Invalid value: 99/);
    });

    it('are refused for duplicates in lists of maps', async () => {
      expect(causes(await cluster.request('POST', WIDGETS, widget('a', { size: 1, parts: [{ name: 'x' }, { name: 'x' }] })))).to.deep.equal(['spec.parts[1]: Duplicate value: {"name":"x"}']);
    });

    it('obey transition rules when they change', async () => {
      await cluster.ok('POST', WIDGETS, widget('a', { size: 5 }));
      expect(causes(await cluster.patch(`${WIDGETS}/a`, 'merge', { spec: { size: 4 } }))).to.deep.equal(['spec: Invalid value: widgets do not shrink']);
      expect((await cluster.patch(`${WIDGETS}/a`, 'merge', { spec: { size: 6 } })).body.metadata.generation).to.equal(2);
    });
  });

  describe('with subresources', () => {
    it('keep spec and status apart', async () => {
      const created = await cluster.ok('POST', WIDGETS, widget('a', { size: 1 }, { status: { ready: true } }));
      expect(created).to.not.have.property('status');
      await cluster.patch(`${WIDGETS}/a/status`, 'merge', { status: { ready: true }, spec: { size: 9 } });
      const { body } = await cluster.request('GET', `${WIDGETS}/a`);
      expect(body).to.deep.include({ status: { ready: true } });
      expect([(body['spec'] as unknown as { size: number }).size, body.metadata.generation]).to.deep.equal([1, 1]);
    });

    it('check a status by its schema', async () => {
      await cluster.ok('POST', WIDGETS, widget('a'));
      expect(causes(await cluster.patch(`${WIDGETS}/a/status`, 'merge', { status: { ready: 'yes' } }))[0]).to.equal('status.ready: Invalid value: "string": ready in body must be of type boolean: "string"');
    });

    it('scale', async () => {
      await cluster.ok('POST', WIDGETS, widget('a'));
      await cluster.patch(`${WIDGETS}/a/scale`, 'merge', { spec: { replicas: 7 } });
      expect((await cluster.ok('GET', `${WIDGETS}/a`))['spec']).to.include({ replicas: 7 });
    });

    it('are found by their selectable fields', async () => {
      await cluster.ok('POST', WIDGETS, widget('a'));
      await cluster.ok('POST', WIDGETS, widget('b', { size: 1, colour: 'blue' }));
      expect((await cluster.ok('GET', `${WIDGETS}?fieldSelector=spec.colour%3Dblue`)).items!.map(({ metadata }) => metadata.name)).to.deep.equal(['b']);
    });
  });

  describe('when their definition changes', () => {
    const change = async (edit: (crd: { spec: { versions: { schema: { openAPIV3Schema: Schema } }[]; names: JsonObject } }) => void): Promise<Answer> => {
      const crd = await cluster.ok('GET', `${CRDS}/widgets.example.com`);
      edit(crd as never);
      return cluster.request('PUT', `${CRDS}/widgets.example.com`, crd);
    };

    it('are read with the new defaults, and ratcheted by the new limits', async () => {
      await cluster.ok('POST', WIDGETS, widget('a', { size: 9 }));
      await change(({ spec }) => {
        const { properties } = spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!;
        properties!['size']!.maximum = 5;
        properties!['shape'] = { type: 'string', default: 'round' };
      });
      expect((await cluster.ok('GET', `${WIDGETS}/a`))['spec']).to.include({ shape: 'round' });
      expect((await cluster.patch(`${WIDGETS}/a`, 'merge', { spec: { colour: 'blue' } })).status).to.equal(200);
      expect((await cluster.request('POST', WIDGETS, widget('b', { size: 9 }))).status).to.equal(422);
    });

    it('cannot change their scope or kind', async () => {
      expect(causes(await change(({ spec }) => Object.assign(spec, { scope: 'Cluster' })))).to.include('spec.scope: Invalid value: "Cluster": field is immutable');
    });
  });

  describe('of several versions', () => {
    beforeEach(async () => {
      await cluster.ok('DELETE', `${CRDS}/widgets.example.com`);
      await cluster.ok('POST', CRDS, definition({}, [{}, { deprecated: true, deprecationWarning: 'v2 goes away' }]));
    });

    it('are the same objects under either', async () => {
      await cluster.ok('POST', WIDGETS, widget('a'));
      const { body, headers } = await cluster.request('GET', `${WIDGETS.replace('/v1/', '/v2/')}/a`);
      expect(body['apiVersion']).to.equal('example.com/v2');
      expect(headers['warning']).to.equal('299 - "v2 goes away"');
    });
  });

  describe('when their definition is deleted', () => {
    it('go along, and the definition after them', async () => {
      await cluster.ok('POST', WIDGETS, { ...widget('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } });
      await cluster.ok('POST', WIDGETS, widget('b'));
      await cluster.ok('DELETE', `${CRDS}/widgets.example.com`);
      expect(conditions(await cluster.request('GET', `${CRDS}/widgets.example.com`))).to.include('Terminating=True InstanceDeletionInProgress');
      expect((await cluster.ok('GET', WIDGETS)).items!.map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
      expect((await cluster.request('POST', WIDGETS, widget('c'))).status).to.equal(403);
      await cluster.patch(`${WIDGETS}/a`, 'merge', { metadata: { finalizers: null } });
      expect((await cluster.request('GET', `${CRDS}/widgets.example.com`)).status).to.equal(404);
      expect((await cluster.request('GET', WIDGETS)).status).to.equal(404);
    });
  });

  describe('whose names are taken', () => {
    it('wait until they are free', async () => {
      const other = definition({}, [{}], { plural: 'wheels', kind: 'Widget', shortNames: ['wd'] });
      await cluster.ok('POST', CRDS, { ...other, metadata: { name: 'wheels.example.com' } });
      const wheels = (): Promise<Answer> => cluster.request('GET', `${CRDS}/wheels.example.com`);
      expect(conditions(await wheels())).to.deep.equal(['NamesAccepted=False ListKindConflict', 'Established=False NotAccepted']);
      expect((await cluster.request('GET', '/apis/example.com/v1/namespaces/default/wheels')).status).to.equal(404);
      await cluster.ok('DELETE', `${CRDS}/widgets.example.com`);
      expect(conditions(await wheels())).to.deep.equal(['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted']);
    });
  });
});

describe('Definitions of custom resources', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  const refused = async (crd: JsonObject): Promise<string[]> => causes(await cluster.request('POST', CRDS, crd));
  const withSchema = (schema: JsonObject): JsonObject => definition({}, [{ schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema } } }, subresources: {}, selectableFields: [] }]);
  const PATH = 'spec.validation.openAPIV3Schema.properties[spec]';

  it('are called after their plural and group', async () => {
    expect(await refused({ ...definition(), metadata: { name: 'widget.example.com' } })).to.deep.equal(['metadata.name: Invalid value: "widget.example.com": must be spec.names.plural+"."+spec.group']);
  });

  it('store exactly one version', async () => {
    expect(await refused(definition({}, [{}, { storage: true }]))).to.satisfy((problems: string[]) => problems[0]?.endsWith(': must have exactly one version marked as storage version') && problems[1] === 'status.storedVersions: Invalid value: ["v1"]: must have the storage version v2');
  });

  it('need a schema', async () => {
    expect(await refused(definition({}, [{ schema: {}, selectableFields: [] }]))).to.deep.equal(['spec.versions[0].schema.openAPIV3Schema: Required value']);
  });

  it('need approval for groups of the Kubernetes project', async () => {
    expect((await refused({ ...definition({ group: 'apps.k8s.io' }), metadata: { name: 'widgets.apps.k8s.io' } }))[0]).to.match(/^metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: /);
  });

  for (const [schema, problem] of [
    [{ properties: { a: { type: 'string' } } }, `${PATH}.type: Required value: must not be empty for specified object fields`],
    [{ type: 'text' }, `${PATH}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`],
    [{ type: 'array' }, `${PATH}.items: Required value: must be specified`],
    [{ type: 'array', items: {} }, `${PATH}.items.type: Required value: must not be empty for specified array items`],
    [{ type: 'array', uniqueItems: true, items: { type: 'string' } }, `${PATH}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`],
    [{ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }, `${PATH}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    [{ type: 'object', $ref: '#/x' }, `${PATH}.$ref: Forbidden: $ref is not supported`],
    [{ type: 'object', anyOf: [{ type: 'object' }] }, `${PATH}.anyOf[0].type: Forbidden: must be empty to be structural`],
    [{ type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ properties: { b: { minLength: 1 } } }] }, `${PATH}.properties[b]: Required value: because it is defined in ${PATH}.anyOf[0].properties[b]`],
    [{ type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object', properties: {} } }, `${PATH}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    [{ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'], items: { type: 'object', properties: { a: { type: 'string' } } } }, `${PATH}.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`],
    [{ type: 'string', default: 1 }, `${PATH}.default: Invalid value: "integer":  in body must be of type string: "integer"`],
    [{ type: 'object', default: { a: 1 }, properties: {} }, `${PATH}.default: Invalid value: {"a":1}: must not have unknown fields`],
    [{ type: 'string', pattern: '(' }, `${PATH}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``],
    [{ type: 'string', 'x-kubernetes-validations': [{ rule: 'self ==' }] }, `${PATH}.x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self ==","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self ==\n | .......^`],
    [{ type: 'array', items: { type: 'array', items: { type: 'string' }, 'x-kubernetes-validations': [{ rule: "self.all(s, s == 'a')" }] } }, [
      `${PATH}.items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
      `${PATH}.items.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
      'spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)',
    ]],
    [{ type: 'string', 'x-kubernetes-validations': [{ rule: "self\n!= ''" }] }, `${PATH}.x-kubernetes-validations[0].message: Required value: message must be specified if rule contains line breaks`],
    [{ type: 'object', properties: {}, 'x-kubernetes-validations': [{ rule: 'true', fieldPath: '.nope' }] }, `${PATH}.x-kubernetes-validations[0].fieldPath: Invalid value: ".nope": must be a valid path`],
    [{ type: 'array', maxItems: 5, items: { type: 'string', maxLength: 5, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] } }, `${PATH}.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${PATH}`],
  ] as const) {
    it(`are refused for ${[problem].flat()[0]}`, async () => expect(await refused(withSchema(schema as unknown as JsonObject))).to.deep.equal([problem].flat()));
  }

  it('may have dear rules where there can be few of a thing', async () => {
    const bounded = { type: 'array', maxItems: 5, items: { type: 'array', maxItems: 5, items: { type: 'string' }, 'x-kubernetes-validations': [{ rule: "self.all(s, s == 'a')" }] } };
    expect((await cluster.request('POST', CRDS, withSchema(bounded))).status).to.equal(201);
  });

  it('are refused for columns that lead nowhere', async () => {
    expect(await refused(definition({}, [{ additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: 'spec[' }] }]))).to.deep.equal([
      'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec[": must be a simple json path starting with .',
    ]);
  });

  it('keep the versions that objects were stored in', async () => {
    await cluster.ok('POST', CRDS, definition({}, [{}, {}]));
    const crd = (await cluster.ok('GET', `${CRDS}/widgets.example.com`)) as unknown as { spec: { versions: { storage: boolean }[] } };
    crd.spec.versions = [{ ...crd.spec.versions[1]!, storage: true }];
    expect(causes(await cluster.request('PUT', `${CRDS}/widgets.example.com`, crd))).to.deep.equal(['status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions']);
  });
});
