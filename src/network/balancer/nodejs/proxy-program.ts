/**
 * The program of a node's process. It is begun in the node's network namespace, is told what to do through its socket
 * (`control.ts`), and works on alone: checks, routing and counting go on while nobody is there. Arguments: the
 * directory and the generation by which it is known, its socket, its version, whom it works as (`<user id>:<group id>`),
 * and the namespace in which targets on the machine are reached; the last two may be empty.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, systemRandom } from '../../../clock/index.ts';
import { createServer } from '../../../http.ts';
import type { ProxyConfiguration, ProxyRefusal, ProxyStatus } from './control.ts';
import { dialFrom, dialHere } from './proxy/dial.ts';
import { NodeProxy } from './proxy/proxy.ts';

const [, , , , socketPath = '', version = '', user = '', hostNamespace = ''] = process.argv;
const lastConnectionsMs = 3_600_000;
const lookWhetherDoneMs = 100;

const clock = systemClock();
const dialHost = hostNamespace === '' ? dialHere : await dialFrom(hostNamespace);
const proxy = new NodeProxy({
  dial: (targetType) => (targetType === 'instance' ? dialHost : dialHere),
  clock,
  random: systemRandom(),
});
let fingerprint: string | undefined;
let isFinishing = false;

const control = createServer((request, response) => {
  void answer(request, response);
});
process.umask(0o077);
control.listen({ path: socketPath }, () => {
  if (user === '') return;
  // It has all that it needs of the machine; from here on it needs its network alone.
  const [uid, gid] = user.split(':').map(Number);
  process.setgroups?.([]);
  process.setgid?.(gid ?? Number.NaN);
  process.setuid?.(uid ?? Number.NaN);
});
process.on('SIGTERM', finish);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const said = await doAsAsked(request);
    response.end(JSON.stringify(said));
  } catch (error) {
    response.statusCode = 400;
    response.end(JSON.stringify({ message: (error as Error).message } satisfies ProxyRefusal));
  }
}

async function doAsAsked(request: IncomingMessage): Promise<ProxyStatus | Record<string, never>> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /status':
      return { version, ...(fingerprint === undefined ? {} : { fingerprint }), ...proxy.status() };
    case 'PUT /configuration': {
      const configuration = JSON.parse(await bodyOf(request)) as ProxyConfiguration;
      await proxy.configure(configuration);
      fingerprint = configuration.fingerprint;
      return {};
    }
    case 'POST /finish':
      finish();
      return {};
    default:
      throw new Error(`Nobody asks that: ${request.method} ${request.url}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Takes nothing new, and ends with its last connection. */
function finish(): void {
  if (isFinishing) return;
  isFinishing = true;
  proxy.finish();
  clock.after(lastConnectionsMs, () => process.exit());
  const look = (): void => {
    if (proxy.openConnections === 0) process.exit();
    clock.after(lookWhetherDoneMs, look);
  };
  clock.after(lookWhetherDoneMs, look);
}
