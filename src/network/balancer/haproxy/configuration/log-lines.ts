import type { ListenerPlan, LoadBalancerPlan } from '../../../../balancing/index.ts';
import { connectionFields, logFormat, requestFields } from '../logs/fields.ts';
import type { Parts } from './parts.ts';
import { word } from './words.ts';

/** Where a process keeps lines until they are read: `show events` of its runtime socket tells them. */
export const logRing = 'ended';
/** What is not read in time is not written: whoever is slow does not hold up a request. */
const ringBytes = 4_194_304;
const mostLineBytes = 40_000;
/** As much of a URL as there may be. */
const mostUrlBytes = 16_384;
/** "Long strings over 8 KB are truncated." */
const mostUserAgentBytes = 8_192;
const mostHostBytes = 256;
/** Nobody asks a runtime socket for longer than this without an answer. */
const followedFor = '1h';

/** None of a load balancer that is not logged: it has nothing to do for it. */
export function logGlobalLines({ attributes }: LoadBalancerPlan): string[] {
  return attributes.isLogged
    ? [`stats timeout ${followedFor}`, `tune.http.logurilen ${mostUrlBytes}`]
    : ['stats timeout 30s'];
}

export function ringLines({ attributes }: LoadBalancerPlan): string[] {
  if (!attributes.isLogged) return [];
  return [`ring ${logRing}`, 'format raw', `maxlen ${mostLineBytes}`, `size ${ringBytes}`];
}

/** Of a frontend. What the lines say is in `logs/fields.ts`. */
export function requestLogLines({ configuration: { plan } }: Parts): string[] {
  if (!plan.attributes.isLogged) return [];
  return [
    ...logTo(requestFields),
    // Who connects and says nothing has not asked for anything.
    'option dontlognull',
    `capture request header Host len ${mostHostBytes}`,
    `capture request header User-Agent len ${mostUserAgentBytes}`,
    'tcp-request session set-var(sess.connection) uuid()',
  ];
}

/** Before rules are tried. */
export function ruledLogLines({ configuration: { plan } }: Parts): string[] {
  return plan.attributes.isLogged ? ['http-request set-var(txn.ruled) bool(true)'] : [];
}

/** Once the request is as its target gets it. */
export function forwardedLogLines({ rules }: ListenerPlan, { configuration: { plan } }: Parts): string[] {
  if (!plan.attributes.isLogged) return [];
  const redirects = rules.some(({ action }) => action.type === 'redirect');
  return [
    'http-request set-var(txn.traced) req.fhdr(x-amzn-trace-id)',
    ...(redirects ? ['http-after-response set-var(txn.location) res.hdr(location)'] : []),
  ];
}

export function connectionLogLines({ protocol }: ListenerPlan, { configuration: { plan } }: Parts): string[] {
  return plan.attributes.isLogged && protocol === 'TLS' ? logTo(connectionFields) : [];
}

function logTo(fields: Readonly<Record<string, string>>): string[] {
  return [
    `log ring@${logRing} len ${mostLineBytes} format raw local0`,
    `log-format ${word(logFormat(fields))}`,
  ];
}
