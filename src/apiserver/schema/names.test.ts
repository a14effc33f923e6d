import { expect } from 'chai';
import fc from 'fast-check';
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, portName, qualifiedName } from './names.js';

describe('Names', () => {
  const good = (check: (value: string) => string[], ...values: string[]): void => {
    for (const value of values) expect(check(value), value).to.deep.equal([]);
  };
  const bad = (check: (value: string) => string[], ...values: string[]): void => {
    for (const value of values) expect(check(value), value).to.not.deep.equal([]);
  };

  it('are DNS labels', () => {
    good(dns1123Label, 'a', '1-2', 'a'.repeat(63));
    bad(dns1123Label, '', 'A', '-a', 'a-', 'a.b', 'a'.repeat(64));
    good(dns1035Label, 'a1');
    bad(dns1035Label, '1a');
  });

  it('are DNS subdomains', () => {
    good(dns1123Subdomain, 'a.b-c.d', `${'a'.repeat(60)}.${'b'.repeat(190)}`);
    bad(dns1123Subdomain, 'a..b', 'a_b', 'a'.repeat(254));
  });

  it('are qualified by a prefix', () => {
    good(qualifiedName, 'app', 'karpenter.sh/capacity-type', 'A_b.c');
    bad(qualifiedName, '', '/a', 'a/', 'a/b/c', 'Under_score/a', '-a', `a/${'b'.repeat(64)}`);
  });

  it('are values of labels', () => {
    good(labelValue, '', 'MyValue', 'a_b.c-1');
    bad(labelValue, '-a', 'a b', 'a'.repeat(64));
  });

  it('are names of ports', () => {
    good(portName, 'http', 'a-1');
    bad(portName, '80', 'a--b', '-a', 'UPPER', 'sixteencharacter');
  });

  it('quote the rule that was broken', () => {
    expect(dns1123Label('A')).to.deep.equal([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
  });

  it('that are labels are subdomains too', () => {
    fc.assert(fc.property(fc.string({ maxLength: 70 }), (value) => dns1123Label(value).length > 0 || dns1123Subdomain(value).length === 0));
  });
});
