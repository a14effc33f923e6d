import type { JsonObject } from '../contracts.js';
import type { WebhookAnswer } from './webhook-transport.js';

const TEXTS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};
/** Statuses whose text is what the server said itself. */
const QUOTED = new Set([403, 406, 415]);

/** The object that a webhook answered. @throws {Error} in the words of Kubernetes' client, when it answered none */
export function readAnswer({ status, contentType = '', body }: WebhookAnswer): JsonObject {
  const answer = parsed(body);
  if (status < 200 || status > 206) {
    if (typeof answer === 'object' && answer['kind'] === 'Status' && typeof answer['message'] === 'string') throw new Error(answer['message']);
    throw new Error(statusText(status, contentType.startsWith('text/') ? body.trim() : 'unknown'));
  }
  if (body === '') throw new Error(`0-length response with status code: ${status} and content type: ${contentType}`);
  if (typeof answer === 'object') return answer;
  // What is no JSON counts as YAML, and that as a text.
  throw new Error(`couldn't get version/kind; json parse error: json: cannot unmarshal ${answer} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`);
}

function statusText(status: number, said: string): string {
  if (QUOTED.has(status)) return said;
  return TEXTS[status] ?? (status >= 500 ? `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding` : `the server responded with the status code ${status} but did not return more information`);
}

/** An object, or what else it is, as Go calls that. */
function parsed(body: string): JsonObject | string {
  try {
    const value: unknown = JSON.parse(body);
    if (Array.isArray(value)) return 'array';
    return value !== null && typeof value === 'object' ? (value as JsonObject) : typeof value === 'boolean' ? 'bool' : typeof value;
  } catch {
    return 'string';
  }
}
