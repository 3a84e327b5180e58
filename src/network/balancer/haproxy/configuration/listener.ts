import {
  chosenOf,
  defaultTcpIdleTimeout,
  type ListenerPlan,
  mostForwardedAddresses,
  mostUrlBytes,
  type RuleAction,
  type WeightedTargetGroup,
} from '../../../../balancing/index.ts';
import { BalancerError } from '../../balancer.ts';
import { errorAnswer } from './error-page.ts';
import { callbackLines, sessionCookieLines } from './guards.ts';
import { answerHeaderLines, headerLines } from './headers.ts';
import { connectionLogLines, forwardedLogLines, requestLogLines, ruledLogLines } from './log-lines.ts';
import type { Parts } from './parts.ts';
import { groupCookieLines, ruleLines, useGroup } from './rules.ts';
import { alpnOf, alpnWords, tlsWords } from './tls.ts';
import { transformLines } from './transforms.ts';

/** The frontend of a listener. @throws {BalancerError} */
export function listenerLines(listener: ListenerPlan, parts: Parts): string[] {
  switch (listener.protocol) {
    case 'HTTP':
    case 'HTTPS':
      return httpLines(listener, parts);
    case 'TCP':
    case 'TLS':
    case 'TCP_UDP':
      return layer4Lines(listener, parts);
    case 'UDP':
      // The kernel carries it: see `datagrams.ts`.
      return [];
  }
}

function httpLines(listener: ListenerPlan, parts: Parts): string[] {
  const { attributes } = parts.configuration.plan;
  const alpn = attributes.http2 ? 'h2,http/1.1' : 'http/1.1';
  return [
    `frontend l-${listener.id}`,
    bindLine(listener, parts, alpn),
    ...requestLogLines(parts),
    `http-request return status 405 ${errorAnswer(405)} if METH_TRACE`,
    `http-request return status 414 ${errorAnswer(414)} if { url_len gt ${mostUrlBytes} }`,
    `http-request return status 463 ${errorAnswer(463)} if { req.hdr_cnt(x-forwarded-for) gt ${mostForwardedAddresses} }`,
    ...ruledLogLines(parts),
    ...answerHeaderLines(listener),
    ...sessionCookieLines(listener),
    ...callbackLines(listener, parts),
    ...ruleLines(listener, parts),
    ...transformLines(listener),
    ...headerLines(listener, attributes),
    ...forwardedLogLines(listener, parts),
    ...groupCookieLines(listener, parts),
    ...useGroup(listener, parts),
  ];
}

function layer4Lines(listener: ListenerPlan, parts: Parts): string[] {
  const action = listener.rules.at(-1)?.action;
  if (action?.type !== 'forward') throw new BalancerError(`A ${listener.protocol} listener forwards only`);
  return [
    `frontend l-${listener.id}`,
    'mode tcp',
    bindLine(listener, parts, alpnOf(listener)),
    ...connectionLogLines(listener, parts),
    `timeout client ${listener.tcpIdleTimeout ?? defaultTcpIdleTimeout}s`,
    ...weightedLines(action, parts),
  ];
}

/** Where a connection goes. Without a group it is closed. */
function weightedLines(action: Extract<RuleAction, { type: 'forward' }>, parts: Parts): string[] {
  const chosen = chosenOf(action);
  const backend = ({ arn }: WeightedTargetGroup): string => `t-${parts.group(arn).id}`;
  const last = chosen.at(-1);
  if (last === undefined) return ['tcp-request connection reject'];
  const sum = chosen.reduce((all, { weight }) => all + weight, 0);
  let below = 0;
  const others = chosen.slice(0, -1).map((group) => {
    below += group.weight;
    return `use_backend ${backend(group)} if { var(sess.share) -m int lt ${below} }`;
  });
  return [
    ...(others.length > 0 ? [`tcp-request session set-var(sess.share) rand(${sum})`, ...others] : []),
    `default_backend ${backend(last)}`,
  ];
}

function bindLine(listener: ListenerPlan, parts: Parts, alpn: string | undefined): string {
  const isSecure = listener.protocol === 'HTTPS' || listener.protocol === 'TLS';
  const tls = isSecure ? ` ${tlsWords(listener, parts)}${alpnWords(alpn)}` : '';
  return `bind ${parts.configuration.node.address}:${listener.port}${tls}`;
}
