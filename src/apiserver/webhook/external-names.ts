import type { Storage } from '../contracts.js';
import type { WebhookAddresses } from './webhook-transport.js';

/** Services of type ExternalName: another name for something outside, on the port that is called. */
export const externalNames = (storage: Storage): WebhookAddresses['resolve'] => ({ namespace, name, port }) => {
  const { type, externalName } = (storage.get('services', namespace, name)?.['spec'] ?? {}) as { type?: string; externalName?: string };
  return type === 'ExternalName' && externalName ? { host: externalName, port } : undefined;
};
