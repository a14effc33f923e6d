import { expect } from 'chai';
import { Interned } from './interned.js';
import type { SourceText } from './input-error.js';
import { ObjectReader } from './object-reader.js';
import type { InputObject } from './object-reader.js';
import { readYaml } from './yaml-reader.js';

const at = (text: string, format: 'json' | 'yaml'): SourceText => ({ file: 'f', format, text, line: 1, column: 1, path: [] });
const json = (name: string, cpu: string): string => JSON.stringify({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: 'web' }, deletionTimestamp: null }, spec: { nodeName: null, containers: [{ resources: { requests: { cpu } } }] },
});
const yaml = (name: string, cpu: string): string => `  apiVersion: v1\n  kind: Pod\n  metadata:\n    name: ${name}\n    labels: {app: web}\n    deletionTimestamp: null\n  spec:\n    nodeName:\n    # its container\n    containers:\n    - resources: {requests: {cpu: ${cpu}}}\n`;

describe('ObjectReader', () => {
  const reader = new ObjectReader(readYaml);
  const formats: Record<string, (name: string, cpu: string) => InputObject> = {
    JSON: (name, cpu) => reader.json(Buffer.from(json(name, cpu)), at(json(name, cpu), 'json')),
    YAML: (name, cpu) => reader.yaml(at(yaml(name, cpu), 'yaml')),
  };
  for (const [format, read] of Object.entries(formats)) {
    it(`keeps once what pods have in common, and leaves out what is null, in ${format}`, () => {
      const [first, second, other] = [read('a', '1'), read('b', '1'), read('c', '2')];
      expect([first, second, other].map((pod) => [pod.metadata.name, pod.spec])).to.deep.equal(['1', '1', '2'].map((cpu, index) => ['abc'[index], {
        containers: [{ resources: { requests: { cpu: format === 'JSON' ? cpu : Number(cpu) } } }],
      }]));
      expect(second.spec).to.equal(first.spec);
      expect(second.metadata['labels']).to.equal(first.metadata['labels']);
      expect(first.metadata).to.deep.equal({ name: 'a', labels: { app: 'web' } });
    });
  }

  it('reads YAML that is written otherwise as a whole', () => {
    const texts = ['{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}', '  ? kind\n  : Pod\n  apiVersion: v1\n  metadata: {name: a}\n  spec: &spec {containers: []}\n  status: {copy: *spec}\n'];
    expect(texts.map((text) => reader.yaml(at(text, 'yaml')).metadata.name)).to.deep.equal(['a', 'a']);
  });
});

describe('Interned', () => {
  it('gives up when hardly any text comes twice', () => {
    const interned = new Interned<object>();
    const value = interned.get('a', () => ({}));
    expect(interned.get('a', () => ({}))).to.equal(value);
    for (let index = 0; index < 11_000; index += 1) interned.get(String(index), () => ({}));
    expect(interned.get('a', () => ({}))).to.not.equal(value);
  });
});
