import { type ClientHttp2Session, connect as http2Connect } from 'node:http2';
import type { Socket } from 'node:net';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** By number, as Go's gRPC names them. https://grpc.io/docs/guides/status-codes/ */
const codes = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange'],
  ...['Unimplemented', 'Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
];

/** Of a server that answers as HTTP has it. https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const codesOfHttp: Readonly<Record<number, string>> = {
  ...{ 400: 'Internal', 401: 'Unauthenticated', 403: 'PermissionDenied', 404: 'Unimplemented' },
  ...{ 429: 'Unavailable', 502: 'Unavailable', 503: 'Unavailable', 504: 'Unavailable' },
};

export interface GrpcHealth {
  /** A number: one that the protocol does not have. */
  readonly status?: (typeof statuses)[number] | `${number}`;
  /** What the server said when it did not answer the question: gRPC's code, e.g. `NotFound`, and message. */
  readonly failure?: { readonly code: string; readonly message: string };
}

/**
 * Takes up HTTP/2 on a connection that is open: there is a server once it has said how it is set.
 * @throws {Error} it speaks something else, or nothing until the signal aborts.
 */
export function grpcSession(
  socket: Socket,
  authority: string,
  signal: AbortSignal,
): Promise<ClientHttp2Session> {
  const session = http2Connect(`http://${authority}`, { createConnection: () => socket });
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const onAbort = (): void => session.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  // Of its later errors the requests tell.
  session.on('error', reject);
  session.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    reject(new Error('the connection was closed'));
  });
  session.once('remoteSettings', () => resolve(session));
  if (signal.aborted) onAbort();
  return promise;
}

/** Asks a server for the health of a service (`grpc.health.v1.Health/Check`). */
export function grpcHealth(
  session: ClientHttp2Session,
  {
    service,
    userAgent,
    signal,
  }: { readonly service: string; readonly userAgent: string; readonly signal: AbortSignal },
): Promise<GrpcHealth> {
  const { promise, resolve, reject } = Promise.withResolvers<GrpcHealth>();
  const onClose = (): void => reject(new Error('the connection was closed'));
  session.once('close', onClose);
  const stream = session.request(
    {
      ...{ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc' },
      ...{ te: 'trailers', 'user-agent': userAgent },
    },
    { signal },
  );
  const chunks: Buffer[] = [];
  let told: GrpcHealth['failure'];
  let ofHttp: GrpcHealth['failure'];
  const read = (headers: Readonly<Record<string, unknown>>): void => {
    const number = headers['grpc-status'];
    if (number === undefined) return;
    const code = codes[Number(number)] ?? `Code(${number})`;
    told = { code, message: percentDecoded(String(headers['grpc-message'] ?? '')) };
  };
  stream.on('response', (headers) => {
    ofHttp = failureOfHttp(Number(headers[':status']), headers['content-type'] ?? '');
    read(headers);
  });
  stream.on('trailers', read);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.once('error', reject);
  stream.once('end', () => {
    const failure = told ?? ofHttp;
    if (failure === undefined) reject(new Error('error reading from server: EOF'));
    else resolve(failure.code === 'OK' ? { status: statusIn(Buffer.concat(chunks)) } : { failure });
  });
  stream.end(message(service));
  return promise.finally(() => session.off('close', onClose));
}

function failureOfHttp(status: number, contentType: string): GrpcHealth['failure'] {
  if (status === 200) return undefined;
  return {
    code: codesOfHttp[status] ?? 'Unknown',
    message: `unexpected HTTP status code received from server: ${status}; transport: received unexpected content-type ${JSON.stringify(contentType)}`,
  };
}

/** As gRPC writes what HTTP/2 can't carry in a header. What is no such escape stays. */
function percentDecoded(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/** A frame of `HealthCheckRequest { string service = 1 }`. */
function message(service: string): Buffer {
  const name = Buffer.from(service);
  const body = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Of a frame of `HealthCheckResponse { ServingStatus status = 1 }`: the default is left out. */
function statusIn(frame: Buffer): NonNullable<GrpcHealth['status']> {
  const body = frame.subarray(5);
  const number = body[0] === 0x08 ? (body[1] ?? 0) : 0;
  return statuses[number] ?? `${number}`;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
