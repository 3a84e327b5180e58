import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../status.ts';

/** A connection whose client wants to go on in another protocol than HTTP. */
export interface Upgrade {
  readonly socket: Duplex;
  /** What came after the request. */
  readonly head: Buffer;
}

const listenersOfJoined = 30;

export type KubeletAnswer =
  | { readonly type: 'response'; readonly response: IncomingMessage }
  | {
      readonly type: 'upgraded';
      readonly response: IncomingMessage;
      readonly socket: Duplex;
      readonly head: Buffer;
    };

/**
 * Sends a request and returns the beginning of its answer.
 * @throws what `failure` makes of why it could not be sent.
 */
export async function answerOf(
  request: ClientRequest,
  body: IncomingMessage | undefined,
  failure: (error: unknown) => Error,
): Promise<KubeletAnswer> {
  try {
    return await new Promise<KubeletAnswer>((resolve, reject) => {
      request.on('response', (response) => resolve({ type: 'response', response }));
      request.on('upgrade', (response, socket, head) => {
        socket.on('error', () => socket.destroy());
        resolve({ type: 'upgraded', response, socket, head });
      });
      request.on('error', reject);
      if (body === undefined) request.end();
      else pipeline(body, request).catch(reject);
    });
  } catch (error) {
    throw failure(error);
  }
}

/** As upstream says that a kubelet is not to be reached. */
export const dialingFailed = (error: unknown): ApiError =>
  new ApiError(
    500,
    'InternalError',
    `error dialing backend: ${error instanceof Error ? error.message : String(error)}`,
  );

/** Passes an answer on as it comes, at the pace of its reader. @param pass Passes it on changed. */
export async function passOn(
  from: IncomingMessage,
  response: ServerResponse,
  pass: (from: IncomingMessage, to: ServerResponse) => Promise<void> = pipeline,
): Promise<void> {
  response.flushHeaders();
  try {
    await pass(from, response);
  } catch {
    // Either side has gone: both connections are ended, and there is nobody to tell.
  }
}

/** Moves bytes both ways until both sides have ended, or one has broken off. */
export async function join(one: Duplex, other: Duplex): Promise<void> {
  // Two pipelines, what HTTP has left behind and whoever waits for the client's going: more than the usual ten, and no leak.
  for (const side of [one, other]) side.setMaxListeners(listenersOfJoined);
  await Promise.allSettled([pipeline(one, other), pipeline(other, one)]);
  one.destroy();
  other.destroy();
}
