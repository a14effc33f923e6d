export { aws, core, observability } from './module.js';
export * from './nodeclaim/registration-hook.js';
export * from './settings.js';
