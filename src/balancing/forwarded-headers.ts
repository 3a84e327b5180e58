import type { HeaderFields } from './header-fields.ts';
import { mostTraceBytes } from './limits.ts';
import type { ListenerPlan, LoadBalancerAttributes } from './plan.ts';

export interface ForwardedRequest {
  readonly listener: Pick<ListenerPlan, 'port' | 'protocol'>;
  readonly attributes: LoadBalancerAttributes;
  readonly client: { readonly address: string; readonly port: number };
  /** Of the client's connection, in OpenSSL's words. */
  readonly tls?: { readonly version: string; readonly cipherSuite: string };
  /** A new one: `1-<8 hexadecimal digits>-<24>`. */
  readonly traceId: string;
}

/** What is between two programs next to each other, and never forwarded. */
const hopByHop: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['transfer-encoding', 'upgrade', 'http2-settings'],
]);

/** What of an answer goes on to the client. */
export function answeredHeaders(fields: HeaderFields): HeaderFields {
  return fields.filter(([name]) => !hopByHop.has(name.toLowerCase()));
}

/** What a target finds in a request: what the client sent, and what the load balancer knows of it. */
export function forwardedHeaders(fields: HeaderFields, request: ForwardedRequest): HeaderFields {
  const { listener, attributes, tls } = request;
  const isSecure = listener.protocol === 'HTTPS';
  const own = new Map<string, string | undefined>([
    ...forwardedFor(valuesOf(fields, 'x-forwarded-for'), request),
    ['X-Forwarded-Proto', isSecure ? 'https' : 'http'],
    ['X-Forwarded-Port', String(listener.port)],
    ['X-Amzn-Trace-Id', traceOf(valuesOf(fields, 'x-amzn-trace-id').at(0), request.traceId)],
  ]);
  if (isSecure && attributes.tlsHeaders && tls !== undefined) {
    own.set('X-Amzn-Tls-Version', tls.version).set('X-Amzn-Tls-Cipher-Suite', tls.cipherSuite);
  }
  const ownNames = new Set([...own.keys()].map((name) => name.toLowerCase()));
  const kept = fields.flatMap(([name, value]): HeaderFields => {
    const known = name.toLowerCase();
    if (hopByHop.has(known) || ownNames.has(known)) return [];
    // gRPC asks for trailers.
    if (known === 'te' && value.toLowerCase() !== 'trailers') return [];
    if (attributes.dropInvalidHeaderFields && !/^[-A-Za-z0-9]+$/.test(name)) return [];
    return known === 'host' && !attributes.preserveHostHeader
      ? [[name, hostFor(value, listener.port)]]
      : [[name, value]];
  });
  return [
    ...kept,
    ...[...own].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  ];
}

function valuesOf(fields: HeaderFields, name: string): string[] {
  return fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

function forwardedFor(
  values: readonly string[],
  { attributes: { xffHeaderProcessing, xffClientPort }, client }: ForwardedRequest,
): (readonly [string, string | undefined])[] {
  switch (xffHeaderProcessing) {
    case 'preserve':
      return [];
    case 'remove':
      return [['X-Forwarded-For', undefined]];
    case 'append': {
      const place = xffClientPort ? `${client.address}:${client.port}` : client.address;
      return [['X-Forwarded-For', [...values, place].join(', ')]];
    }
  }
}

/**
 * A root where there is none; where there is one, this hop before it.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
 */
function traceOf(given: string | undefined, traceId: string): string {
  if (given === undefined || given.length > mostTraceBytes) return `Root=${traceId}`;
  const others = given.split(';').filter((part) => !part.trim().startsWith('Self='));
  const hasRoot = others.some((part) => part.includes('Root='));
  return [`${hasRoot ? 'Self' : 'Root'}=${traceId}`, ...others].join(';');
}

/** The port of the listener is part of the header exactly where it isn't the protocol's own. */
function hostFor(host: string, port: number): string {
  if (port === 80 || port === 443) return host.replace(/:\d*$/, '');
  return /:\d+$/.test(host) ? host : `${host}:${port}`;
}
