import type { ApiObject } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import type { RestContext } from '../rest/context.js';
import { WorkQueue } from './work-queue.js';

const SECRETS = 'secrets';
const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/** Puts tokens into the secrets that ask for one, and takes out the secrets of service accounts that are gone. @param certificateAuthority absent: is not put in */
export function startTokenSecrets(ctx: RestContext, certificateAuthority: string | undefined): { close(): void } {
  const { storage, clock, registry, serviceAccountTokens } = ctx;
  const definition = registry.lookup('', 'v1', SECRETS)!;
  const fill = (secret: ApiObject, account: ApiObject): void => {
    const { namespace = '' } = secret.metadata;
    const data = (secret['data'] ?? {}) as Record<string, string>;
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const wanted: Record<string, string> = { ...data, token: data['token'] || base64(serviceAccountTokens.issueForSecret(account, secret)), namespace: base64(namespace), ...(certificateAuthority && { 'ca.crt': base64(certificateAuthority) }) };
    const annotations = { ...secret.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid! };
    if (secret.metadata.annotations?.[ACCOUNT_UID] && Object.keys(wanted).every((key) => wanted[key] === data[key])) return;
    const next = { ...secret, metadata: { ...secret.metadata, annotations }, data: wanted };
    trackUpdate(ctx, definition, secret, next, '', { fieldManager: 'kube-controller-manager' });
    storage.update(SECRETS, next);
  };
  const queue = new WorkQueue<string>(clock, (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const secret = storage.get(SECRETS, namespace, name);
    if (!secret || !isToken(secret)) return;
    const account = storage.get('serviceaccounts', namespace, secret.metadata.annotations![ACCOUNT_NAME]!);
    const uid = secret.metadata.annotations![ACCOUNT_UID];
    if (!account || (uid && uid !== account.metadata.uid)) storage.delete(SECRETS, namespace, name);
    else fill(secret, account);
  });
  const add = ({ metadata: { namespace, name } }: ApiObject): void => queue.add(`${namespace}/${name}`);
  storage.list(SECRETS).filter(isToken).forEach(add);
  const unsubscribe = storage.subscribe(({ type, resource, object }) => {
    if (resource === SECRETS && type !== 'DELETED' && isToken(object)) add(object);
    if (resource === 'serviceaccounts' && type === 'DELETED') storage.list(SECRETS, object.metadata.namespace).filter((secret) => isToken(secret) && secret.metadata.annotations![ACCOUNT_NAME] === object.metadata.name).forEach(add);
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}

const isToken = ({ type, metadata }: ApiObject): boolean => type === TYPE && Boolean(metadata.annotations?.[ACCOUNT_NAME]);
