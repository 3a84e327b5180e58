import { validationError } from '../errors.ts';
import type { Constraints } from './constraints.ts';

/** Of users, groups, roles, policies and profiles (IAM user guide, "IAM and AWS STS quotas", name limits). */
const namePattern = String.raw`[\w+=,.@-]+`;
const pathPattern = String.raw`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`;

export type NamedType = 'user' | 'role' | 'group' | 'policy' | 'instance-profile';

const maxLengths: Readonly<Record<NamedType, number>> = {
  user: 64,
  role: 64,
  group: 128,
  policy: 128,
  'instance-profile': 128,
};

/**
 * @param path The member's, such as `userName`.
 * @throws {Refusal} ValidationError at once, in words of their own, for characters that no name has.
 */
export function checkName(
  constraints: Constraints,
  path: string,
  type: NamedType,
  value: string | undefined,
): Constraints {
  const maxLength = maxLengths[type];
  if (value !== undefined && value.length <= maxLength && !/^[\w+=,.@-]*$/.test(value)) {
    throw validationError(
      `The specified value for ${path} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  }
  return constraints.text(path, value, { isRequired: true, pattern: namePattern, minLength: 1, maxLength });
}

export function checkPath(constraints: Constraints, path: string, value: string | undefined): Constraints {
  return constraints.text(path, value, { pattern: pathPattern, minLength: 1, maxLength: 512 });
}

/** Of managed policies, and what their paths begin with. */
export function checkPolicyPath(
  constraints: Constraints,
  path: string,
  value: string | undefined,
): Constraints {
  const pattern = String.raw`((/[A-Za-z0-9\.,\+@=_-]+)*)/`;
  return constraints.text(path, value, { pattern, minLength: 1, maxLength: 512 });
}

/** `/` or the beginning of a path. */
export function checkPathPrefix(constraints: Constraints, value: string | undefined): Constraints {
  return constraints.text('pathPrefix', value, {
    pattern: String.raw`\u002F[\u0021-\u007F]*`,
    minLength: 1,
    maxLength: 512,
  });
}
