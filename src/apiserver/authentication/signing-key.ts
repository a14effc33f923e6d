import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../contracts.js';

const FILE = 'service-account.key';
/** ECDSA signatures in JSON Web Tokens are the two numbers, one after the other. */
const SIGNATURE = 'ieee-p1363';

const encoded = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly id: string;
}

/** Signs JSON Web Tokens (ES256) and knows its own. The key is made when it is first needed. */
export class SigningKey {
  #pair: KeyPair | undefined;

  /** @param directory where the key outlives this process; absent: it does not. */
  constructor(private readonly directory?: string) {}

  sign(claims: JsonObject): string {
    const { privateKey, id } = this.#key();
    const signed = `${encoded({ alg: 'ES256', kid: id })}.${encoded(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: SIGNATURE }).toString('base64url')}`;
  }

  /** Whether this key has signed a token. */
  isGenuine(token: string): boolean {
    const [header, payload, signature = ''] = token.split('.');
    try {
      if ((JSON.parse(Buffer.from(header!, 'base64url').toString()) as JsonObject)['alg'] !== 'ES256') return false;
      return verify('sha256', Buffer.from(`${header}.${payload}`), { key: this.#key().publicKey, dsaEncoding: SIGNATURE }, Buffer.from(signature, 'base64url'));
    } catch {
      // The signature is none.
      return false;
    }
  }

  /** The public half as a JSON Web Key Set. */
  keySet(): JsonObject {
    const { publicKey, id } = this.#key();
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
    return { keys: [{ use: 'sig', kty, kid: id, crv, alg: 'ES256', x, y }] };
  }

  #key(): KeyPair {
    if (!this.#pair) {
      const privateKey = createPrivateKey(this.#stored());
      const publicKey = createPublicKey(privateKey);
      const id = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64url');
      this.#pair = { privateKey, publicKey, id };
    }
    return this.#pair;
  }

  #stored(): string {
    const path = this.directory === undefined ? undefined : join(this.directory, FILE);
    if (path !== undefined && existsSync(path)) return readFileSync(path, 'utf8');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    if (path !== undefined) {
      mkdirSync(this.directory!, { recursive: true });
      writeFileSync(path, privateKey, { mode: 0o600 });
    }
    return privateKey;
  }
}
