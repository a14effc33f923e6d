import type { RestResult } from './context.js';

/** A `Status` that says that all went well, for writes that have nothing to show. */
export const success = (status: number): RestResult => ({
  type: 'object',
  status,
  object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: status },
});
