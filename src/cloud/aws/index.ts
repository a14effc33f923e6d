export * from './ami-family.js';
export * from './nodeclass-hash.js';
export * from './ports.js';
export * from './settings.js';
export * from './tokens.js';
