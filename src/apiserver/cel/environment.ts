import { Environment } from '@marcbachmann/cel-js';
import { registerAuthorizer } from './library/authorizer.js';
import { registerFormats } from './library/formats.js';
import { registerLists } from './library/lists.js';
import { registerMacros } from './library/macros.js';
import { registerNetworks } from './library/networks.js';
import { registerQuantities } from './library/quantities.js';
import { registerSemver } from './library/semver.js';
import { registerStrings } from './library/strings.js';
import { registerUrls } from './library/urls.js';

/** CEL with the functions that Kubernetes adds to it, and no variables. */
export const libraryEnvironment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
for (const register of [registerStrings, registerLists, registerQuantities, registerUrls, registerNetworks, registerFormats, registerSemver, registerAuthorizer, registerMacros]) register(libraryEnvironment);

const base = libraryEnvironment.clone().registerVariable('self', 'dyn');

/** The variables of a validation rule. Types come with the values. */
export const ruleEnvironment: Environment = base.clone().registerVariable('oldSelf', 'dyn');

/** The same for rules with `optionalOldSelf`, where the old value may be absent. */
export const optionalOldSelfEnvironment: Environment = base.clone().registerVariable('oldSelf', 'optional<dyn>');
