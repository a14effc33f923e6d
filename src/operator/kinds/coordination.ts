import type * as coordination from 'kubernetes-types/coordination/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** A claim that is held by being renewed. */
@ForeignKind({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true, statusSubresource: false })
export class Lease extends typed<coordination.Lease>() {}
