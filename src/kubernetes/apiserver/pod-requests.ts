import { type JsonObject, memberOf, textOf } from '../objects/object.ts';
import { bindPod } from './bind-pod.ts';
import { evictPod } from './evict-pod.ts';
import { type Answer, type ResourceExchange, readWrite, requester } from './exchange.ts';
import { negotiate } from './negotiation.ts';
import { readDeleteOptions } from './options.ts';
import { badRequest } from './status.ts';

/** Where nothing but success is to be said. */
const succeeded: JsonObject = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
};

/** At the pod, or as an object of its own whose name is the pod's. @throws {ApiError} */
export async function createBinding(exchange: ResourceExchange): Promise<Answer> {
  const { cluster } = exchange;
  negotiate(exchange.request.headers.accept, []);
  const { body, options, warnings } = await readWrite(exchange, 'CreateOptions');
  const pod = podOf(exchange, body);
  await bindPod(cluster, pod, body, options, requester(exchange, warnings));
  return { code: 201, body: succeeded, warnings };
}

/** @throws {ApiError} */
export async function createEviction(exchange: ResourceExchange): Promise<Answer> {
  const { cluster, query } = exchange;
  negotiate(exchange.request.headers.accept, []);
  const { body, options, warnings } = await readWrite(exchange, 'CreateOptions');
  const pod = podOf(exchange, body);
  const asked = readDeleteOptions(query, memberOf(body, 'deleteOptions'));
  const isDryRun = options.isDryRun || asked.isDryRun;
  await evictPod(cluster, pod, { ...asked, isDryRun }, requester(exchange, warnings));
  return { code: 201, body: succeeded, warnings };
}

function podOf({ asked: { namespace, name } }: ResourceExchange, body: JsonObject) {
  const given = textOf(memberOf(body, 'metadata'), 'name');
  if (name !== undefined && given !== '' && given !== name)
    throw badRequest(`name in URL does not match name in ${String(body.kind)} object: ${name} != ${given}`);
  if (name === undefined && given === '') throw badRequest('name must be provided');
  return { namespace, name: name ?? given };
}
