import type { ServerResponse } from 'node:http';
import type { Cluster } from '../cluster.ts';

/** Aborts when nobody waits for an answer any more, or the API server ends. */
export function goneOf({ signal }: Pick<Cluster, 'signal'>, response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('The client has gone')));
  return AbortSignal.any([signal, gone.signal]);
}
