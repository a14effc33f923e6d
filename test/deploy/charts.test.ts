import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { validateSchema } from '../../src/apiserver/schema/validate.js';
import type { Schema } from '../../src/apiserver/schema/schema.js';
import { ROOT } from '../support/sandbox-process.js';

interface JsonSchema extends Omit<Schema, 'properties' | 'additionalProperties'> {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
}
type Values = Record<string, unknown>;

const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const isValues = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);
const valuesOf = (chart: string): Values => parse(read('charts', chart, 'values.yaml')) as Values;
const schemaOf = (chart: string): JsonSchema => JSON.parse(read('charts', chart, 'values.schema.json')) as JsonSchema;
const templatesOf = (chart: string): string => readdirSync(join(ROOT, 'charts', chart, 'templates')).map((file) => read('charts', chart, 'templates', file)).join('\n');

/** The keys that a schema closes, with their path: what it lets users set by name. */
const closedKeys = ({ properties = {}, additionalProperties }: JsonSchema, path = ''): string[] =>
  additionalProperties === false ? Object.entries(properties).flatMap(([key, schema]) => [`${path}.${key}`, ...closedKeys(schema, `${path}.${key}`)]) : [];
/** The keys of values, as deep as the schema closes them. */
const keysOf = (values: Values, { properties = {}, additionalProperties }: JsonSchema, path = ''): string[] =>
  additionalProperties === false
    ? Object.entries(values).flatMap(([key, value]) => [`${path}.${key}`, ...(isValues(value) ? keysOf(value, properties[key] ?? {}, `${path}.${key}`) : [])])
    : [];

for (const chart of ['karpenter', 'karpenter-crd']) {
  describe(`charts/${chart}`, () => {
    it('has the version of the package', () => {
      const { version } = JSON.parse(read('package.json')) as { version: string };
      expect(parse(read('charts', chart, 'Chart.yaml'))).to.include({ name: chart, version, appVersion: version });
    });

    it('has a schema that knows every value by name, no other, and accepts what is there', () => {
      const schema = schemaOf(chart);
      expect(keysOf(valuesOf(chart), schema)).to.have.members(closedKeys(schema).filter((path) => path !== '.global'));
      const { type: _, ...nullable } = schema.properties?.['terminationGracePeriodSeconds'] ?? {};
      const structural = { ...schema, properties: { ...schema.properties, terminationGracePeriodSeconds: nullable } };
      expect(validateSchema(valuesOf(chart), withoutUnions(structural)).map(({ message }) => message)).to.deep.equal([]);
    });

    it('reads no value that values.yaml lacks, and uses every one', () => {
      const templates = templatesOf(chart);
      const used = [...templates.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path = '']) => path);
      const known = keysOf(valuesOf(chart), schemaOf(chart));
      expect([...new Set(used)].filter((path) => !known.includes(path))).to.deep.equal([]);
      // Inside `with .Values.settings` its keys stand alone; a range takes all that are below.
      const reached = (path: string): boolean => used.some((other) => other === path || path.startsWith(`${other}.`) || other.startsWith(`${path}.`)) && (!/^\.settings\.\w+$/.test(path) || new RegExp(`\\${path.slice('.settings'.length)}\\b`).test(templates));
      expect(known.filter((path) => !reached(path))).to.deep.equal([]);
    });
  });
}

/** The API's schemas have one type each; alternatives are left to Helm. */
function withoutUnions(schema: JsonSchema): Schema {
  const { type, properties, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(typeof type === 'string' ? { type } : {}),
    ...(properties ? { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, withoutUnions(value)])) } : {}),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: withoutUnions(additionalProperties) } : {}),
  } as Schema;
}

describe('what the charts share with crds/ and config/', () => {
  it('is what make manifests would write', () => {
    const { status, stderr } = spawnSync(process.execPath, ['tools/charts.mjs', '--check'], { cwd: ROOT, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
  });

  it('are the same CRDs, but for the Service that converts', () => {
    const crds = readdirSync(join(ROOT, 'crds')).filter((file) => file !== 'kustomization.yaml');
    expect(crds).to.have.length(5);
    const defaults: Record<string, string> = { '.Values.webhook.serviceNamespace | default .Release.Namespace': 'karpenter', '.Values.webhook.serviceName': 'karpenter', '.Values.webhook.port': '8443' };
    for (const file of crds) {
      const template = read('charts/karpenter-crd/templates', file);
      expect(template.replace(/\{\{ (.*?) \}\}/g, (_, expression: string) => defaults[expression] ?? expression), file).to.equal(read('crds', file));
      expect(template.includes('{{'), file).to.equal(read('crds', file).includes('conversion:'));
      expect(existsSync(join(ROOT, 'charts/karpenter/crds', file)), file).to.equal(true);
    }
  });
});
