import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { builtinSchema } from '../kinds/type-catalogue.js';
import { decodeBuiltin } from './decode.js';
import { unknownFieldText } from './unknown-field.js';

const decode = (object: JsonObject): string[] => decodeBuiltin(object, builtinSchema('apps.v1.Deployment')).map(unknownFieldText);
const withContainer = (container: JsonObject): JsonObject => ({ spec: { template: { spec: { containers: [container] } } } });

describe('Decoding of built-in kinds', () => {
  it('takes out unknown fields, naming each and what was meant', () => {
    const object = withContainer({ name: 'a', imagee: 'x', ports: [{ containerPort: 1, hostprt: 2 }], bogusthing: {} });
    expect(decode(object)).to.deep.equal([
      'unknown field "spec.template.spec.containers[0].imagee" (did you mean "image"?)',
      'unknown field "spec.template.spec.containers[0].ports[0].hostprt" (did you mean "hostPort"?)',
      'unknown field "spec.template.spec.containers[0].bogusthing"',
    ]);
    expect(object).to.deep.equal(withContainer({ name: 'a', ports: [{ containerPort: 1 }] }));
  });

  it('drops nulls, as Go does', () => {
    const object = { metadata: { name: 'a', creationTimestamp: null }, spec: { replicas: null } };
    decode(object);
    expect(object).to.deep.equal({ metadata: { name: 'a' }, spec: {} });
  });

  it('writes quantities and times canonically', () => {
    const object = { metadata: { creationTimestamp: '2024-01-01T01:00:00.5+01:00' }, ...withContainer({ resources: { requests: { cpu: 0.5, memory: '1.5Gi' } } }) };
    decode(object);
    expect(object).to.deep.equal({ metadata: { creationTimestamp: '2024-01-01T00:00:00Z' }, ...withContainer({ resources: { requests: { cpu: '500m', memory: '1536Mi' } } }) });
  });

  it('is not fooled by fields that every JavaScript object has', () => {
    const object = JSON.parse('{"spec":{"constructor":1,"__proto__":{"replicas":1}}}') as JsonObject;
    expect(decode(object)).to.have.length(2);
    expect(object).to.deep.equal({ spec: {} });
  });

  for (const [object, problem] of [
    [{ spec: { replicas: 'two' } }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ spec: { replicas: 1.5 } }, 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ spec: { paused: 'yes' } }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool'],
    [{ spec: { template: { spec: { containers: {} } } } }, 'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'],
    [{ metadata: { labels: { a: 1 } } }, 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
    [withContainer({ resources: { limits: { cpu: 'lots' } } }), "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ] as const) {
    it(`refuses ${JSON.stringify(object)}`, () => {
      expect(() => decode(structuredClone(object) as JsonObject)).to.throw(problem);
    });
  }

  it('refuses data of a secret that is not base64', () => {
    expect(() => decodeBuiltin({ data: { a: 'no base64!' } }, builtinSchema('core.v1.Secret'))).to.throw('illegal base64 data at input byte 2');
  });
});
