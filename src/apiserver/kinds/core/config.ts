import { Buffer } from 'node:buffer';
import type { Endpoints, Secret } from 'kubernetes-types/core/v1.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { endpointsWarnings } from './network-warnings.js';
import { secretWarnings } from './object-warnings.js';

export const secretBehaviour: KindBehaviour = {
  selectableFields: fieldsAt('type'),
  warnings: secretWarnings,
  setDefaults(object) {
    const secret = object as unknown as Secret;
    secret.type ??= 'Opaque';
    // Plain text is for writing only: it is kept, and shown, encoded.
    if (!secret.stringData) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')] as const);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
};

export const endpointsBehaviour: KindBehaviour = {
  warnings: endpointsWarnings,
  setDefaults(object) {
    for (const { ports } of (object as unknown as Endpoints).subsets ?? []) for (const port of ports ?? []) port.protocol ??= 'TCP';
  },
};
