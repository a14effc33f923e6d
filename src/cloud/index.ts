export * from './errors.js';
export * from './instance-type.js';
export * from './provider.js';
export * from './measured-provider.js';
