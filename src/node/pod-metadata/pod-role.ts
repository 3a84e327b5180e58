import { RE2JS } from 're2js';

const prefix = 'iam.amazonaws.com/';

type Annotations = Readonly<Record<string, string>> | undefined;

/** The role of a pod, as its annotation says it: a name, a path and a name, or an ARN. Empty: it has none. */
export const roleOf = (pod: Annotations): string => pod?.[`${prefix}role`] ?? '';

/** What its sessions are called, and by which external id they are asked for. */
export const sessionOf = (pod: Annotations) => ({
  sessionName: pod?.[`${prefix}session-name`] || 'kiam',
  externalId: pod?.[`${prefix}external-id`] || undefined,
});

/** @param baseArn E.g. `arn:aws:iam::111122223333:role/`. */
export const roleArn = (role: string, baseArn: string): string =>
  role.startsWith('arn:') ? role : `${baseArn}${role.replace(/^\//, '')}`;

/**
 * Why a pod does not get the credentials of a role, as KIAM explains it: it has to be the role of its own annotation, and
 * one that its namespace's `iam.amazonaws.com/permitted` matches from beginning to end. Undefined: it gets them.
 */
export function refusalOf(
  requested: string,
  pod: Annotations,
  namespace: Annotations,
  baseArn: string,
): string | undefined {
  const annotated = roleOf(pod);
  const arn = roleArn(requested, baseArn);
  if (arn !== roleArn(annotated, baseArn))
    return `requested '${requested}' but annotated with '${annotated}', forbidden`;
  const permitted = namespace?.[`${prefix}permitted`] ?? '';
  if (permitted !== '' && matches(permitted, arn)) return undefined;
  return `namespace policy expression '${permitted || '(empty)'}' forbids role '${arn}'`;
}

/** An expression that is none permits nothing. */
function matches(expression: string, arn: string): boolean {
  try {
    return RE2JS.compile(`^(?:${expression})$`).matcher(arn).find();
  } catch {
    return false;
  }
}
