import {
  callbackPath,
  type ListenerPlan,
  type LoadBalancerPlan,
  mostSessionCookies,
  type RulePlan,
} from '../../../../balancing/index.ts';
import { guardAddress } from '../../guard/place.ts';
import { errorAnswer } from './error-page.ts';
import { guardScript } from './guard-script.ts';
import type { Parts } from './parts.ts';
import { word } from './words.ts';

/** None of a load balancer without guards: it has nothing to do for them. */
export function guardGlobalLines(parts: Parts): string[] {
  return hasGuards(parts.configuration.plan)
    ? [`lua-load-per-thread ${word(parts.file('guard', guardScript))}`]
    : [];
}

export function hasGuards({ listeners }: LoadBalancerPlan): boolean {
  return listeners.some(({ rules }) => rules.some(({ guard }) => guard !== undefined));
}

/** Whoever comes back from an identity provider, before any rule is tried. */
export function callbackLines(listener: ListenerPlan, parts: Parts): string[] {
  if (!authenticates(listener)) return [];
  return askLines(`listener ${word(listener.arn)}`, `{ path -m str ${callbackPath} }`, parts);
}

/** Before a rule's action. @param when A condition: it is that rule's; may be empty. */
export function guardLines({ arn, guard }: RulePlan, when: string, parts: Parts): string[] {
  return guard === undefined ? [] : askLines(`rule ${word(arn)}`, when, parts);
}

/** A script that fails, or that nobody answers, has said nothing: then nothing passes. */
function askLines(who: string, when: string, { configuration: { node } }: Parts): string[] {
  const onlyIf = when === '' ? '' : ` if ${when}`;
  return [
    `http-request lua.guard ${guardAddress(node.interfaceId)} ${who}${onlyIf}`,
    `http-request return status 503 ${errorAnswer(503)} if ${when} !{ var(txn.guard) -m str pass }`,
  ];
}

/** A session that was refreshed on the way is told to the client with whatever is answered. */
export function sessionCookieLines(listener: ListenerPlan): string[] {
  if (!authenticates(listener)) return [];
  return Array.from({ length: mostSessionCookies }, (_, at) => {
    const cookie = `var(txn.guard_cookie${at})`;
    return `http-after-response add-header Set-Cookie %[${cookie}] if { ${cookie} -m found }`;
  });
}

function authenticates({ rules }: ListenerPlan): boolean {
  return rules.some(({ guard }) => guard === 'authenticate');
}
