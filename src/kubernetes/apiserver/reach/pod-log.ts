import type { IncomingMessage } from 'node:http';
import type { Cluster } from '../cluster.ts';
import type { ResourceExchange } from '../exchange.ts';
import { targetOf } from '../exchange.ts';
import { getObject } from '../read.ts';
import { ApiError, badRequest } from '../status.ts';
import { type LogOptions, readLogOptions } from './connect-options.ts';
import { goneOf } from './gone.ts';
import { answerOf, dialingFailed, passOn } from './kubelet-exchange.ts';
import { containerOf, nodeOf } from './pod-place.ts';

/** More of a kubelet's complaint is nobody's to read. */
const mostComplaintBytes = 2_048;

/** `GET pods/<name>/log`: the kubelet's answer, passed on. @throws {ApiError} */
export async function streamLog(exchange: ResourceExchange): Promise<void> {
  const { cluster, asked, query, response } = exchange;
  const { namespace = '', name = '' } = asked;
  const pod = await getObject(cluster, targetOf(asked));
  const options = readLogOptions(query, name);
  const container = containerOf(pod, options.container);
  const node = await nodeOf(cluster, pod);
  const path = `/containerLogs/${namespace}/${name}/${container}?${queryOf(options)}`;
  const isUnverified = options.insecureSkipTLSVerifyBackend;
  const signal = goneOf(cluster, response);
  const asking = await cluster.kubelets.open(node, { method: 'GET', path, isUnverified, signal });
  const answer = await answerOf(asking, undefined, dialingFailed);
  const from = answer.response;
  const code = from.statusCode ?? 500;
  if (code < 200 || code > 299) throw complaint(code, await textOf(from), cluster);
  response.writeHead(200, { 'content-type': 'text/plain' });
  await passOn(from, response);
}

function queryOf(options: LogOptions): URLSearchParams {
  const { container: _, insecureSkipTLSVerifyBackend: _skip, ...sent } = options;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(sent)) if (value !== false) query.set(name, String(value));
  return query;
}

/** What a kubelet refuses, in its own words. */
function complaint(code: number, text: string, { log }: Cluster): ApiError {
  switch (code) {
    case 400:
      return badRequest(text);
    case 404:
      return new ApiError(404, 'NotFound', `the server could not find the requested resource: ${text}`);
    default:
      log.warn('A kubelet did not give the log of a container', { code, text });
      return new ApiError(500, 'InternalError', `Internal error occurred: ${text}`);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > mostComplaintBytes) break;
  }
  return text.slice(0, mostComplaintBytes).trim();
}
