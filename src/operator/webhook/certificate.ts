import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { KeyObject, X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension,
  SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509CertificateGenerator,
} from '@peculiar/x509';
import type { Random } from '../random.js';

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** When a certificate is valid, in milliseconds since the epoch. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => crypto.subtle.generateKey(KEYS, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
const pemOf = (key: webcrypto.CryptoKey): string => KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string;
/** Positive, as X.509 demands. */
const serialFrom = (random: Random): string => `4${random.uuid().replaceAll('-', '').slice(1)}`;

/** A new authority that signs itself. */
export async function issueAuthority(owner: string, { from, until }: Validity, random: Random): Promise<KeyPair> {
  const keys = await newKeys();
  const serialNumber = serialFrom(random);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // Authorities that follow each other must not be taken for one.
    name: `CN=${owner} ${serialNumber.slice(0, 8)}`,
    notBefore: new Date(from), notAfter: new Date(until),
    keys, signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemText(certificate.toString('pem')), key: pemOf(keys.privateKey) };
}

/** A server's certificate for these DNS names and IP addresses. */
export async function issueServing(hosts: readonly string[], authority: KeyPair, { from, until }: Validity, random: Random): Promise<KeyPair> {
  const keys = await newKeys();
  const signer = createPrivateKey(authority.key);
  const [signingKey, signerPublicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', signer.export({ type: 'pkcs8', format: 'der' }), KEYS, false, ['sign']),
    crypto.subtle.importKey('spki', createPublicKey(signer).export({ type: 'spki', format: 'der' }), KEYS, true, ['verify']),
  ]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialFrom(random),
    subject: `CN=${hosts[0]?.slice(0, 64)}`,
    issuer: new X509Certificate(authority.certificate).subject.split('\n').join(', '),
    notBefore: new Date(from), notAfter: new Date(until),
    publicKey: keys.publicKey, signingKey, signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true), new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isAddress(host) ? 'ip' : 'dns', value: host }))),
      await AuthorityKeyIdentifierExtension.create(signerPublicKey), await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemText(certificate.toString('pem')), key: pemOf(keys.privateKey) };
}

const pemText = (pem: string): string => `${pem.trim()}\n`;
const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':');

/** The certificates of a bundle, in its order; a part that is none is left out. */
export const certificatesIn = (bundle: string): string[] =>
  (bundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map(pemText).filter((pem) => readable(pem) !== undefined);

export function validityOf(certificate: string): Validity {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { from: Date.parse(validFrom), until: Date.parse(validTo) };
}

/** Whether key and certificate belong together. */
export function isPair({ certificate, key }: KeyPair): boolean {
  try {
    return readable(certificate)?.checkPrivateKey(createPrivateKey(key)) ?? false;
  } catch {
    return false;
  }
}

export const isSignedBy = (certificate: string, authority: string): boolean => {
  const [read, signer] = [new X509Certificate(certificate), new X509Certificate(authority)];
  return read.checkIssued(signer) && read.verify(signer.publicKey);
};

/** Whether clients accept the certificate from all of these hosts. */
export function isFor(certificate: string, hosts: readonly string[]): boolean {
  const read = new X509Certificate(certificate);
  return hosts.every((host) => (isAddress(host) ? read.checkIP(host) : read.checkHost(host)) !== undefined);
}

function readable(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
