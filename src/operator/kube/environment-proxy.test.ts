import { expect } from 'chai';
import { proxyFromEnvironment } from './environment-proxy.js';

describe('the proxy that the environment names', () => {
  const proxy = 'http://proxy.example.com:3128';
  const proxyOf = (server: string, environment: Record<string, string>): string | undefined => proxyFromEnvironment(new URL(server), environment);

  it('is that of the scheme, by either name, as kubectl takes it', () => {
    expect(proxyOf('https://api.example.com', { HTTPS_PROXY: proxy, HTTP_PROXY: 'http://other' })).to.equal(proxy);
    expect(proxyOf('https://api.example.com', { https_proxy: 'proxy.example.com:3128' })).to.equal(proxy);
    expect(proxyOf('http://api.example.com', { HTTPS_PROXY: proxy })).to.equal(undefined);
    expect(proxyOf('http://api.example.com', { http_proxy: proxy })).to.equal(proxy);
    expect(proxyOf('https://api.example.com', {})).to.equal(undefined);
    expect(proxyOf('https://api.example.com', { HTTPS_PROXY: '' })).to.equal(undefined);
  });

  it('is passed by for what NO_PROXY names, and for this machine', () => {
    const passedBy = (server: string, NO_PROXY: string): boolean => proxyOf(server, { HTTPS_PROXY: proxy, NO_PROXY }) === undefined;
    for (const [server, list, expected] of [
      ['https://localhost:6443', '', true],
      ['https://127.0.0.9:6443', '', true],
      ['https://[::1]:6443', '', true],
      ['https://api.example.com', '*', true],
      ['https://api.example.com', 'example.com', true],
      ['https://example.com', 'example.com', true],
      ['https://badexample.com', 'example.com', false],
      ['https://api.example.com', ' .Example.COM ,other', true],
      ['https://example.com', '.example.com', false],
      ['https://api.example.com', '*.example.com', true],
      ['https://api.example.com', 'example.com:443', true],
      ['https://api.example.com:6443', 'example.com:443', false],
      ['https://10.96.0.1', '10.96.0.0/12', true],
      ['https://10.112.0.1', '10.96.0.0/12', false],
      ['https://10.96.0.1:443', '10.96.0.1', true],
      ['https://10.96.0.1:6443', '10.96.0.1:443', false],
      ['https://[fd00:10:96::1]', 'fd00:10:96::/108', true],
      ['https://[fd00:10:96::1]:443', '[fd00:10:96::1]:443', true],
      ['https://[fd00:10:96::1]', 'fd00:10:96:0::1', true],
      ['https://10.96.0.1', 'nonsense/99,,.', false],
    ] as const) expect(passedBy(server, list), `${server} by ${list}`).to.equal(expected);
  });
});
