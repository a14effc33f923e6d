import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const USER = 'system:serviceaccount:karpenter:karpenter';
const WRITES = ['create', 'update', 'patch', 'delete'];
const CREDENTIAL = 'authentication.kubernetes.io/credential-id';

interface AuditedEvent {
  verb: string;
  requestURI: string;
  user: { extra?: Record<string, string[]> };
  objectRef?: { resource: string; name?: string; subresource?: string };
  responseStatus?: { code: number };
  responseObject?: { metadata?: { resourceVersion?: string }; spec?: { holderIdentity?: string } };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
}

/** A write that Karpenter's service account sent. */
export interface AuditedWrite {
  /** Which token was shown. */
  readonly credential: string;
  readonly verb: string;
  readonly resource: string;
  /** Whether the API server did it. */
  readonly stored: boolean;
  /** Its place in the order of all that was stored; undefined for what is gone or was refused. */
  readonly revision: number | undefined;
  /** Milliseconds since the epoch. */
  readonly received: number;
  readonly answered: number;
  /** Whom a lease names afterwards. */
  readonly holder: string | undefined;
}

/** What kube-apiserver notes of the requests of Karpenter's service account. */
export class AuditLog {
  private readonly path: string;
  readonly flags: readonly string[];

  constructor(folder: string) {
    const policy = join(folder, 'audit-policy.json');
    this.path = join(folder, 'audit.log');
    writeFileSync(policy, JSON.stringify({
      apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'],
      rules: [{ level: 'RequestResponse', users: [USER], verbs: WRITES }, { level: 'Metadata', users: [USER] }, { level: 'None' }],
    }));
    this.flags = [`--audit-policy-file=${policy}`, `--audit-log-path=${this.path}`];
  }

  /** What it may not do. */
  refusals(): string[] {
    return this.events().filter(({ responseStatus }) => responseStatus?.code === 401 || responseStatus?.code === 403).map(({ verb, requestURI }) => `${verb} ${requestURI}`);
  }

  /** All writes, in the order in which they arrived. */
  writes(): AuditedWrite[] {
    return this.events().filter(({ verb }) => WRITES.includes(verb)).map(({ user, verb, objectRef, responseStatus, responseObject, requestReceivedTimestamp, stageTimestamp }) => ({
      credential: user.extra?.[CREDENTIAL]?.[0] ?? '', verb, resource: [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/'),
      stored: (responseStatus?.code ?? 500) < 300,
      revision: responseObject?.metadata?.resourceVersion === undefined ? undefined : Number(responseObject.metadata.resourceVersion),
      received: Date.parse(requestReceivedTimestamp), answered: Date.parse(stageTimestamp), holder: responseObject?.spec?.holderIdentity,
    })).sort((a, b) => a.received - b.received);
  }

  private events(): AuditedEvent[] {
    if (!existsSync(this.path)) return [];
    // The last line may not be complete yet.
    return readFileSync(this.path, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as AuditedEvent);
  }
}

/** What the audit log calls the bearer of a token. */
export const credentialOf = (token: string): string => `JTI=${(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti}`;
