import type { Environment } from '@marcbachmann/cel-js';
import type { User } from '../authentication/user.ts';
import type { Attributes, Authorizer } from '../authorization/rbac.ts';
import { CelError } from './cel-error.ts';

/** Kubernetes' `authorizer`: whether somebody may do something, asked from within an expression. */
export function addAuthorizer(environment: Environment): void {
  const [root, path, group, resource, decision] = [
    'Authorizer',
    'PathCheck',
    'GroupCheck',
    'ResourceCheck',
    'Decision',
  ].map((name) => `kubernetes.authorization.${name}`);
  environment
    .registerType(`${root}`, { ctor: AuthorizerValue, fields: { requestResource: 'dyn' } })
    .registerType(`${path}`, { ctor: PathCheck, fields: {} })
    .registerType(`${group}`, { ctor: GroupCheck, fields: {} })
    .registerType(`${resource}`, { ctor: ResourceCheck, fields: {} })
    .registerType(`${decision}`, { ctor: Decision, fields: {} })
    .registerFunction(
      `${root}.path(string): ${path}`,
      (of: AuthorizerValue, at: string) => new PathCheck(of, said('path', at)),
    )
    .registerFunction(
      `${root}.group(string): ${group}`,
      (of: AuthorizerValue, name: string) => new GroupCheck(of, name),
    )
    .registerFunction(
      `${root}.serviceAccount(string, string): ${root}`,
      (of: AuthorizerValue, namespace: string, name: string) => of.as(namespace, name),
    )
    .registerFunction(`${group}.resource(string): ${resource}`, (of: GroupCheck, name: string) =>
      of.resource(said('resource', name)),
    )
    .registerFunction(`${path}.check(string): ${decision}`, (of: PathCheck, verb: string) => of.check(verb))
    .registerFunction(`${resource}.check(string): ${decision}`, (of: ResourceCheck, verb: string) =>
      of.check(verb),
    )
    .registerFunction(`${decision}.allowed(): bool`, ({ isAllowed }: Decision) => isAllowed)
    .registerFunction(`${decision}.reason(): string`, () => '')
    .registerFunction(`${decision}.errored(): bool`, () => false)
    .registerFunction(`${decision}.error(): string`, () => '');
  // Who may do what never depends on selectors here, neither by roles nor for nodes.
  for (const part of ['fieldSelector', 'labelSelector'])
    environment.registerFunction(`${resource}.${part}(string): ${resource}`, (of: ResourceCheck) => of);
  for (const part of ['subresource', 'namespace', 'name'] as const)
    environment.registerFunction(
      `${resource}.${part}(string): ${resource}`,
      (of: ResourceCheck, value: string) => of.with({ [part]: value }),
    );
}

function said(name: string, text: string): string {
  if (text.trim() === '') throw new CelError(`${name} must not be empty`);
  return text;
}

type Asked = Extract<Attributes, { readonly isResource: true }>;

/** The variable `authorizer`. */
export class AuthorizerValue {
  readonly #authorizer: Authorizer;
  readonly #user: User;
  /** Of what the request is about. */
  readonly requestResource: ResourceCheck;

  constructor(authorizer: Authorizer, user: User, request: Omit<Asked, 'isResource' | 'verb'>) {
    this.#authorizer = authorizer;
    this.#user = user;
    this.requestResource = new ResourceCheck(this, request);
  }

  as(namespace: string, name: string): AuthorizerValue {
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
    const user = { username: `system:serviceaccount:${namespace}:${name}`, groups };
    return new AuthorizerValue(this.#authorizer, user, this.requestResource.asked);
  }

  decide(attributes: Attributes): Decision {
    return new Decision(this.#authorizer.allows(this.#user, attributes));
  }
}

class PathCheck {
  readonly #of: AuthorizerValue;
  readonly #path: string;

  constructor(of: AuthorizerValue, path: string) {
    this.#of = of;
    this.#path = path;
  }

  check(verb: string): Decision {
    return this.#of.decide({ isResource: false, verb, path: this.#path });
  }
}

class GroupCheck {
  readonly #of: AuthorizerValue;
  readonly #group: string;

  constructor(of: AuthorizerValue, group: string) {
    this.#of = of;
    this.#group = group;
  }

  resource(resource: string): ResourceCheck {
    return new ResourceCheck(this.#of, {
      group: this.#group,
      resource,
      subresource: '',
      namespace: '',
      name: '',
    });
  }
}

class ResourceCheck {
  readonly #of: AuthorizerValue;
  readonly asked: Omit<Asked, 'isResource' | 'verb'>;

  constructor(of: AuthorizerValue, asked: Omit<Asked, 'isResource' | 'verb'>) {
    this.#of = of;
    this.asked = asked;
  }

  with(part: Partial<Omit<Asked, 'isResource' | 'verb'>>): ResourceCheck {
    return new ResourceCheck(this.#of, { ...this.asked, ...part });
  }

  check(verb: string): Decision {
    return this.#of.decide({ isResource: true, verb, ...this.asked });
  }
}

class Decision {
  readonly isAllowed: boolean;

  constructor(isAllowed: boolean) {
    this.isAllowed = isAllowed;
  }
}
