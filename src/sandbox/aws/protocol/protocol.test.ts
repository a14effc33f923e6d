import { expect } from 'chai';
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { Parameters } from './parameters.js';
import { Repeated, xmlEncoder } from './xml.js';

describe('Query parameters', () => {
  it('are read as the tree that their dotted names stand for', () => {
    const input = Parameters.parse('Action=X&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b&Filter.1.Value.2=c%20d&Filter.10.Name=z&Filter.2.Name=y&DryRun=true&Max=5&Spec.Name=n');
    expect(input.list('Filter').map((filter) => filter.text('Name'))).to.deep.equal(['tag:a', 'y', 'z']);
    expect(input.list('Filter')[0]?.texts('Value')).to.deep.equal(['b', 'c d']);
    expect(input.flag('DryRun')).to.equal(true);
    expect(input.number('Max')).to.equal(5);
    expect(input.child('Spec').required('Name')).to.equal('n');
    expect(input.child('Absent').text('Name')).to.equal(undefined);
    expect(input.list('Absent')).to.deep.equal([]);
  });

  it('name what is missing or malformed', () => {
    const input = Parameters.parse('Max=five&DryRun=yes&Empty=');
    expect(() => input.number('Max')).to.throw('Value (five) for parameter Max is invalid');
    expect(() => input.flag('DryRun')).to.throw('It must be true or false');
    expect(() => input.required('Empty')).to.throw('must contain the parameter Empty');
  });

  it('have one canonical text whatever their order, without the excepted ones', () => {
    expect(Parameters.parse('A=1&B.1=x&B.2=y&Token=t').canonical(['Token'])).to.equal(Parameters.parse('B.2=y&Token=u&B.1=x&A=1').canonical(['Token']));
    expect(Parameters.parse('A=1').canonical()).not.to.equal(Parameters.parse('A=2').canonical());
    expect(Parameters.parse('A.Token=1').canonical(['Token'])).to.contain('Token');
  });
});

describe('the XML encoder', () => {
  const encode = xmlEncoder('item');

  it('writes lists, nesting and absence as the services do', () => {
    expect(encode('a', {
      b: [1, { c: true }], d: [], e: undefined, f: {}, g: { h: new Repeated(['x', 'y']) },
    })).to.equal('<a><b><item>1</item><item><c>true</c></item></b><d></d><f></f><g><h>x</h><h>y</h></g></a>');
  });

  it('keeps any text through a real parser', () => {
    const parser = new XMLParser({ parseTagValue: false, trimValues: false });
    const printable = fc.string({ unit: 'grapheme-ascii' });
    fc.assert(fc.property(printable, (text) => {
      const parsed = parser.parse(encode('a', { b: text })) as { a: { b: string } };
      expect(parsed.a.b).to.equal(text);
    }));
  });
});
