import type { User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';
import type { FlowRule, FlowSchema, PathRule, ResourceRule, Subject } from './flow-objects.ts';

/** In the order in which they are tried. */
export const inOrder = (schemas: readonly FlowSchema[]): readonly FlowSchema[] =>
  schemas.toSorted((one, other) => one.precedence - other.precedence || (one.name < other.name ? -1 : 1));

/** The first of a list that is in order; undefined: none matches. */
export const matching = (
  schemas: readonly FlowSchema[],
  user: User,
  asked: Attributes,
): FlowSchema | undefined => schemas.find(({ rules }) => rules.some((rule) => isOf(rule, user, asked)));

/** Which of a schema's flows a request is of. */
export function distinguisherOf({ distinguisher }: FlowSchema, user: User, asked: Attributes): string {
  if (distinguisher === 'ByUser') return user.username;
  return distinguisher === 'ByNamespace' && asked.isResource ? asked.namespace : '';
}

function isOf({ subjects, resourceRules, pathRules }: FlowRule, user: User, asked: Attributes): boolean {
  if (!subjects.some((subject) => isSubject(subject, user))) return false;
  return asked.isResource
    ? resourceRules.some((rule) => isResource(rule, asked))
    : pathRules.some((rule) => isPath(rule, asked));
}

const accountPrefix = 'system:serviceaccount:';

function isSubject(subject: Subject, { username, groups }: User): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.name === '*' || subject.name === username;
    case 'Group':
      return subject.name === '*' || groups.includes(subject.name);
    case 'ServiceAccount': {
      if (!username.startsWith(accountPrefix)) return false;
      const inNamespace = `${accountPrefix}${subject.namespace}:`;
      return subject.name === '*'
        ? username.startsWith(inNamespace)
        : username === `${inNamespace}${subject.name}`;
    }
  }
}

const has = (names: readonly string[], name: string): boolean => names[0] === '*' || names.includes(name);

function isResource(rule: ResourceRule, asked: Attributes & { readonly isResource: true }): boolean {
  const { verb, group, resource, subresource, namespace } = asked;
  return (
    has(rule.verbs, verb) &&
    has(rule.groups, group) &&
    has(rule.resources, subresource === '' ? resource : `${resource}/${subresource}`) &&
    (namespace === '' ? rule.isClusterScoped : has(rule.namespaces, namespace))
  );
}

const isPath = ({ verbs, paths }: PathRule, { verb, path }: Attributes & { readonly isResource: false }) =>
  has(verbs, verb) &&
  paths.some((it) => it === '*' || it === path || (it.endsWith('/*') && path.startsWith(it.slice(0, -1))));
