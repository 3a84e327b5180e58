import type { CodeRange, HealthCheckPlan, TargetGroupPlan } from '../../../../balancing/index.ts';
import { word } from './words.ts';

const address = '%[bc_dst]:%[bc_dst_port]';

/** How a backend's servers are asked whether they are well. */
export function healthCheckLines(group: TargetGroupPlan): string[] {
  const { protocol, path = '/', timeout, matcher } = group.healthCheck;
  const wait = `timeout check ${timeout}s`;
  if (protocol === 'TCP') return [wait];
  const isGrpc = group.protocolVersion === 'GRPC';
  const version = isHttp2(group) ? 'HTTP/2' : 'HTTP/1.1';
  const headers = [
    `hdr Host ${word(address)}`,
    'hdr User-Agent ELB-HealthChecker/2.0',
    ...(isGrpc ? ['hdr Content-Type application/grpc', 'hdr TE trailers'] : []),
    ...(version === 'HTTP/1.1' ? ['hdr Connection close'] : []),
  ];
  return [
    wait,
    'option httpchk',
    `http-check send meth ${isGrpc ? 'POST' : 'GET'} uri ${word(path)} ver ${version} ${headers.join(' ')}`,
    isGrpc
      ? `http-check expect hdr name grpc-status value -m reg ${word(`^(${codes(matcher).join('|')})$`)}`
      : `http-check expect status ${matcher.map(rangeText).join(',')}`,
  ];
}

/** Words of a server's line. */
export function checkWords(
  group: TargetGroupPlan,
  { inter, fall, rise }: { readonly inter: number; readonly fall: number; readonly rise: number },
): string {
  const { protocol, port } = group.healthCheck;
  return [
    `check inter ${inter}s fall ${fall} rise ${rise}`,
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(protocol === 'HTTPS'
      ? [`check-ssl verify none${isHttp2(group) ? ' check-alpn h2' : ''}`]
      : ['no-check-ssl', ...(isHttp2(group) && protocol === 'HTTP' ? ['check-proto h2'] : [])]),
    'no-check-send-proxy',
  ].join(' ');
}

export function isHttp2({ protocolVersion }: Pick<TargetGroupPlan, 'protocolVersion'>): boolean {
  return protocolVersion === 'HTTP2' || protocolVersion === 'GRPC';
}

function rangeText({ from, to }: CodeRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function codes(matcher: HealthCheckPlan['matcher']): number[] {
  return matcher.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}
