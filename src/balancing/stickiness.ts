import type { HeaderFields } from './header-fields.ts';
import { cookieKeptSeconds } from './limits.ts';
import type { RuleAction, WeightedTargetGroup } from './plan.ts';

/** Cookies of stickiness: `<token>.<when it ends, in seconds of the epoch>`, so a client can't make them last. */
export const targetCookies = ['AWSALB', 'AWSALBCORS'] as const;
export const applicationCookies = ['AWSALBAPP-0'] as const;
const groupCookies = ['AWSALBTG', 'AWSALBTGCORS'] as const;

type Forward = Extract<RuleAction, { type: 'forward' }>;

/** Those that get requests at all. */
export function chosenOf({ targetGroups }: Forward): readonly WeightedTargetGroup[] {
  return targetGroups.filter(({ weight }) => weight > 0);
}

/**
 * Which target group a request goes to; undefined when none gets any.
 * @param tokenOf What stands for a group in a cookie.
 * @param seconds Of the epoch, now.
 * @param chance 0 to 1.
 */
export function chosenGroup(
  action: Forward,
  fields: HeaderFields,
  tokenOf: (arn: string) => string,
  seconds: number,
  chance: number,
): string | undefined {
  const chosen = chosenOf(action);
  if (action.stickinessDuration !== undefined) {
    const token = freshToken(fields, groupCookies.slice(0, 1), seconds);
    const kept = chosen.find(({ arn }) => tokenOf(arn) === token);
    if (kept !== undefined) return kept.arn;
  }
  return groupByChance(action, chance);
}

/** Which group comes by the weights. @param chance 0 to 1. */
export function groupByChance(action: Forward, chance: number): string | undefined {
  const chosen = chosenOf(action);
  let share = chance * chosen.reduce((sum, { weight }) => sum + weight, 0);
  for (const { arn, weight } of chosen) {
    share -= weight;
    if (share < 0) return arn;
  }
  return chosen.at(-1)?.arn;
}

/** What a client is told so that it stays with its target group. */
export function groupCookieFields(action: Forward, token: string, seconds: number): HeaderFields {
  const { stickinessDuration } = action;
  return stickinessDuration === undefined
    ? []
    : cookieFields(groupCookies, token, stickinessDuration, seconds);
}

/** The first that holds still. */
export function freshToken(
  fields: HeaderFields,
  names: readonly string[],
  seconds: number,
): string | undefined {
  return names
    .map((name) => cookieOf(fields, name)?.split('.') ?? [])
    .find(([, end]) => Number(end) > seconds)?.[0];
}

/** The value of a cookie that a request has. */
export function cookieOf(fields: HeaderFields, name: string): string | undefined {
  return fields
    .filter(([field]) => field.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(';'))
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** Whether an answer sets a cookie. */
export function setsCookie(fields: HeaderFields, name: string): boolean {
  return fields.some(
    ([field, value]) => field.toLowerCase() === 'set-cookie' && value.startsWith(`${name}=`),
  );
}

/** @param names The cookie's, and perhaps that of its copy for requests from other sites. @param lasting Seconds. */
export function cookieFields(
  [name, copy]: readonly [string, string?],
  token: string,
  lasting: number,
  seconds: number,
): HeaderFields {
  const expires = new Date((seconds + cookieKeptSeconds) * 1_000).toUTCString();
  const value = `${token}.${seconds + lasting}; Expires=${expires}; Path=/`;
  return [
    ['Set-Cookie', `${name}=${value}`],
    ...(copy === undefined ? [] : [['Set-Cookie', `${copy}=${value}; SameSite=None; Secure`] as const]),
  ];
}
