import type { IncomingMessage } from 'node:http';
import { type Guard, type HeaderFields, headerFields, mostHeaderBytes } from '../../../balancing/index.ts';
import { type Clock, withTimeout } from '../../../clock/index.ts';
import { request } from '../../../http.ts';
import { guardPath } from './place.ts';
import { readDecision, writeQuestion } from './wire.ts';

/** Longer than an identity provider may take for all that it is asked. */
const answeredWithinMs = 30_000;
/** So long a proxy waits for a guard that begins anew. */
export const guardAbsentMs = 5_000;
const lookAgainMs = 100;

/** The guard of a node, as its proxy asks it. @returns one that rejects when nobody answers. */
export function askGuard(interfaceId: string, clock: Clock): Guard {
  return async (question, signal) => {
    const patience = clock.monotonic() + guardAbsentMs;
    using deadline = withTimeout(clock, answeredWithinMs, signal);
    const fields = writeQuestion(question);
    while (true) {
      try {
        return await askOnce(guardPath(interfaceId), fields, deadline.signal);
      } catch (error) {
        const isAbsent = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
        if (!isAbsent || clock.monotonic() >= patience) throw error;
      }
      await clock.sleep(lookAgainMs, deadline.signal);
    }
  };
}

async function askOnce(socketPath: string, fields: HeaderFields, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = [['Host', 'guard'] as const, ...fields].flat();
  const sent = request({
    ...{ socketPath, path: '/', headers, signal, agent: false, setHost: false },
    maxHeaderSize: 2 * mostHeaderBytes,
  });
  sent.on('error', reject);
  sent.on('response', resolve);
  sent.end();
  const answer = await promise;
  answer.resume();
  return readDecision(answer.statusCode ?? 0, headerFields(answer.rawHeaders));
}
