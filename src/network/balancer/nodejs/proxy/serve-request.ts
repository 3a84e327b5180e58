import {
  applicationCookies,
  callbackPath,
  chosenGroup,
  cookieFields,
  cookieOf,
  forwardedHeaders,
  freshToken,
  type GuardedRequest,
  groupCookieFields,
  type HeaderFields,
  identityFields,
  type RoutedRequest,
  type RuleAction,
  type RulePlan,
  type RuleTransforms,
  redirectLocation,
  refusedStatus,
  routeRequest,
  setsCookie,
  targetCookies,
  transformed,
} from '../../../../balancing/index.ts';
import { hex } from '../../../../clock/index.ts';
import { groupToken, targetToken } from '../../targets.ts';
import { answer, answerPage } from './answers.ts';
import { clientOf, type Exchange, fieldsOf, routedRequestOf, targetOf } from './exchange.ts';
import { forward } from './forward.ts';
import type { ListenerParts, ListenerSetting } from './listener.ts';
import type { Target } from './target.ts';
import type { TargetGroup } from './target-group.ts';

interface Asked {
  readonly exchange: Exchange;
  readonly fields: HeaderFields;
  readonly setting: ListenerSetting;
  readonly parts: ListenerParts;
  /** What the client is told of its session beside the answer. */
  readonly cookies?: readonly string[];
}

/** What becomes of a request, by the rules of its listener. */
export function serveRequest(exchange: Exchange, setting: ListenerSetting, parts: ListenerParts): void {
  const fields = fieldsOf(exchange.request);
  const request = routedRequestOf(exchange.request, fields);
  const asked: Asked = { exchange, fields, setting, parts };
  const refused = refusedStatus(request);
  if (refused !== undefined) {
    answerItself(asked, refused);
    return;
  }
  const { host, path, query } = request;
  const asking = { host, headers: fields, url: query === undefined ? path : `${path}?${query}` };
  const { arn, rules } = setting.plan;
  if (path === callbackPath && rules.some(({ guard }) => guard === 'authenticate')) {
    void passGuard({ of: { type: 'listener', arn }, ...asking }, asked, () => answerItself(asked, 503));
    return;
  }
  const rule = routeRequest(setting.plan, request);
  if (rule.guard === undefined) act(rule, request, asked);
  else {
    void passGuard({ of: { type: 'rule', arn: rule.arn }, ...asking }, asked, (passed) =>
      act(rule, request, passed),
    );
  }
}

/** What the request has been let through to. */
function act({ action, transforms }: RulePlan, request: RoutedRequest, asked: Asked): void {
  const { exchange, setting, parts } = asked;
  const { response } = exchange;
  switch (action.type) {
    case 'fixed-response': {
      const { statusCode, contentType = 'text/plain', messageBody = '' } = action;
      const type: HeaderFields = messageBody === '' ? [] : [['Content-Type', contentType]];
      parts.answered(statusCode);
      answer(response, statusCode, messageBody, [...type, ...cookieFieldsOf(asked)]);
      break;
    }
    case 'redirect':
      answerItself(asked, action.statusCode, [['Location', redirectLocation(action, request, setting.plan)]]);
      break;
    case 'forward': {
      const sent = sentFor(asked, transforms);
      if (typeof sent === 'number') {
        answerItself(asked, sent);
        return;
      }
      const to = destinationOf(action, asked);
      if (typeof to === 'number') answerItself(asked, to);
      else forwardTo(to, asked, sent);
    }
  }
}

/** Of a request, what its target gets, before what the load balancer itself tells it. */
interface Sent {
  readonly url: string;
  readonly fields: HeaderFields;
}

/** By the rule's transforms; the status of the answer where they make of a request what can't be sent. */
function sentFor({ exchange, fields }: Asked, transforms: RuleTransforms | undefined): Sent | number {
  const url = targetOf(exchange.request);
  if (transforms === undefined) return { url, fields };
  const isHost = ([name]: HeaderFields[number]): boolean => name.toLowerCase() === 'host';
  const made = transformed(transforms, { host: fields.find(isHost)?.[1], url });
  if (made.status !== 'success') return 500;
  const { host } = made;
  return {
    url: made.url,
    fields: fields.map((field) => (host !== undefined && isHost(field) ? [field[0], host] : field)),
  };
}

