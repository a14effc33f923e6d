import type { Environment } from '@marcbachmann/cel-js';

/** Makes `name.function(…)` possible: functions are registered on the type `name`, whose one value is the constant `name`. */
export function registerNamespace(environment: Environment, name: string): void {
  class Namespace {
    readonly name = name;
  }
  environment.registerType(name, Namespace).registerConstant(name, name, new Namespace());
}
