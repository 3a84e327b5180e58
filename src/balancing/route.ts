import { holds, parseCidr, parseIpv4 } from '../topology/index.ts';
import { matchesExpression } from './expressions/index.ts';
import { matchesPattern } from './patterns.ts';
import type {
  ListenerPlan,
  QueryPattern,
  RuleAction,
  RuleCondition,
  RulePlan,
  TextCondition,
} from './plan.ts';

/** What of a request decides where it goes. */
export interface RoutedRequest {
  readonly method: string;
  /** Of the Host header, as it came. */
  readonly host: string;
  /** As it came: nothing is decoded or normalised. */
  readonly path: string;
  /** What follows the first `?`; absent without one. */
  readonly query?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Of the connection. */
  readonly sourceAddress: string;
}

/**
 * The first rule of which all conditions hold.
 * @throws {Error} the listener has no default rule, which the plan promises.
 */
export function routeRequest({ rules }: Pick<ListenerPlan, 'rules'>, request: RoutedRequest): RulePlan {
  const rule = rules.find(({ conditions }) => conditions.every((condition) => holdsFor(condition, request)));
  if (rule === undefined) throw new Error('A listener has no default rule');
  return rule;
}

function holdsFor(condition: RuleCondition, request: RoutedRequest): boolean {
  switch (condition.field) {
    case 'host-header':
      return (
        condition.patterns.some((pattern) => matchesAnyCase(pattern, withoutPort(request.host))) ||
        hasMatch(condition, request.host)
      );
    case 'path-pattern':
      return (
        condition.patterns.some((pattern) => matchesPattern(pattern, request.path)) ||
        hasMatch(condition, request.path)
      );
    case 'http-header':
      return request.headers.some(
        ([name, value]) =>
          lowered(name) === lowered(condition.name) &&
          (condition.patterns.some((pattern) => matchesAnyCase(pattern, value)) ||
            hasMatch(condition, value)),
      );
    case 'http-request-method':
      return condition.methods.includes(request.method);
    case 'query-string': {
      const parameters = parametersOf(request.query ?? '');
      return condition.pairs.some((pair) => parameters.some((parameter) => isLike(parameter, pair)));
    }
    case 'source-ip': {
      const address = parseIpv4(request.sourceAddress);
      return condition.cidrs.some((cidr) => {
        const block = parseCidr(cidr);
        return block !== undefined && address !== undefined && holds(block, address);
      });
    }
  }
}

function hasMatch({ expressions = [] }: TextCondition, text: string): boolean {
  return expressions.some((expression) => matchesExpression(expression, text));
}

interface Parameter {
  readonly key: string;
  readonly value: string;
}

/** Of the raw text: nothing is decoded. One without `=` has an empty value. */
function parametersOf(query: string): Parameter[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at === -1 ? { key: part, value: '' } : { key: part.slice(0, at), value: part.slice(at + 1) };
    });
}

function isLike(parameter: Parameter, { key, value }: QueryPattern): boolean {
  return (
    (key === undefined || matchesAnyCase(key, parameter.key, true)) &&
    matchesAnyCase(value, parameter.value, true)
  );
}

function matchesAnyCase(pattern: string, text: string, hasEscapes = false): boolean {
  return matchesPattern(lowered(pattern), lowered(text), hasEscapes);
}

/** HTTP's letters are ASCII's. */
function lowered(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** What a header can't hold is written as URIs write it. */
export function uriText(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '');
}

type Redirect = Extract<RuleAction, { type: 'redirect' }>;

/** Where a redirect leads: always with the port, and with a `?` when there is a query. */
export function redirectLocation(
  action: Redirect,
  request: RoutedRequest,
  { port, protocol }: Pick<ListenerPlan, 'port' | 'protocol'>,
): string {
  const values: Readonly<Record<string, string>> = {
    protocol: protocol.toLowerCase(),
    host: lowered(withoutPort(request.host)),
    port: String(port),
    path: request.path.slice(1),
    query: request.query ?? '',
  };
  const fill = (template: string): string =>
    redirectParts(template)
      .map((part) => (part.type === 'text' ? uriText(part.text) : (values[part.name] ?? '')))
      .join('');
  const query = fill(action.query);
  const place = `${fill(action.protocol).toLowerCase()}://${fill(action.host)}:${fill(action.port)}`;
  return `${place}${fill(action.path)}${query === '' ? '' : `?${query}`}`;
}

export type RedirectPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'placeholder'; readonly name: 'protocol' | 'host' | 'port' | 'path' | 'query' };

export function redirectParts(template: string): RedirectPart[] {
  return template
    .split(/#\{(protocol|host|port|path|query)\}/)
    .map(
      (text, index): RedirectPart =>
        index % 2 === 0
          ? { type: 'text', text }
          : { type: 'placeholder', name: text as 'protocol' | 'host' | 'port' | 'path' | 'query' },
    )
    .filter((part) => part.type !== 'text' || part.text !== '');
}
