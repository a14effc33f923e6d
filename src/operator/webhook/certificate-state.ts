import type { Random } from '../random.js';
import type { KeyPair, Validity } from './certificate.js';
import { certificatesIn, isFor, isPair, isSignedBy, issueAuthority, issueServing, validityOf } from './certificate.js';

/** Everything that the replicas share. */
export interface CertificateState {
  /** PEM of the authorities that clients are to trust, newest first. */
  readonly authorities: readonly string[];
  /** Of the newest. */
  readonly authorityKey: string;
  readonly serving: KeyPair;
}

/** Lengths in milliseconds. */
export interface CertificateLifetimes {
  readonly authority: number;
  readonly serving: number;
  /** How long clients must have been able to learn of an authority before it signs what they see. */
  readonly settling: number;
  /** By how much clocks may differ: certificates are valid since then. */
  readonly skew: number;
}

const [HOUR, DAY] = [3_600_000, 86_400_000];
export const LIFETIMES: CertificateLifetimes = { authority: 365 * DAY, serving: 90 * DAY, settling: HOUR, skew: HOUR };

interface Upkeep {
  readonly owner: string;
  readonly hosts: readonly string[];
  readonly now: number;
  readonly lifetimes: CertificateLifetimes;
  readonly random: Random;
}

/**
 * The state as it has to be now; the same one if nothing is due. Certificates are replaced after two thirds of their life. A new
 * authority is first only trusted, beside the old one, and signs once everybody can have learned of it: no client ever sees a
 * certificate that it cannot check.
 */
export async function maintained(known: CertificateState | undefined, upkeep: Upkeep): Promise<CertificateState> {
  const { owner, hosts, now, lifetimes, random } = upkeep;
  const validFor = (length: number): Validity => ({ from: now - lifetimes.skew, until: now + length });
  const serve = (authority: KeyPair): Promise<KeyPair> => issueServing(hosts, authority, validFor(Math.min(lifetimes.serving, validityOf(authority.certificate).until - now)), random);
  const usable = known && authorityOf(known, now);
  if (!known || !usable) {
    const authority = await issueAuthority(owner, validFor(lifetimes.authority), random);
    return { authorities: [authority.certificate], authorityKey: authority.key, serving: await serve(authority) };
  }
  let state = known;
  const alive = known.authorities.filter((authority) => validityOf(authority).until > now);
  if (alive.length < known.authorities.length) state = { ...state, authorities: alive };
  if (isAged(validityOf(usable.certificate), now)) {
    const authority = await issueAuthority(owner, validFor(lifetimes.authority), random);
    state = { ...state, authorities: [authority.certificate, ...state.authorities], authorityKey: authority.key };
  }
  const newest: KeyPair = { certificate: state.authorities[0] as string, key: state.authorityKey };
  const { serving } = state;
  const works = isPair(serving) && isFor(serving.certificate, hosts) && validityOf(serving.certificate).until > now && state.authorities.some((authority) => isSignedBy(serving.certificate, authority));
  const settled = state.authorities.length === 1 || now - (validityOf(newest.certificate).from + lifetimes.skew) >= lifetimes.settling;
  const outdated = isAged(validityOf(serving.certificate), now) || !isSignedBy(serving.certificate, newest.certificate);
  // What does not work anyway need not wait for the new authority.
  if (!works || (settled && outdated)) state = { ...state, serving: await serve(newest) };
  return state;
}

/** The newest authority, if it can still sign. */
function authorityOf({ authorities: [certificate], authorityKey: key }: CertificateState, now: number): KeyPair | undefined {
  return certificate !== undefined && isPair({ certificate, key }) && validityOf(certificate).until > now ? { certificate, key } : undefined;
}

const isAged = ({ from, until }: Validity, now: number): boolean => now >= from + ((until - from) * 2) / 3;

/** The state as a Secret of type `kubernetes.io/tls` has it. */
export const secretDataOf = ({ authorities, authorityKey, serving }: CertificateState): Record<string, string> =>
  Object.fromEntries(Object.entries({ 'ca.crt': authorities.join(''), 'ca.key': authorityKey, 'tls.crt': serving.certificate, 'tls.key': serving.key })
    .map(([name, text]) => [name, Buffer.from(text).toString('base64')]));

/** Undefined for a Secret that somebody else filled, or damaged beyond use. */
export function stateOf(data: Readonly<Record<string, string>> | undefined): CertificateState | undefined {
  const text = (name: string): string => Buffer.from(data?.[name] ?? '', 'base64').toString();
  const authorities = certificatesIn(text('ca.crt'));
  const [certificate] = certificatesIn(text('tls.crt'));
  if (authorities.length === 0 || certificate === undefined) return undefined;
  return { authorities, authorityKey: text('ca.key'), serving: { certificate, key: text('tls.key') } };
}
