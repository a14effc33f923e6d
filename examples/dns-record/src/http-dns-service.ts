import type { ExternalCalls } from 'karpenter-ts/operator';
import type { DnsService, ServiceRecord } from './dns-service.js';
import { QuotaExceeded } from './dns-service.js';

/** The service over HTTP, with the key in the header that such APIs have for it. Changes nothing once the process has lost the lead, be it in the middle of a step. */
export class HttpDnsService implements DnsService {
  constructor(private readonly url: string, private readonly token: string, private readonly calls: ExternalCalls) {}

  async create(record: ServiceRecord, key: string, signal: AbortSignal): Promise<string> {
    const { id } = (await this.#call('POST', '/records', { body: record, headers: { 'idempotency-key': key }, signal })) as { id: string };
    return id;
  }

  async get(id: string, signal: AbortSignal): Promise<ServiceRecord | undefined> {
    return (await this.#call('GET', `/records/${encodeURIComponent(id)}`, { signal })) as ServiceRecord | undefined;
  }

  async update(id: string, record: ServiceRecord, signal: AbortSignal): Promise<void> {
    await this.#call('PUT', `/records/${encodeURIComponent(id)}`, { body: record, signal });
  }

  async remove(id: string, signal: AbortSignal): Promise<'gone' | 'removing'> {
    const answer = (await this.#call('DELETE', `/records/${encodeURIComponent(id)}`, { signal })) as { state: 'gone' | 'removing' } | undefined;
    return answer?.state ?? 'gone';
  }

  async idsOf(owner: string, signal: AbortSignal): Promise<string[]> {
    return (await this.#call('GET', `/records?owner=${encodeURIComponent(owner)}`, { signal })) as string[];
  }

  /** The answer, undefined for 404. A status that says no is an error, which the framework tries again with back-off. */
  async #call(method: string, path: string, { body, headers = {}, signal }: { body?: object; headers?: Record<string, string>; signal: AbortSignal }): Promise<unknown> {
    const ask = (): Promise<Response> => fetch(`${this.url}${path}`, {
      method, signal, headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers }, ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const response = await (method === 'GET' ? ask() : this.calls.make('DNS', method, ask));
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (response.status === 402) throw new QuotaExceeded(text);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
