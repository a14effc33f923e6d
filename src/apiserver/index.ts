export { createApiServer } from './server.js';
export type { ApiServer, ApiServerOptions } from './server.js';
export type { ApiRequest, ApiResponse } from './http/exchange.js';
export type { Listener, ListenOptions } from './http/listen.js';
export type { AdmissionPlugin, AdmissionRequest, LogOptions, MetricsProvider, PodLogs } from './rest/context.js';
export type { ApiObject, Clock, ConversionHook, JsonObject, Random, StorageEvent } from './contracts.js';
export { StatusError } from './status.js';
export { httpsWebhooks } from './webhook/webhook-transport.js';
export type { WebhookAddresses, WebhookAnswer, WebhookCall, WebhookTransport } from './webhook/webhook-transport.js';
