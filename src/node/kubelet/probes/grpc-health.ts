import { connect as http2Connect } from 'node:http2';
import type { Socket } from 'node:net';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const unimplemented = '12';

export interface GrpcHealth {
  readonly status?: (typeof statuses)[number];
  /** What the server said when it did not answer the question: gRPC's code and message. */
  readonly failure?: { readonly code: string; readonly message: string };
}

/** Asks a server for the health of a service (`grpc.health.v1.Health/Check`), over a connection that is open. */
export function grpcHealth(
  socket: Socket,
  {
    authority,
    service,
    userAgent,
    signal,
  }: {
    readonly authority: string;
    readonly service: string;
    readonly userAgent: string;
    readonly signal: AbortSignal;
  },
): Promise<GrpcHealth> {
  const session = http2Connect(`http://${authority}`, { createConnection: () => socket });
  return new Promise<GrpcHealth>((resolve, reject) => {
    const onAbort = (): void => session.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    session.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      reject(new Error('the connection was closed'));
    });
    session.once('error', reject);
    const stream = session.request(
      {
        ...{ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc' },
        ...{ te: 'trailers', 'user-agent': userAgent },
      },
      { signal },
    );
    const chunks: Buffer[] = [];
    let told: { code: string; message: string } | undefined;
    const read = (headers: Readonly<Record<string, unknown>>): void => {
      const code = headers['grpc-status'];
      if (code !== undefined) told = { code: String(code), message: String(headers['grpc-message'] ?? '') };
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', reject);
    stream.once('end', () => {
      if (told !== undefined && told.code !== '0') resolve({ failure: told });
      else resolve({ status: statusIn(Buffer.concat(chunks)) });
    });
    stream.end(message(service));
  }).finally(() => session.destroy());
}

export const isUnimplemented = ({ failure }: GrpcHealth): boolean => failure?.code === unimplemented;

/** A frame of `HealthCheckRequest { string service = 1 }`. */
function message(service: string): Buffer {
  const name = Buffer.from(service);
  const body = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Of a frame of `HealthCheckResponse { ServingStatus status = 1 }`: the default is left out. */
function statusIn(frame: Buffer): (typeof statuses)[number] {
  const body = frame.subarray(5);
  const number = body[0] === 0x08 ? (body[1] ?? 0) : 0;
  return statuses[number] ?? 'UNKNOWN';
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
