import { widget, widgets, widgetsOf } from '../objects.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Texts by the format that they are tried as. */
const TEXTS: Record<string, readonly string[]> = {
  'date-time': ['2026-01-01T00:00:00Z','2026-01-01T00:00:00.123Z','2026-01-01 00:00:00Z','2026-01-01T00:00:00','2026-13-01T00:00:00Z','2026-02-30T00:00:00Z','2026-01-01T25:00:00Z','2026-01-01T00:00:00+01:00','2026-01-01t00:00:00z','2026-01-01T00:00:00+0100','x','','2026-01-01T00:00:60Z','2026-01-01T24:00:00Z','2026-01-01'],
  datetime: ['2026-01-01T00:00:00Z','x'],
  date: ['2026-01-01','2026-1-1','2026-02-30','x','2026-01-01T00:00:00Z',''],
  duration: ['1s','1h30m','1.5h','-1s','1','0','1d','2 weeks','1w','x','1 day','','1 H','5 sec','10 minutes','1ns','1us','1µs','1h 30m','P1D'],
  byte: ['eA==','eA=','!!','','eA','YWJj','eA==\n','_-__'],
  int32: ['x'], int64: ['x'], float: ['x'], double: ['x'],
  ipv4: ['1.2.3.4','1.2.3','256.1.1.1','::1','01.2.3.4',''],
  ipv6: ['::1','1.2.3.4','fe80::1%eth0','x','::ffff:1.2.3.4','1::2::3',''],
  cidr: ['10.0.0.0/8','10.0.0.1/8','10.0.0.0/33','x','::/0','10.0.0.0',''],
  mac: ['00:11:22:33:44:55','00-11-22-33-44-55','0011.2233.4455','x','00:11:22:33:44','00:11:22:33:44:55:66:77',''],
  uri: ['http://a','a','/a','mailto:x','http://a b','http://[::1','','urn:x:y','://x','a/b','//a/b'],
  email: ['a@b','a','a@b.c','"a b"@c','A <a@b.c>','a@',''],
  hostname: ['a.b','A','a_b','-a','a.','','a'.repeat(64),'1','a..b','xn--a','ä.de'],
  uuid: ['11111111-1111-1111-1111-111111111111','11111111111111111111111111111111','x','','{11111111-1111-1111-1111-111111111111}','11111111-1111-1111-1111-11111111111'],
  uuid3: ['11111111-1111-3111-1111-111111111111','11111111-1111-4111-1111-111111111111'], uuid4: ['11111111-1111-4111-8111-111111111111','11111111-1111-4111-1111-111111111111','11111111-1111-3111-8111-111111111111'], uuid5: ['11111111-1111-5111-8111-111111111111','11111111-1111-5111-1111-111111111111'],
  isbn: ['0321751043','978 0321751041','x',''], isbn10: ['0321751043','0321751044','x'], isbn13: ['978 0321751041','978 0321751042','x'],
  creditcard: ['4111 1111 1111 1111','4111111111111112','x'], ssn: ['111-22-3333','111223333','x'],
  hexcolor: ['#fff','#ffffff','fff','x','#ffff'], rgbcolor: ['rgb(1,2,3)','rgb(256,0,0)','x','rgb(1, 2, 3)'],
  password: ['x',''], bsonobjectid: ['507f1f77bcf86cd799439011','x',''], 'k8s-short-name': ['a','A','a.b'], 'k8s-long-name': ['a.b','A'], unheard: ['x'], 'uri-reference': ['x'], regex: ['['], time: ['x'], 'int-or-string': ['x'],
};

/** What is said of a Widget whose spec is the JSON text. */
async function judge(s: Session, spec: string): Promise<void> {
  const { body }: { body: Body } = await s.quiet('POST', `${widgetsOf(s)}?dryRun=All`, JSON.stringify(widget(s, 'a', 'SPEC' as never)).replace('"SPEC"', spec));
  s.note(`> ${spec}`);
  s.note(`< ${body.code ?? 201}${body.message ? ` ${body.message.replace(/^.* is invalid: /, '')}` : ''}`);
}

export const scenarios: Topic = {
  'of texts are checked, as far as they are known': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: Object.fromEntries(Object.keys(TEXTS).map((format) => [format, { type: 'string', format }])) }));
    for (const [format, texts] of Object.entries(TEXTS)) for (const text of texts) await judge(s, JSON.stringify({ [format]: text }));
  },
  'of numbers mean nothing': async (s) => {
    const formats = ['int32', 'int64', 'float', 'double', 'unheard'];
    await s.define(widgets(s, { type: 'object', properties: Object.fromEntries(formats.flatMap((format) => [[`integer-${format}`, { type: 'integer', format }], [`number-${format}`, { type: 'number', format }]])) }));
    for (const format of formats) for (const number of ['2147483648', '-2147483649', '1.5', '1e19', '3.5e38', '1.0', '1e3']) for (const type of ['integer', 'number']) await judge(s, `{"${type}-${format}":${number}}`);
  },
  'that nobody checks are warned about': async (s) => {
    for (const [type, format] of [['string', 'unheard'], ['string', 'int32'], ['integer', 'unheard'], ['integer', 'int32'], ['number', 'float'], ['string', 'date-time'], ['string', 'k8s-short-name'], ['string', 'uri-reference']]) {
      await s.post(`${CRDS}?dryRun=All`, widgets(s, { type: 'object', properties: { a: { type, format } } } as never), { pick: ({ kind }) => kind });
    }
  },
};
