import type { Clock } from '../clock.js';
import type { KubeClient } from '../kube/client.js';
import { isAlreadyExists, isConflict } from '../kube/errors.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import type { Random } from '../random.js';
import type { CertificateLifetimes, CertificateState } from './certificate-state.js';
import { maintained, secretDataOf, stateOf } from './certificate-state.js';

const SECRET: KindRef = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
/** Replicas that start together collide; somebody is first. */
const ATTEMPTS = 10;

type Secret = KubeObject & { data?: Record<string, string> };

export interface CertificateSecretOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly namespace: string;
  readonly name: string;
  /** Names the authority. */
  readonly owner: string;
  /** What the certificate is for: DNS names and IP addresses. */
  readonly hosts: readonly string[];
  readonly lifetimes: CertificateLifetimes;
}

/** The Secret in which all replicas keep one authority and one certificate; whoever sees that something is due writes it. */
export class CertificateSecret {
  #known: CertificateState | undefined;

  constructor(private readonly options: CertificateSecretOptions) {}

  /** What all replicas go by now, brought up to date if need be. */
  async current(signal?: AbortSignal): Promise<CertificateState> {
    const { client, clock, namespace, name } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      const secret = await client.find<Secret>(SECRET, { name, namespace, ...(signal ? { signal } : {}) });
      // A Secret that was deleted is written again as it was: clients go on trusting what they know.
      const stored = secret ? stateOf(secret.data) : undefined;
      const state = await maintained(stored ?? this.#known, { ...this.options, now: clock.now() });
      if (state !== stored) {
        try {
          const data = secretDataOf(state);
          if (secret) await client.mergePatch(SECRET, { name, namespace }, { metadata: { resourceVersion: secret.metadata.resourceVersion }, data });
          else await client.create(SECRET, { metadata: { name, namespace }, type: 'kubernetes.io/tls', data });
        } catch (error) {
          if (attempt < ATTEMPTS && (isConflict(error) || isAlreadyExists(error))) continue;
          throw error;
        }
      }
      this.#known = state;
      return state;
    }
  }
}
