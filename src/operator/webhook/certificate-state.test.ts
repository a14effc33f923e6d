import { expect } from 'chai';
import { seededRandom } from '../random.js';
import { certificatesIn, isFor, isSignedBy, validityOf } from './certificate.js';
import type { CertificateLifetimes, CertificateState } from './certificate-state.js';
import { LIFETIMES, maintained, secretDataOf, stateOf } from './certificate-state.js';

const [HOUR, DAY] = [3_600_000, 86_400_000];
const START = Date.UTC(2024, 0, 1);
const HOSTS = ['hook.system.svc', '10.0.0.1'];

describe('The certificates of webhooks', () => {
  const random = seededRandom(1);
  const at = (now: number, known?: CertificateState, { hosts = HOSTS, lifetimes = LIFETIMES }: { hosts?: string[]; lifetimes?: CertificateLifetimes } = {}): Promise<CertificateState> =>
    maintained(known, { owner: 'test', hosts, now, lifetimes, random });

  it('are made where there are none, for all hosts, by an authority that signs nothing else', async () => {
    const { authorities, serving } = await at(START);
    expect(authorities).to.have.length(1);
    expect(isSignedBy(serving.certificate, authorities[0] as string)).to.equal(true);
    expect(isFor(serving.certificate, HOSTS)).to.equal(true);
    expect(isFor(serving.certificate, ['other.system.svc'])).to.equal(false);
    expect(validityOf(serving.certificate)).to.deep.equal({ from: START - HOUR, until: START + 90 * DAY });
    expect(validityOf(authorities[0] as string).until).to.equal(START + 365 * DAY);
  });

  it('stay as they are while nothing is due, also when they come back from the Secret', async () => {
    const first = await at(START);
    expect(stateOf(secretDataOf(first))).to.deep.equal(first);
    expect(await at(START + 59 * DAY, first)).to.equal(first);
  });

  it('are renewed after two thirds of their life, and for other hosts, by the same authority', async () => {
    const first = await at(START);
    for (const next of [await at(START + 61 * DAY, first), await at(START + DAY, first, { hosts: [...HOSTS, 'new.svc'] })]) {
      expect(next.authorities).to.deep.equal(first.authorities);
      expect(next.serving.certificate).not.to.equal(first.serving.certificate);
      expect(isSignedBy(next.serving.certificate, first.authorities[0] as string)).to.equal(true);
    }
  });

  it('of a new authority are served only when everybody can have learned of it; the old one stays trusted until its end', async () => {
    const first = await at(START);
    const renewed = await at(START + 240 * DAY, first);
    const both = await at(START + 245 * DAY, renewed);
    expect(both.authorities).to.have.length(2);
    expect(both.authorities[1]).to.equal(first.authorities[0]);
    expect(both.serving).to.equal(renewed.serving);
    expect(await at(START + 245 * DAY + HOUR / 2, both)).to.equal(both);
    const settled = await at(START + 245 * DAY + HOUR, both);
    expect(isSignedBy(settled.serving.certificate, both.authorities[0] as string)).to.equal(true);
    expect(settled.authorities).to.equal(both.authorities);
    const later = await at(START + 366 * DAY, settled);
    expect(later.authorities).to.deep.equal([both.authorities[0]]);
  });

  it('never outlive who signed them', async () => {
    const { authorities, serving } = await at(START, undefined, { lifetimes: { ...LIFETIMES, authority: 10 * DAY } });
    expect(validityOf(serving.certificate).until).to.equal(validityOf(authorities[0] as string).until);
  });

  it('are made anew from what is damaged', async () => {
    const first = await at(START);
    const data = secretDataOf(first);
    const other = secretDataOf(await at(START));
    expect(stateOf(undefined)).to.equal(undefined);
    expect(stateOf({ ...data, 'ca.crt': 'bm9uZQ==' })).to.equal(undefined);
    for (const damage of [{ 'tls.key': other['tls.key'] }, { 'tls.crt': other['tls.crt'], 'tls.key': other['tls.key'] }, { 'tls.key': 'bm9uZQ==' }]) {
      const next = await at(START, stateOf({ ...data, ...damage } as Record<string, string>));
      expect(next.authorities).to.deep.equal(first.authorities);
      expect(isSignedBy(next.serving.certificate, first.authorities[0] as string)).to.equal(true);
    }
    const withoutKey = await at(START, stateOf({ ...data, 'ca.key': '' }));
    expect(withoutKey.authorities).not.to.deep.equal(first.authorities);
  });

  it('survive other text in a bundle', () => {
    expect(certificatesIn('hello\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).to.deep.equal([]);
  });
});
