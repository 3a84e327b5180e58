import type { ServerResponse } from 'node:http';
import type { Cluster } from '../cluster.ts';
import type { Upgrade } from './kubelet-exchange.ts';

/** Aborts when nobody waits for an answer any more, or the API server ends. */
export function goneOf(
  { signal }: Pick<Cluster, 'signal'>,
  response: ServerResponse,
  upgrade?: Upgrade,
): AbortSignal {
  const gone = new AbortController();
  (upgrade?.socket ?? response).once('close', () => gone.abort(new Error('The client has gone')));
  return AbortSignal.any([signal, gone.signal]);
}
