import {
  chosenOf,
  type ListenerPlan,
  type RuleAction,
  type RulePlan,
  redirectParts,
  uriText,
  type WeightedTargetGroup,
} from '../../../../balancing/index.ts';
import { groupToken } from '../../targets.ts';
import { conditionLines } from './conditions.ts';
import { cookieLines, isFresh, nowLine } from './cookies.ts';
import { errorAnswer } from './error-page.ts';
import { guardLines } from './guards.ts';
import type { Parts } from './parts.ts';
import { formatText, word } from './words.ts';

/** The answers and decisions of a listener's rules; `useGroup` then leads to what they decided. */
export function ruleLines(listener: ListenerPlan, parts: Parts): string[] {
  const { rules } = listener;
  const hasCookies = rules.some(({ action }) => isSticky(action));
  const actions = rules.map((rule) => {
    const { action } = rule;
    const when = rules.length > 1 ? isRule(rule.priority) : '';
    const guard = guardLines(rule, when, parts);
    // Where all ways lead, nothing has to be decided.
    if (!hasCookies && action.type === 'forward' && isOnlyWay(action, listener)) return guard;
    return [...guard, ...actionLines(action, when, listener, parts)];
  });
  const decisions = rules.flatMap(({ conditions, priority }, rule) => {
    const acls = conditions.map((_, index) => `r${rule}c${index}`);
    if (priority === 'default' && actions[rule]?.length === 0) return [];
    return [
      ...conditions.flatMap((condition, index) => conditionLines(acls[index] ?? '', condition)),
      `http-request set-var(txn.rule) int(${numberOf(priority)}) if !{ var(txn.rule) -m found } ${acls.join(' ')}`,
    ];
  });
  return [...(rules.length > 1 ? decisions : []), ...(hasCookies ? [nowLine] : []), ...actions.flat()];
}

/** A condition: it is what the request was decided by. */
export function isRule(priority: RulePlan['priority']): string {
  return `{ var(txn.rule) -m int ${numberOf(priority)} }`;
}

function numberOf(priority: RulePlan['priority']): number {
  return priority === 'default' ? 0 : priority;
}

function actionLines(action: RuleAction, when: string, listener: ListenerPlan, parts: Parts): string[] {
  const onlyIf = (...conditions: readonly string[]): string => {
    const all = [when, ...conditions].filter((condition) => condition !== '');
    return all.length === 0 ? '' : ` if ${all.join(' ')}`;
  };
  switch (action.type) {
    case 'fixed-response': {
      const { statusCode, contentType = 'text/plain', messageBody = '' } = action;
      const body =
        messageBody === ''
          ? ''
          : ` content-type ${word(contentType)} file ${word(parts.file('body', messageBody))}`;
      return [`http-request return status ${statusCode}${body} hdr Server awselb/2.0${onlyIf()}`];
    }
    case 'redirect': {
      const { location, query } = redirectFormats(action, listener);
      const answer = (suffix: string): string =>
        `http-request return status ${action.statusCode} ${errorAnswer(action.statusCode)} hdr Location ${word(location + suffix)}`;
      if (query === '') return [`${answer('')}${onlyIf()}`];
      return [
        `http-request set-var-fmt(txn.query) ${word(query)}${onlyIf()}`,
        `${answer('?%[var(txn.query)]')}${onlyIf('{ var(txn.query) -m len gt 0 }')}`,
        `${answer('')}${onlyIf()}`,
      ];
    }
    case 'forward':
      return forwardLines(action, onlyIf, parts);
  }
}

type Forward = Extract<RuleAction, { type: 'forward' }>;

function forwardLines(
  action: Forward,
  onlyIf: (...conditions: readonly string[]) => string,
  parts: Parts,
): string[] {
  const { stickinessDuration } = action;
  const chosen = chosenOf(action);
  const [first] = chosen;
  if (first === undefined) return [`http-request return status 503 ${errorAnswer(503)}${onlyIf()}`];
  const choose = ({ arn }: WeightedTargetGroup, ...conditions: readonly string[]): string =>
    `http-request set-var(txn.group) str(${parts.group(arn).id})${onlyIf(...conditions)}`;
  if (chosen.length === 1) return [choose(first)];
  const undecided = '!{ var(txn.group) -m found }';
  const sticky = stickinessDuration !== undefined;
  let sum = 0;
  const shares = chosen.map((group) => {
    sum += group.weight;
    return choose(group, undecided, `{ var(txn.share) -m int lt ${sum} }`);
  });
  return [
    ...(sticky
      ? [
          `http-request set-var(txn.groupSeconds) int(${stickinessDuration})${onlyIf()}`,
          ...chosen.map((group) =>
            choose(
              group,
              `{ req.cook(AWSALBTG),field(1,.) -m str ${groupToken(parts.cookieKey, group.arn)} }`,
              isFresh('AWSALBTG'),
            ),
          ),
        ]
      : []),
    `http-request set-var(txn.share) rand(${sum})${onlyIf(undecided)}`,
    ...shares,
  ];
}

/** What is told to a client of its group with the answer. */
export function groupCookieLines({ rules }: ListenerPlan, parts: Parts): string[] {
  return rules.flatMap(({ action, priority }) => {
    if (!isSticky(action)) return [];
    const ofRule = rules.length > 1 ? `${isRule(priority)} ` : '';
    return action.targetGroups.flatMap(({ arn }) =>
      cookieLines({
        name: 'AWSALBTG',
        copy: 'AWSALBTGCORS',
        token: groupToken(parts.cookieKey, arn),
        seconds: action.stickinessDuration,
        when: `${ofRule}{ var(txn.group) -m str ${parts.group(arn).id} }`,
      }),
    );
  });
}

/** Leads to the backend of the group that the rules decided on. */
export function useGroup(listener: ListenerPlan, parts: Parts): string[] {
  const arns = groupsOf(listener);
  const [only] = arns;
  if (only === undefined) return [];
  return arns.length === 1
    ? [`default_backend t-${parts.group(only).id}`]
    : ['use_backend t-%[var(txn.group)]'];
}

/** ARNs of all that a listener's rules may lead to. */
function groupsOf({ rules }: ListenerPlan): readonly string[] {
  const arns = rules.flatMap(({ action }) => (action.type === 'forward' ? chosenOf(action) : []));
  return [...new Set(arns.map(({ arn }) => arn))];
}

function isOnlyWay(action: Forward, listener: ListenerPlan): boolean {
  return chosenOf(action).length > 0 && groupsOf(listener).length === 1;
}

function isSticky(action: RuleAction): action is Forward & { readonly stickinessDuration: number } {
  return action.type === 'forward' && action.stickinessDuration !== undefined;
}

function redirectFormats(
  action: Extract<RuleAction, { type: 'redirect' }>,
  { port, protocol }: ListenerPlan,
): { readonly location: string; readonly query: string } {
  const placeholders = {
    protocol: protocol.toLowerCase(),
    host: '%[req.hdr(host),host_only]',
    port: String(port),
    path: '%[path,bytes(1)]',
    query: '%[query]',
  };
  const fill = (template: string): string =>
    redirectParts(template)
      .map((part) => (part.type === 'text' ? formatText(uriText(part.text)) : placeholders[part.name]))
      .join('');
  const place = `${fill(action.protocol).toLowerCase()}://${fill(action.host)}:${fill(action.port)}`;
  return { location: place + fill(action.path), query: fill(action.query) };
}
