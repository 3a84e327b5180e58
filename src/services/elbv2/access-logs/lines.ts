import type { LogEntry, Place, RequestEntry, TlsConnectionEntry } from '../../../balancing/index.ts';
import { loadBalancerPath } from '../arn.ts';
import type { LoadBalancerRecord } from '../records.ts';

type Balancer = Pick<LoadBalancerRecord, 'type' | 'name' | 'id' | 'dnsName'>;

/** An entry as a line of an access log of AWS's, without its end. */
export function accessLogLine(entry: LogEntry, balancer: Balancer): string {
  return entry.type === 'request' ? requestLine(entry, balancer) : connectionLine(entry, balancer);
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html */
function requestLine(entry: RequestEntry, balancer: Balancer): string {
  const { request, target, tls, isTargets } = entry;
  const targetStatus = isTargets ? entry.status : undefined;
  const [method = '-', url = '-', version = '-'] =
    request === undefined ? [] : [request.method, request.url, request.version];
  return [
    entry.kind,
    instant(entry.endedAt, 'micro'),
    loadBalancerPath(balancer),
    place(entry.client),
    target === undefined ? '-' : place(target),
    seconds(entry.requestMs),
    seconds(entry.targetMs),
    // It goes to the client as it comes.
    isTargets ? '0.000' : '-1',
    // "The client closed the connection before the idle timeout elapsed."
    entry.status ?? (entry.isClientGone ? 460 : '-'),
    targetStatus ?? '-',
    entry.receivedBytes,
    entry.sentBytes,
    quoted(`${method} ${url} ${version}`),
    quoted(entry.userAgent),
    tls?.cipher ?? '-',
    tls?.version ?? '-',
    entry.targetGroupArn ?? '-',
    quoted(entry.traceId),
    quoted(tls?.serverName),
    quoted(tls === undefined ? undefined : (tls.certificateArn ?? 'session-reused')),
    entry.rule === 'default' ? 0 : (entry.rule ?? '-'),
    instant(entry.beganAt, 'micro'),
    quoted(actionsOf(entry)),
    quoted(entry.location),
    quoted(entry.errorReason),
    quoted(target && place(target)),
    quoted(targetStatus?.toString()),
    quoted(undefined),
    quoted(undefined),
    `TID_${entry.connectionId.replaceAll('-', '')}`,
    quoted(entry.transform?.host),
    quoted(entry.transform?.url),
    quoted(entry.transform?.status),
  ].join(' ');
}

/** What was done, in its order: `authenticate,forward`. */
function actionsOf({ guard, action }: RequestEntry): string | undefined {
  const done = [guard, action].filter((each) => each !== undefined);
  return done.length === 0 ? undefined : done.join(',');
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html */
function connectionLine(entry: TlsConnectionEntry, balancer: Balancer): string {
  const { tls, alpn } = entry;
  return [
    'tls',
    '2.0',
    instant(entry.endedAt, 'whole'),
    loadBalancerPath(balancer),
    entry.listenerId,
    place(entry.client),
    place(entry.destination),
    entry.connectionMs,
    entry.handshakeMs,
    entry.receivedBytes,
    entry.sentBytes,
    '-',
    tls.certificateArn ?? '-',
    '-',
    tls.cipher,
    tls.version.toLowerCase().replace('.', ''),
    '-',
    plain(tls.serverName ?? balancer.dnsName),
    plain(alpn ?? '-'),
    // Targets are spoken to as the client speaks.
    plain(alpn ?? '-'),
    '-',
    instant(entry.beganAt, 'whole'),
  ].join(' ');
}

/** @param micros Epoch microseconds. */
function instant(micros: number, precision: 'micro' | 'whole'): string {
  const text = new Date(Math.floor(micros / 1_000)).toISOString();
  return precision === 'whole'
    ? text.slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
    : text.replace('Z', `${String(micros % 1_000).padStart(3, '0')}Z`);
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-1' : (ms / 1_000).toFixed(3);
}

const place = ({ address, port }: Place): string => `${address}:${port}`;

function quoted(text: string | undefined): string {
  return `"${plain(text ?? '-')}"`;
}

/** A line and its quotes stay what they are, whatever somebody sent. */
function plain(text: string): string {
  return text.replaceAll(
    /[^ !#-[\]-~]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
