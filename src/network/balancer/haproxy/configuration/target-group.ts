import {
  connectSeconds,
  errorPage,
  errorTitle,
  reasonOf,
  type TargetGroupPlan,
} from '../../../../balancing/index.ts';
import { isLayer4 } from '../../targets.ts';
import { probeSlots, type ServerState, type Slots } from '../slots.ts';
import { cookieLines, isFresh, nowLine } from './cookies.ts';
import { errorAnswer } from './error-page.ts';
import { checkWords, healthCheckLines, isHttp2 } from './health-check.ts';
import type { Parts } from './parts.ts';
import { argument, word } from './words.ts';

/** `UP 1/2` before the first check, `UP` or `DOWN` after it: so an earlier target's result isn't taken for this one's. */
const probeThresholds = { inter: 1, fall: 2, rise: 1 };

/**
 * A target group is two backends. In the first each target has a server that is checked and, for when no target is well,
 * a spare one that isn't. The second carries no traffic: targets that are new are asked there each second, so that a
 * target does not wait for its first check as long as for the next ones.
 */
export function targetGroupLines(group: TargetGroupPlan, slots: Slots, parts: Parts): string[] {
  const { healthCheck } = group;
  const thresholds = {
    inter: healthCheck.interval,
    fall: healthCheck.unhealthyThreshold,
    rise: healthCheck.healthyThreshold,
  };
  const place = group.targetType === 'instance' ? ` namespace ${parts.configuration.hostNamespace}` : '';
  const checked = checkWords(group, thresholds);
  const server = (name: string, { address, port, isReady }: ServerState, words: string): string =>
    `server ${name} ${address}:${port}${isReady ? '' : ' disabled'}${place} ${words}`;
  const traffic = trafficWords(group);
  const slowStart = group.slowStart > 0 ? ` slowstart ${group.slowStart}s` : '';
  return [
    `backend t-${group.id}`,
    ...(isLayer4(group.protocol) ? layer4Lines(group) : httpLines(group, slots, parts)),
    ...healthCheckLines(group),
    ...slots.servers.flatMap(({ main, spare }, index) => [
      server(`s${index + 1}`, main, `${checked}${traffic}${slowStart}`),
      server(`o${index + 1}`, spare, `backup${traffic}`),
    ]),
    `backend p-${group.id}`,
    ...(isLayer4(group.protocol) ? ['mode tcp'] : []),
    'timeout connect 5s',
    ...healthCheckLines(group),
    ...Array.from({ length: probeSlots }, (_, index) =>
      server(
        `p${index + 1}`,
        { address: '127.0.0.1', port: 1, isReady: false },
        checkWords(group, probeThresholds),
      ),
    ),
  ];
}

function trafficWords(group: TargetGroupPlan): string {
  const { protocol, proxyProtocolV2 } = group;
  if (protocol === 'TLS') return ` ssl verify none${proxyProtocolV2 ? ' send-proxy-v2' : ''}`;
  if (isLayer4(protocol)) return proxyProtocolV2 ? ' send-proxy-v2' : '';
  if (protocol === 'HTTP') return isHttp2(group) ? ' proto h2' : '';
  return ` ssl verify none sni req.hdr(host),host_only alpn ${isHttp2(group) ? 'h2' : 'http/1.1'}`;
}

function layer4Lines({ stickiness }: TargetGroupPlan): string[] {
  return [
    'mode tcp',
    ...(stickiness.type === 'source_ip'
      ? ['balance source', 'hash-type consistent']
      : ['balance roundrobin']),
    'option allbackups',
  ];
}

const algorithms = {
  round_robin: 'roundrobin',
  least_outstanding_requests: 'leastconn',
  weighted_random: 'random',
} as const;

function httpLines(group: TargetGroupPlan, slots: Slots, parts: Parts): string[] {
  return [
    `balance ${algorithms[group.algorithm]}`,
    'option allbackups',
    ...mismatchLines(group),
    // A process that only finishes what it has counts none.
    `http-request return status 503 ${errorAnswer(503)} if { nbsrv(t-${group.id}) eq 0 } !{ stopping }`,
    ...stickinessLines(group, slots, parts),
    ...noConnectionLines,
  ];
}

/** 464: what the client speaks is not what its targets speak. */
function mismatchLines(group: TargetGroupPlan): string[] {
  const refuse = (condition: string): string =>
    `http-request return status 464 ${errorAnswer(464)} if ${condition}`;
  const isGrpcRequest = '{ req.hdr(content-type) -m beg application/grpc }';
  switch (group.protocolVersion) {
    case 'HTTP2':
      return [refuse('!{ req.ver 2.0 }')];
    case 'GRPC':
      return [refuse('!{ req.ver 2.0 }'), refuse('!{ method POST }')];
    default:
      return [refuse(isGrpcRequest)];
  }
}

/** HAProxy says 503 when it can't connect. A refusal is 502 on AWS, and no answer at all for ten seconds is 504. */
const noConnectionLines = ((): string[] => {
  const isOurs = '{ status 503 } { res.hdr(x-catamaran-unconnected) -m found }';
  const hasWaited = `date(0,ms),sub(txn.begun),div(${(connectSeconds - 1) * 1000}),bool`;
  const title = `%[${hasWaited},iif(${errorTitle(504)},${errorTitle(502)})]`;
  return [
    'http-request set-var(txn.begun) date(0,ms)',
    `http-error status 503 content-type text/html lf-string ${word(errorPage(title))} hdr Server awselb/2.0 hdr X-Catamaran-Unconnected 1`,
    `http-after-response set-status 504 reason ${word(reasonOf(504))} if ${isOurs} { ${hasWaited} }`,
    `http-after-response set-status 502 reason ${word(reasonOf(502))} if ${isOurs}`,
    'http-after-response del-header X-Catamaran-Unconnected',
  ];
})();

function stickinessLines(group: TargetGroupPlan, slots: Slots, parts: Parts): string[] {
  const { stickiness } = group;
  if (stickiness.type !== 'lb_cookie' && stickiness.type !== 'app_cookie') return [];
  const map = parts.changingFile(`sticky-${group.id}.map`, slots.stickyMap());
  const isApplications = stickiness.type === 'app_cookie';
  const application = isApplications ? word(`req.cook(${argument(stickiness.cookieName)})`) : '';
  const names = isApplications ? ['AWSALBAPP-0'] : ['AWSALB', 'AWSALBCORS'];
  const { duration: seconds } = stickiness;
  const cookie = {
    token: '%[var(txn.target)]',
    seconds,
    when: `{ var(txn.target) -m found }${isApplications ? ` { ${word(`res.cook(${argument(stickiness.cookieName)})`)} -m found }` : ''}`,
  };
  return [
    nowLine,
    ...names.map(
      (name) =>
        `http-request set-var(txn.server) req.cook(${name}),field(1,.),map_str(${map}) if !{ var(txn.server) -m found } ${isFresh(name)}${isApplications ? ` { ${application} -m found }` : ''}`,
    ),
    'use-server %[var(txn.server)] if { var(txn.server) -m found }',
    `http-response set-var(txn.target) srv_name,map_str(${map})`,
    ...cookieLines(
      isApplications ? { name: 'AWSALBAPP-0', ...cookie } : { name: 'AWSALB', copy: 'AWSALBCORS', ...cookie },
    ),
  ];
}
