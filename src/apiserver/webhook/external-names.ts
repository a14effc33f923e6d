import type { Storage } from '../contracts.js';
import type { WebhookAddresses } from './webhook-transport.js';

/**
 * Services of type ExternalName: another name for something outside, on the port that is called. Nothing here is behind the others.
 * @throws {Error} for services that are not there, or have no such port
 */
export const externalNames = (storage: Storage): WebhookAddresses['resolve'] => ({ namespace, name, port }) => {
  const service = storage.get('services', namespace, name);
  if (!service) throw new Error(`service ${JSON.stringify(name)} not found`);
  const { type, externalName, ports = [] } = (service['spec'] ?? {}) as { type?: string; externalName?: string; ports?: { port: number }[] };
  if (type === 'ExternalName' && externalName) return { host: externalName, port };
  if (!ports.some((each) => each.port === port)) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  return undefined;
};
