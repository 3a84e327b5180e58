import type { AccessPolicyName } from '../../services/eks/index.ts';
import type { AccessPolicy, User } from '../authentication/user.ts';
import { type Attributes, type Authorizer, covers } from './rbac.ts';
import { adminRules, changeRules, on, type Rule, read, viewRules } from './rules.ts';

/** What EKS's access policies allow ("Review access policy permissions", EKS user guide). */
const policies: Readonly<Record<AccessPolicyName, readonly Rule[]>> = {
  AmazonEKSAdminPolicy: [...viewRules, ...changeRules, ...adminRules],
  AmazonEKSAdminViewPolicy: [on(read, '*', '*')],
  AmazonEKSClusterAdminPolicy: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ],
  AmazonEKSEditPolicy: [...viewRules, ...changeRules],
  AmazonEKSViewPolicy: viewRules,
};

/**
 * Besides what the roles say, whoever has access policies may do what these say, where they say it. They are no roles: lists
 * of somebody's rules don't show them, and what he may hand out is not measured by them.
 */
export function withAccessPolicies(roles: Authorizer): Authorizer {
  const isGranted = (user: User, asked: Attributes): boolean =>
    user.accessPolicies?.some((policy) => grants(policy, asked)) === true;
  return {
    ...roles,
    why: (user, asked) =>
      roles.why(user, asked) ?? (isGranted(user, asked) ? 'EKS Access Policy: allowed' : undefined),
    // Of two that may allow it, the one that needs no look at roles goes first.
    allows: (user, asked) => isGranted(user, asked) || roles.allows(user, asked),
  };
}

function grants({ name, scope }: AccessPolicy, asked: Attributes): boolean {
  const isWithin =
    scope.type === 'cluster' ||
    (asked.isResource && scope.namespaces.some((pattern) => matches(pattern, asked.namespace)));
  return isWithin && policies[name].some((rule) => covers(rule, asked));
}

/** `*` is any run of characters; what is in no namespace is in none of these. */
function matches(pattern: string, namespace: string): boolean {
  if (namespace === '') return false;
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === namespace;
  if (!namespace.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? '';
  for (const part of rest) {
    const found = namespace.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return namespace.length - last.length >= at && namespace.endsWith(last);
}
