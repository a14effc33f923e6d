import { expect } from 'chai';
import { imageOf } from './image.js';

describe('an image', () => {
  const names: [string, string, string][] = [
    ['nginx', 'docker.io/library/nginx:latest', 'docker.io/library/nginx'],
    ['postgres:14', 'docker.io/library/postgres:14', 'docker.io/library/postgres'],
    ['ecommerce/frontend:v2.1.0', 'docker.io/ecommerce/frontend:v2.1.0', 'docker.io/ecommerce/frontend'],
    ['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause:3.9', 'registry.k8s.io/pause'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest', 'localhost:5000/a/b'],
  ];
  for (const [reference, name, repository] of names) {
    it(`called ${reference} is ${name}`, () => {
      const image = imageOf(reference);
      expect(image.name).to.equal(name);
      expect(image.id).to.match(/^(.+)@sha256:[0-9a-f]{64}$/).and.satisfy((id: string) => id.startsWith(`${repository}@`));
    });
  }

  it('is the same for everyone who asks for it, and keeps a digest that is asked for', () => {
    expect(imageOf('nginx')).to.deep.equal(imageOf('docker.io/library/nginx:latest'));
    expect(imageOf('nginx:1').id).to.not.equal(imageOf('nginx:2').id);
    expect(imageOf('nginx@sha256:abc')).to.include({ name: 'docker.io/library/nginx@sha256:abc', id: 'docker.io/library/nginx@sha256:abc' });
  });
});
