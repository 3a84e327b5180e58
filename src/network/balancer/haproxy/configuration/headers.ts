import {
  type ListenerPlan,
  type LoadBalancerAttributes,
  mostTraceBytes,
} from '../../../../balancing/index.ts';
import { formatText, word } from './words.ts';

/** What targets find in a request beside what the client sent. */
export function headerLines({ port, protocol }: ListenerPlan, attributes: LoadBalancerAttributes): string[] {
  const isSecure = protocol === 'HTTPS';
  return [
    ...(attributes.dropInvalidHeaderFields ? [`http-request del-header '[^-A-Za-z0-9]' -m reg`] : []),
    ...hopByHopLines,
    ...forwardedForLines(attributes),
    `http-request set-header X-Forwarded-Proto ${isSecure ? 'https' : 'http'}`,
    `http-request set-header X-Forwarded-Port ${port}`,
    ...traceLines,
    ...(attributes.preserveHostHeader ? [] : hostLines(port)),
    ...(isSecure && attributes.tlsHeaders
      ? [
          'http-request set-header X-Amzn-Tls-Version %[ssl_fc_protocol]',
          'http-request set-header X-Amzn-Tls-Cipher-Suite %[ssl_fc_cipher]',
        ]
      : []),
  ];
}

/** What clients find in every answer, whosever it is, in place of what it had. */
export function answerHeaderLines({ answerHeaders = [] }: ListenerPlan): string[] {
  return answerHeaders.map(({ name, value }) =>
    value === undefined
      ? `http-after-response del-header ${name}`
      : `http-after-response set-header ${name} ${word(formatText(value))}`,
  );
}

/** `Connection` and `Transfer-Encoding` are HAProxy's own; gRPC asks for trailers. */
const hopByHopLines = [
  'http-request del-header Keep-Alive',
  'http-request del-header Proxy-Connection',
  'http-request del-header Proxy-Authenticate',
  'http-request del-header Proxy-Authorization',
  'http-request del-header TE if !{ req.hdr(te) -i trailers }',
];

function forwardedForLines({ xffHeaderProcessing, xffClientPort }: LoadBalancerAttributes): string[] {
  const client = xffClientPort ? '%[src]:%[src_port]' : '%[src]';
  switch (xffHeaderProcessing) {
    case 'preserve':
      return [];
    case 'remove':
      return ['http-request del-header X-Forwarded-For'];
    case 'append':
      return [
        // Where there are several, one more says the same.
        `http-request set-header X-Forwarded-For '%[req.fhdr(x-forwarded-for)], ${client}' if { req.fhdr_cnt(x-forwarded-for) eq 1 }`,
        `http-request add-header X-Forwarded-For ${client} if !{ req.fhdr_cnt(x-forwarded-for) eq 1 }`,
      ];
  }
}

const traceId = `1-%[date,hex,bytes(8,8),lower]-${'%[rand,hex,bytes(8,8),lower]'.repeat(3)}`;
const trace = 'req.fhdr(x-amzn-trace-id)';

/**
 * A root where there is none; where there is one, this hop before it.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
 */
const traceLines = [
  `http-request del-header X-Amzn-Trace-Id if { ${trace} -m len gt ${mostTraceBytes} }`,
  `http-request replace-header X-Amzn-Trace-Id '^(.*;)?[ ]*Self=[^;]*;?(.*)$' '\\1\\2'`,
  `http-request set-header X-Amzn-Trace-Id 'Self=${traceId};%[${trace}]' if { ${trace} -m sub Root= }`,
  `http-request set-header X-Amzn-Trace-Id 'Root=${traceId};%[${trace}]' if { ${trace} -m found } !{ ${trace} -m sub Root= }`,
  `http-request set-header X-Amzn-Trace-Id 'Root=${traceId}' if !{ ${trace} -m found }`,
];

/** The port of the listener is part of the header exactly where it isn't the protocol's own. */
function hostLines(port: number): string[] {
  return port === 80 || port === 443
    ? ["http-request set-header Host '%[req.hdr(host),host_only]' if { req.hdr(host) -m sub : }"]
    : [
        `http-request set-header Host '%[req.hdr(host)]:${port}' if { req.hdr(host) -m found } !{ req.hdr(host) -m reg ':[0-9]+$' }`,
      ];
}