/** Without an answer nothing passes. */
async function passGuard(
  question: GuardedRequest,
  asked: Asked,
  pass: (asked: Asked) => void,
): Promise<void> {
  const { exchange, setting, fields } = asked;
  const { response } = exchange;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const decision = await setting.guard(question, gone.signal);
    if (response.destroyed) return;
    if (decision.type === 'answer') {
      answerItself(asked, decision.status, decision.fields);
      return;
    }
    const own: ReadonlySet<string> = new Set(identityFields);
    const kept = fields.filter(([name]) => !own.has(name.toLowerCase()));
    pass({ ...asked, fields: [...kept, ...decision.fields], cookies: decision.cookies });
  } catch {
    if (response.headersSent || response.destroyed) response.destroy();
    else answerItself(asked, 503);
  }
}

function cookieFieldsOf({ cookies = [] }: Asked): HeaderFields {
  return cookies.map((cookie) => ['Set-Cookie', cookie]);
}

function answerItself(asked: Asked, status: number, fields: HeaderFields = []): void {
  const { exchange, parts } = asked;
  parts.answered(status);
  answerPage(exchange.response, status, [...fields, ...cookieFieldsOf(asked)]);
}

interface Destination {
  readonly action: Extract<RuleAction, { type: 'forward' }>;
  readonly group: TargetGroup;
  readonly target: Target;
  /** Of the epoch, now. */
  readonly seconds: number;
}

/** Where a request goes, or the status with which it goes nowhere. */
function destinationOf(action: Destination['action'], asked: Asked): Destination | number {
  const { exchange, fields, setting, parts } = asked;
  const seconds = Math.floor(parts.clock.now() / 1_000);
  const tokenOf = (arn: string): string => groupToken(setting.cookieKey, arn);
  const arn = chosenGroup(action, fields, tokenOf, seconds, parts.random.float());
  if (arn === undefined) return 503;
  // What the client speaks is not what its targets speak.
  if (exchange.request.headers['content-type']?.startsWith('application/grpc')) return 464;
  const group = setting.group(arn);
  const { client } = clientOf(exchange.request);
  const target = stickyTarget(group, asked, seconds) ?? group.next(client.address);
  return target === undefined ? 503 : { action, group, target, seconds };
}

function forwardTo({ action, group, target, seconds }: Destination, asked: Asked, sent: Sent): void {
  const { exchange, setting, parts } = asked;
  const { plan, attributes, cookieKey } = setting;
  const traceId = `1-${seconds.toString(16).padStart(8, '0')}-${hex(parts.random, 24)}`;
  forward({
    ...{ exchange, target, clock: parts.clock, answered: parts.answered },
    url: sent.url,
    fields: forwardedHeaders(sent.fields, {
      ...{ listener: plan, attributes, traceId },
      ...clientOf(exchange.request),
    }),
    added: (answered) => [
      ...cookieFieldsOf(asked),
      ...targetCookieFields(group, target, answered, cookieKey, seconds),
      ...groupCookieFields(action, groupToken(cookieKey, group.plan.arn), seconds),
    ],
    idleTimeout: attributes.idleTimeout,
  });
}

/** The target that the client was led to before, if it may still get something. */
function stickyTarget(
  group: TargetGroup,
  { fields, setting: { cookieKey } }: Asked,
  seconds: number,
): Target | undefined {
  const { stickiness } = group.plan;
  if (stickiness.type !== 'lb_cookie' && stickiness.type !== 'app_cookie') return undefined;
  const isApplications = stickiness.type === 'app_cookie';
  if (isApplications && cookieOf(fields, stickiness.cookieName) === undefined) return undefined;
  const token = freshToken(fields, isApplications ? applicationCookies : targetCookies, seconds);
  return token === undefined
    ? undefined
    : group.candidates().find(({ plan }) => targetToken(cookieKey, group.plan, plan) === token);
}

function targetCookieFields(
  { plan }: TargetGroup,
  target: Target,
  answered: HeaderFields,
  cookieKey: string,
  seconds: number,
): HeaderFields {
  const { stickiness } = plan;
  const token = (): string => targetToken(cookieKey, plan, target.plan);
  switch (stickiness.type) {
    case 'lb_cookie':
      return cookieFields(targetCookies, token(), stickiness.duration, seconds);
    case 'app_cookie':
      return setsCookie(answered, stickiness.cookieName)
        ? cookieFields(applicationCookies, token(), stickiness.duration, seconds)
        : [];
    case 'none':
    case 'source_ip':
      return [];
  }
}
