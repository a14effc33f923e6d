export * from './errors.js';
export * from './instance-type.js';
export * from './provider.js';
export * from './measured-provider.js';
export * from './overlay/overlaid-provider.js';
export * from './overlay/overlaid-types.js';
export * from './overlay/overlay-evaluation.js';
export * from './overlay/overlay-store.js';
