import { request as requestHttps } from 'node:https';
import { type Clock, withTimeout } from '../clock/index.ts';
import { request as requestHttp } from '../http.ts';
import { type FunctionAnswer, functionOf, type HookFunctions } from '../services/ecs/index.ts';

/** As long as Lambda lets a function run. */
const longestCallMs = 15 * 60_000;
/** Of a reply. */
const maxReplyBytes = 64 * 1024;

/**
 * Functions that an endpoint of the operator's runs: it answers Lambda's Invoke API
 * (`POST /2015-03-31/functions/NAME/invocations`), as `sam local start-lambda` and the runtime interface emulator do. Requests
 * are not signed.
 */
export function lambdaEndpoint(endpoint: URL, clock: Clock): HookFunctions {
  return {
    invoke: async (functionArn, event, signal) => {
      const { name, qualifier } = functionOf(functionArn) ?? {};
      if (name === undefined) return { isAnswered: false, why: `${functionArn} is no function's ARN` };
      const path = `${endpoint.pathname.replace(/\/$/, '')}/2015-03-31/functions/${name}/invocations`;
      const url = new URL(path, endpoint);
      if (qualifier !== undefined) url.searchParams.set('Qualifier', qualifier);
      using deadline = withTimeout(clock, longestCallMs, signal);
      try {
        return read(await post(url, JSON.stringify(event), deadline.signal));
      } catch (error) {
        signal.throwIfAborted();
        return { isAnswered: false, why: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

interface Reply {
  readonly status: number;
  /** Lambda's word for a function that failed; undefined: it hasn't. */
  readonly functionError: string | undefined;
  readonly body: string;
}

/** Not by `fetch`, which waits five minutes for an answer at most. */
function post(url: URL, body: string, signal: AbortSignal): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'RequestResponse' };
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const sent = send(url, { method: 'POST', headers, agent: false, signal }, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('error', reject);
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxReplyBytes)
        response.destroy(new Error(`The function's reply is longer than ${maxReplyBytes} bytes`));
      else chunks.push(chunk);
    });
    response.on('end', () => {
      const functionError = response.headers['x-amz-function-error'];
      resolve({
        status: response.statusCode ?? 0,
        functionError: Array.isArray(functionError) ? functionError[0] : functionError,
        body: Buffer.concat(chunks).toString(),
      });
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** What a function that failed said is its own, and not told on. */
function read({ status, functionError, body }: Reply): FunctionAnswer {
  if (status !== 200) return { isAnswered: false, why: `the endpoint answered with status ${status}` };
  if (functionError !== undefined) return { isAnswered: false, why: `the function failed: ${functionError}` };
  try {
    return { isAnswered: true, payload: JSON.parse(body) };
  } catch {
    return { isAnswered: false, why: "the function's reply is no JSON" };
  }
}
