import {
  errorPage,
  errorTitle,
  type GuardDecision,
  type GuardedRequest,
  guardedFields,
  type HeaderFields,
  identityFields,
  reasonOf,
} from '../../../balancing/index.ts';

/**
 * How a proxy asks: HTTP, one request for each connection. The question is in header fields; status 200 lets the request
 * pass, with what its target and its client get, and every other answer is the client's as it is. HAProxy's side of it is
 * in `haproxy/configuration/guard-script.ts`.
 */
export const questionFields = {
  rule: 'x-guard-rule',
  listener: 'x-guard-listener',
  host: 'x-guard-host',
  url: 'x-guard-url',
} as const;
export const reasonField = 'x-guard-reason';

const wanted: ReadonlySet<string> = new Set(guardedFields);

export function writeQuestion({ of, host, url, headers }: GuardedRequest): HeaderFields {
  return [
    [questionFields[of.type], of.arn],
    [questionFields.host, host],
    [questionFields.url, url],
    ...headers.filter(([name]) => wanted.has(name.toLowerCase())),
  ];
}

/** @param fields As they came. Undefined: nobody asks so. */
export function readQuestion(fields: HeaderFields): GuardedRequest | undefined {
  const fieldOf = (name: string): string | undefined =>
    fields.find(([each]) => each.toLowerCase() === name)?.[1];
  const rule = fieldOf(questionFields.rule);
  const arn = rule ?? fieldOf(questionFields.listener);
  const url = fieldOf(questionFields.url);
  if (arn === undefined || url === undefined) return undefined;
  return {
    of: { type: rule === undefined ? 'listener' : 'rule', arn },
    host: fieldOf(questionFields.host) ?? '',
    url,
    headers: fields.filter(([name]) => wanted.has(name.toLowerCase())),
  };
}

export interface WrittenDecision {
  readonly status: number;
  readonly reason: string;
  readonly fields: HeaderFields;
  readonly body: string;
}

export function writeDecision(decision: GuardDecision): WrittenDecision {
  if (decision.type === 'pass') {
    const cookies = decision.cookies.map((cookie) => ['Set-Cookie', cookie] as const);
    return { status: 200, reason: 'OK', fields: [...decision.fields, ...cookies], body: '' };
  }
  const { status, fields, reason } = decision;
  return {
    ...{ status, reason: reasonOf(status), body: errorPage(errorTitle(status)) },
    fields: [
      ['Server', 'awselb/2.0'],
      ['Content-Type', 'text/html'],
      ...fields,
      ...(reason === undefined ? [] : [[reasonField, reason] as const]),
    ],
  };
}

const identity: ReadonlySet<string> = new Set(identityFields);

export function readDecision(status: number, fields: HeaderFields): GuardDecision {
  const named = (name: string): string[] =>
    fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  if (status === 200) {
    const forTarget = fields.filter(([name]) => identity.has(name.toLowerCase()));
    return { type: 'pass', fields: forTarget, cookies: named('set-cookie') };
  }
  const [reason] = named(reasonField);
  const forClient = fields.filter(([name]) => /^(location|set-cookie|www-authenticate)$/i.test(name));
  return { type: 'answer', status, fields: forClient, ...(reason === undefined ? {} : { reason }) };
}
