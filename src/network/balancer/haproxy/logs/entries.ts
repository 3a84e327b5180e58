import { X509Certificate } from 'node:crypto';
import type { ListenerPlan, LogEntry, RequestEntry, TlsFacts } from '../../../../balancing/index.ts';
import type { WantedNode } from '../../node-proxy.ts';
import { connectionFields, type Fields, readFields, requestFields } from './fields.ts';

type Context = Pick<WantedNode, 'plan' | 'node' | 'certificates'>;

/** What a line of a node's HAProxy tells. Undefined: nothing that is known of, or of a listener that is gone. */
export function readEntry(line: string, context: Context): LogEntry | undefined {
  const { plan } = context;
  const isApplication = plan.type === 'application';
  const read = isApplication ? readFields(line, requestFields) : readFields(line, connectionFields);
  if (read === undefined) return undefined;
  const listener = plan.listeners.find(({ id }) => read.frontend.replace(/~$/, '') === `l-${id}`);
  if (listener === undefined) return undefined;
  return 'status' in read ? requestEntry(read, listener, context) : connectionEntry(read, listener, context);
}

function requestEntry(
  fields: Fields<typeof requestFields>,
  listener: ListenerPlan,
  context: Context,
): RequestEntry {
  const group = context.plan.targetGroups.find(({ id }) => fields.backend === `t-${id}`);
  const tls = tlsFacts(fields, context);
  const endedAt = Number(fields.endedAt);
  const isAnswered = reached(fields.answeredMs) !== undefined;
  const isConnected = reached(fields.connectedMs) !== undefined;
  const status = Number(fields.status);
  const rule = fields.rule === '' || fields.rule === '0' ? 'default' : Number(fields.rule);
  const isRuled = fields.isRuled !== '';
  const ruled = listener.rules.find(({ priority }) => priority === rule);
  // Who answers is the guard, if there is one: of a listener, too, when a user comes back from an identity provider.
  const guard = fields.guard === '' ? undefined : (ruled?.guard ?? 'authenticate');
  const action = fields.guard === 'answer' ? undefined : ruled?.action.type;
  return {
    type: 'request',
    kind: kindOf(fields, status, tls !== undefined, group?.protocolVersion === 'GRPC'),
    ...{ endedAt, beganAt: endedAt - Math.max(0, Number(fields.activeMs)) * 1_000 },
    client: { address: fields.clientAddress, port: Number(fields.clientPort) },
    ...(/^[\d.]+$/.test(fields.targetAddress) && {
      target: { address: fields.targetAddress, port: Number(fields.targetPort) },
    }),
    ...(group !== undefined && { targetGroupArn: group.arn }),
    ...(isConnected && {
      requestMs: Number(fields.readMs) + Number(fields.queuedMs) + Number(fields.connectedMs),
    }),
    ...(isAnswered && { targetMs: Number(fields.answeredMs) }),
    ...(status > 0 && { status }),
    isTargets: isAnswered && group !== undefined,
    isClientGone: fields.end.startsWith('C'),
    ...{ receivedBytes: Number(fields.receivedBytes), sentBytes: Number(fields.sentBytes) },
    listenerPort: listener.port,
    ...(fields.method !== '' && { request: requestOf(fields, listener) }),
    ...(fields.userAgent !== '' && { userAgent: fields.userAgent }),
    ...(fields.traceId !== '' && { traceId: fields.traceId }),
    ...(tls !== undefined && { tls }),
    ...(isRuled && { rule, ...(action !== undefined && { action }) }),
    ...(fields.transform !== '' && { transform: transformOf(fields) }),
    ...(guard !== undefined && { guard }),
    ...(fields.guardReason !== '' && { errorReason: fields.guardReason }),
    ...(action === 'redirect' && fields.location !== '' && { location: fields.location }),
    connectionId: fields.connectionId,
  };
}

function connectionEntry(
  fields: Fields<typeof connectionFields>,
  listener: ListenerPlan,
  context: Context,
): LogEntry | undefined {
  const tls = tlsFacts(fields, context);
  // Network load balancers tell of TLS alone.
  if (tls === undefined) return undefined;
  const endedAt = Number(fields.endedAt);
  const connectionMs = Math.max(0, Number(fields.connectionMs));
  return {
    type: 'tls',
    ...{ endedAt, beganAt: endedAt - connectionMs * 1_000 },
    client: { address: fields.clientAddress, port: Number(fields.clientPort) },
    listenerId: listener.id,
    destination: { address: context.node.address, port: listener.port },
    ...{ connectionMs, handshakeMs: Math.max(0, Number(fields.handshakeMs)) },
    ...{ receivedBytes: Number(fields.receivedBytes), sentBytes: Number(fields.sentBytes) },
    tls,
    ...(fields.alpn !== '' && { alpn: fields.alpn }),
  };
}

/** Undefined: it was never so far. */
function reached(ms: string): number | undefined {
  return Number(ms) >= 0 ? Number(ms) : undefined;
}

function kindOf(
  { httpVersion }: Fields<typeof requestFields>,
  status: number,
  isSecure: boolean,
  isGrpc: boolean,
): RequestEntry['kind'] {
  if (status === 101) return isSecure ? 'wss' : 'ws';
  if (!isSecure) return 'http';
  if (isGrpc) return 'grpcs';
  return httpVersion.startsWith('HTTP/2') ? 'h2' : 'https';
}

function requestOf(
  { method, uri, httpVersion, host }: Fields<typeof requestFields>,
  { protocol, port }: ListenerPlan,
): NonNullable<RequestEntry['request']> {
  const name = host.replace(/:\d*$/, '');
  return { method, url: `${protocol.toLowerCase()}://${name}:${port}${uri}`, version: httpVersion };
}

/** What stayed as it came is not told. */
function transformOf({
  transform,
  hostAfter,
  urlAfter,
  host,
  uri,
}: Fields<typeof requestFields>): NonNullable<RequestEntry['transform']> {
  const isDone = transform === 'TransformSuccess';
  return {
    status: transform,
    ...(isDone && hostAfter !== '' && hostAfter !== host && { host: hostAfter }),
    ...(isDone && urlAfter !== '' && urlAfter !== uri && { url: urlAfter }),
  };
}

function tlsFacts(
  {
    cipher,
    tlsVersion,
    isResumed,
    fingerprint,
    serverName,
  }: Pick<Fields<typeof requestFields>, 'cipher' | 'tlsVersion' | 'isResumed' | 'fingerprint' | 'serverName'>,
  { certificates }: Context,
): TlsFacts | undefined {
  if (cipher === '') return undefined;
  const certificateArn =
    isResumed === '1' ? undefined : arnsByFingerprint(certificates).get(fingerprint.toLowerCase());
  return {
    ...{ cipher, version: tlsVersion },
    ...(serverName !== '' && { serverName }),
    ...(certificateArn !== undefined && { certificateArn }),
  };
}

const known = new WeakMap<Context['certificates'], ReadonlyMap<string, string>>();

/** By SHA-1 in hexadecimal digits. */
function arnsByFingerprint(certificates: Context['certificates']): ReadonlyMap<string, string> {
  const found = known.get(certificates);
  if (found !== undefined) return found;
  const made = new Map(
    [...certificates].map(([arn, { chain }]) => {
      const digits = new X509Certificate(chain).fingerprint.replaceAll(':', '').toLowerCase();
      return [digits, arn] as const;
    }),
  );
  known.set(certificates, made);
  return made;
}
