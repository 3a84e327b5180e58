import type { Environment } from '@marcbachmann/cel-js';
import { addAuthorizer } from '../../../cel/authorizer.ts';
import { CelEnvironment, type Program } from '../../../cel/environment.ts';

/** Whatever is called `variables` in an expression: a member for each variable of its policy, evaluated when it is asked for. */
export class Variables {}

class JsonPatchLibrary {}

const variablesType = 'kubernetes.Variables';

/** What every expression of a policy may name. */
const base = CelEnvironment.open((environment) => {
  for (const name of ['object', 'oldObject', 'request', 'namespaceObject', 'params'])
    environment.registerVariable(name, 'dyn');
  addAuthorizer(environment);
  environment.registerVariable('authorizer', 'kubernetes.authorization.Authorizer');
  environment
    .registerType('kubernetes.JsonPatch', { ctor: JsonPatchLibrary, fields: {} })
    .registerConstant('jsonpatch', 'kubernetes.JsonPatch', new JsonPatchLibrary())
    .registerFunction('kubernetes.JsonPatch.escapeKey(string): string', (_: unknown, key: string) =>
      escaped(key),
    );
});

/** RFC 6901: a key as a part of a pointer. */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const withVariables = (names: readonly string[]): CelEnvironment =>
  base.with((environment: Environment) => {
    environment.registerType(variablesType, {
      ctor: Variables,
      fields: Object.fromEntries(names.map((name) => [name, 'dyn'])),
    });
    environment.registerVariable('variables', variablesType);
  });

/** A variable of a policy, which may name those before it. */
export interface Variable {
  readonly name: string;
  readonly program: Program;
}

/** The expressions of a policy are compiled one after the other: each sees the variables declared so far. */
export class PolicyCompiler {
  readonly #variables: Variable[] = [];
  #environment = withVariables([]);

  get variables(): readonly Variable[] {
    return this.#variables;
  }

  /** @throws {CelError} */
  declare(name: string, expression: string): void {
    const program = this.#environment.compile(expression, []);
    this.#variables.push({ name, program });
    this.#environment = withVariables(this.#variables.map((it) => it.name));
  }

  /** @throws {CelError} */
  compile(expression: string, types: readonly string[]): Program {
    return this.#environment.compile(expression, types);
  }
}
