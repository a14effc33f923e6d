export * from './decision.js';
export * from './options.js';
export * from './snapshot.js';
