import type * as storage from 'kubernetes-types/storage/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** A way to make volumes. */
@ForeignKind({ group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass', plural: 'storageclasses', namespaced: false, statusSubresource: false })
export class StorageClass extends typed<storage.StorageClass>() {}

/** The storage drivers of a node. */
@ForeignKind({ group: 'storage.k8s.io', version: 'v1', kind: 'CSINode', plural: 'csinodes', namespaced: false, statusSubresource: false })
export class CSINode extends typed<storage.CSINode>() {}

/** A storage driver. */
@ForeignKind({ group: 'storage.k8s.io', version: 'v1', kind: 'CSIDriver', plural: 'csidrivers', namespaced: false, statusSubresource: false })
export class CSIDriver extends typed<storage.CSIDriver>() {}

/** A volume attached to a node. */
@ForeignKind({ group: 'storage.k8s.io', version: 'v1', kind: 'VolumeAttachment', plural: 'volumeattachments', namespaced: false })
export class VolumeAttachment extends typed<storage.VolumeAttachment>() {}
