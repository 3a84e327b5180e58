import type { Subresource } from '../../schema/subresources.ts';
import type { ResourceExchange } from '../exchange.ts';
import type { ResourceRequest } from '../request-info.ts';
import { proxyEndpoint } from './endpoint-proxy.ts';
import { proxyNode } from './node-proxy.ts';
import { connectPod } from './pod-connect.ts';
import { streamLog } from './pod-log.ts';

/** What is answered by the machine that a pod runs on, or by what runs there. */
const elsewhere: readonly (Subresource | undefined)[] = ['attach', 'exec', 'log', 'portforward', 'proxy'];

export const isReachedElsewhere = ({ subresource }: ResourceRequest): boolean =>
  elsewhere.includes(subresource);

/** Whether a connection may go on in another protocol there, as far as its path tells. */
export const isStream = (url: string): boolean => /\/(attach|exec|portforward|proxy)(\/|\?|$)/.test(url);

/** Answers with what a node or a pod says. @throws {ApiError} */
export async function reach(exchange: ResourceExchange): Promise<undefined> {
  const { cluster, asked } = exchange;
  using _ = cluster.streams.take();
  switch (asked.subresource) {
    case 'log':
      await streamLog(exchange);
      return;
    case 'attach':
    case 'exec':
    case 'portforward':
      await connectPod(exchange);
      return;
    default:
      if (asked.resource.name === 'nodes') await proxyNode(exchange);
      else await proxyEndpoint(exchange);
      return;
  }
}
