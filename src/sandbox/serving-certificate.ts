import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../operator/index.js';
import type { KeyPair } from '../operator/webhook/certificate.js';
import { issueAuthority, issueServing, validityOf } from '../operator/webhook/certificate.js';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const FILE = 'authority.json';
const HOSTS = ['localhost', '127.0.0.1', '::1', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];

/**
 * A certificate for an API server on this machine, and the PEM of who signed it. Clients check it by the wall clock, whatever time the
 * cluster has.
 * @param directory where the authority stays across restarts: nodes that know another one would have drifted.
 */
export async function servingCertificate(directory?: string): Promise<{ serving: KeyPair; authority: string }> {
  const now = systemClock().now();
  const authority = await authorityOf(directory, now);
  return { serving: await issueServing(HOSTS, authority, { from: now - DAY, until: now + YEAR }, systemRandom), authority: authority.certificate };
}

async function authorityOf(directory: string | undefined, now: number): Promise<KeyPair> {
  const path = directory === undefined ? undefined : join(directory, FILE);
  if (path !== undefined && existsSync(path)) {
    const known = JSON.parse(readFileSync(path, 'utf8')) as KeyPair;
    if (validityOf(known.certificate).until > now + YEAR) return known;
  }
  const authority = await issueAuthority('karpenter-ts-sandbox', { from: now - DAY, until: now + 10 * YEAR }, systemRandom);
  if (path !== undefined) {
    mkdirSync(directory!, { recursive: true });
    writeFileSync(path, JSON.stringify(authority), { mode: 0o600 });
  }
  return authority;
}
