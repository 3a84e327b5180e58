import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { SimProgram } from '../../../runtime/sim/index.ts';
import { StreamingNode } from '../testing/streaming-node.ts';
import { controlFrame, dataFrame, FrameReader, fin, kinds } from './spdy/frames.ts';
import { HeaderBlocks, type Headers } from './spdy/header-blocks.ts';

const program: SimProgram = {
  output: [{ text: 'one\n' }, { text: 'two\n', stream: 'stderr' }, { text: 'three\n' }],
  main: ({ say, exit }) => ({
    typed: (text) => (text === 'quit' ? exit(0) : say(`main heard ${text}\n`)),
    ended: () => exit(0),
  }),
  command: ([name = ''], { say, exit, refuse }) => {
    if (name === 'nowhere') refuse('OCI runtime exec failed: "nowhere": executable file not found\r\n');
    if (name === 'cat') return { typed: (text) => say(text), ended: () => exit(0) };
    if (name === 'much') for (let chunk = 0; chunk < 64; chunk += 1) say('y'.repeat(65_536));
    say('oops', 'stderr');
    exit(name === 'fails' ? 3 : 0);
    return undefined;
  },
  terminal: (_, { say, exit }) => ({
    resized: ({ columns, rows }) => say(`${columns}x${rows}\r\n`),
    typed: () => exit(0),
  }),
};

let node: StreamingNode;
beforeAll(async () => {
  node = await StreamingNode.start(({ command: [word] = [] }) =>
    word === 'unknown' ? { startError: 'executable file not found' } : program,
  );
  await node.pod('web');
  await node.startContainer('web', 0);
  await node.runtime.stopContainer('web-c-0', 1);
  await node.startContainer('web', 1, { interactive: true });
});
afterAll(() => node[Symbol.asyncDispose]());

describe('logs', () => {
  it.each([
    ['', 'one\ntwo\nthree\n'],
    ['previous=true', 'one\ntwo\nthree\n'],
    ['tailLines=1', 'three\n'],
    ['tailLines=0', ''],
    ['limitBytes=6', 'one\ntw'],
    ['stream=Stderr', 'two\n'],
    ['sinceTime=2100-01-01T00:00:00Z', ''],
  ])('of a container that runs, with %j', async (query, text) => {
    expect(await node.log('web', query)).toMatchObject({ status: 200, text });
  });

  it('have their times if one asks for them', async () => {
    const { text } = await node.log('web', 'timestamps=true&tailLines=1');
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z three\n$/);
  });

  it('are followed to the end of the container', async () => {
    await node.pod('followed');
    await node.startContainer('followed', 0, { interactive: true });
    const heard = node.log('followed', 'follow=true&tailLines=1');
    await using attachment = await node.runtime.attach('followed-c-0', { hasInput: true });
    await attachment.write(Buffer.from('more'));
    await attachment.write(Buffer.from('quit'));
    expect((await heard).text).toMatch(/^(three\nmain heard more\n|main heard more\n)$/);
  });

  it('of what could not be started are empty', async () => {
    await node.pod('unstarted');
    await expect(node.startContainer('unstarted', 0, { command: ['unknown'] })).rejects.toThrow('not found');
    expect(await node.log('unstarted', 'follow=true')).toMatchObject({ status: 200, text: '' });
  });

  it('of what is not there are refused in upstream’s words', async () => {
    const told = async (pod: string, query = '') => {
      const { status, json } = await node.log(pod, query);
      return [status, json.message];
    };
    await node.pod('new', {
      containerStatuses: [
        {
          ...{ name: 'c', ready: false, restartCount: 0, image: 'i', imageID: '' },
          state: { waiting: { reason: 'ContainerCreating' } },
        },
      ],
    });
    expect(await told('new')).toEqual([
      400,
      'container "c" in pod "new" is waiting to start: ContainerCreating',
    ]);
    await node.startContainer('new');
    expect(await told('new', 'previous=true')).toEqual([
      400,
      'previous terminated container "c" in pod "new" not found',
    ]);
  });
});

describe('a command', () => {
  const exec = (query: string, protocol = 'v5.channel.k8s.io') => node.connect(`web/exec?${query}`, protocol);

  it('has its outputs apart, and tells its exit code', async () => {
    const heard = await all(await exec('command=fails&stdout=true&stderr=true'));
    expect(heard).toMatchObject({ 1: '', 2: 'oops' });
    expect(JSON.parse(heard[3] ?? '')).toMatchObject({
      ...{ status: 'Failure', reason: 'NonZeroExitCode' },
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  it('hears what is typed to its end', async () => {
    const socket = await exec('command=cat&stdin=true&stdout=true');
    const heard = all(socket);
    socket.send(Buffer.from('\0typed'));
    socket.send(Buffer.from([255, 0]));
    expect(await heard).toMatchObject({ 1: 'typed', 3: JSON.stringify({ metadata: {}, status: 'Success' }) });
  });

  it('speaks the older protocols, also in text', async () => {
    const heard = await all(await exec('command=ls&stderr=true', 'v4.channel.k8s.io'));
    expect(heard).toMatchObject({ 2: 'oops' });
    const socket = await exec('command=cat&stdin=true&stdout=true', 'v4.base64.channel.k8s.io');
    const [first] = await once(socket, 'message');
    expect(String(first)).toBe('1');
    socket.send(`0${Buffer.from('typed').toString('base64')}`);
    const [said] = await once(socket, 'message');
    expect(Buffer.from(String(said).slice(1), 'base64').toString()).toBe('typed');
    socket.close();
  });

  it('on a terminal knows its size', async () => {
    const socket = await exec('command=sh&stdin=true&stdout=true&tty=true');
    const heard = all(socket);
    socket.send(Buffer.from('\x04{"Width":101,"Height":37}'));
    socket.send(Buffer.from('\0quit'));
    expect((await heard)[1]).toBe('101x37\r\n');
  });

  it('that says much says all of it', async () => {
    const heard = await all(await exec('command=much&stdout=true'));
    expect(heard[1]?.length).toBe(64 * 65_536);
  });

  it('that is not there is told as nodes with containerd do', async () => {
    const heard = await all(await exec('command=nowhere&stdout=true&stderr=true'));
    expect(heard).toMatchObject({ 1: '' });
    const message =
      'Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: OCI runtime exec failed: "nowhere": executable file not found';
    expect(JSON.parse(heard[3] ?? '')).toMatchObject({ status: 'Failure', code: 500, message });
  });

  it('for a container that does not run is refused where clients of a WebSocket hear it, and of SPDY', async () => {
    await node.pod('idle');
    const heard = await all(await node.connect('idle/exec?command=ls&stdout=true', 'v5.channel.k8s.io'));
    expect(JSON.parse(heard[3] ?? '').message).toBe(
      'Internal error occurred: unable to upgrade connection: container not found ("c")',
    );
    const attached = await all(await node.connect('idle/attach?stdout=true', 'v5.channel.k8s.io'));
    expect(JSON.parse(attached[3] ?? '').message).toContain('container not found ("c")');
    const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
    expect(await node.refusal('POST', 'idle/exec?command=ls&stdout=true', headers)).toEqual({
      ...{ status: 500, text: 'container not found ("c")\n' },
    });
  });

  it('may be as long as a program’s arguments', async () => {
    const long = 'x'.repeat(100_000);
    const heard = await all(await exec(`command=fails&command=${long}&stdout=true&stderr=true`));
    expect(heard).toMatchObject({ 2: 'oops' });
  });

  it('is refused without a protocol that both speak', async () => {
    await expect(exec('command=ls&stdout=true', 'v9.channel.k8s.io')).rejects.toThrow('400');
  });

  it('is killed when its client goes', async () => {
    let isKilled = false;
    const ended = node.runtime.openCommand('web-c-1', ['cat'], { hasInput: true });
    await using own = await ended;
    const open = node.runtime.openCommand.bind(node.runtime);
    const killed = Promise.withResolvers<void>();
    node.runtime.openCommand = async (...args) => {
      const command = await open(...args);
      return {
        ...{ output: command.output, exitCode: () => command.exitCode() },
        hasStarted: () => command.hasStarted(),
        write: (bytes) => command.write(bytes),
        endInput: () => command.endInput(),
        [Symbol.asyncDispose]: async () => {
          isKilled = true;
          await command[Symbol.asyncDispose]();
          killed.resolve();
        },
      };
    };
    const socket = await exec('command=cat&stdin=true&stdout=true');
    await once(socket, 'message');
    socket.terminate();
    await killed.promise;
    node.runtime.openCommand = open;
    expect(isKilled).toBe(true);
    expect(own).toBeDefined();
  });
});

it('an attachment reaches the first process', async () => {
  await node.pod('main');
  await node.startContainer('main', 0, { interactive: true });
  const socket = await node.connect('main/attach?stdin=true&stdout=true', 'v5.channel.k8s.io');
  const heard = all(socket);
  socket.send(Buffer.from('\0hello'));
  socket.send(Buffer.from('\0quit'));
  expect((await heard)[1]).toContain('main heard hello\n');
});

describe('forwarded ports', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((asked, response) => response.end(`answer to ${asked.url}`)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  it('carry connections, several at a time', async () => {
    const { port } = server.address() as AddressInfo;
    await using client = await SpdyClient.open(node);
    const bodies = [1, 2, 3].map(async (id) => {
      const { data } = await client.forward(id, port);
      await client.send(data, `GET /${id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      return client.heard(data);
    });
    for (const [index, body] of (await Promise.all(bodies)).entries())
      expect(body).toMatch(new RegExp(`answer to /${index + 1}$`));
  });

  it('go through a WebSocket as well', async () => {
    const { response, socket } = await node.upgrade('GET', 'web/portforward', {
      ...{ upgrade: 'websocket', 'sec-websocket-version': '13' },
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
    });
    expect(response.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
    const ping = controlFrame(kinds.ping, 0, Buffer.from([0, 0, 0, 7]));
    // Masked with zeros.
    socket.write(Buffer.concat([Buffer.from([0x82, 0x80 + ping.length, 0, 0, 0, 0]), ping]));
    const [heard] = await once(socket, 'data');
    expect(heard).toEqual(Buffer.concat([Buffer.from([0x82, ping.length]), ping]));
    socket.destroy();
  });

  it('tell why there is no connection', async () => {
    await using client = await SpdyClient.open(node);
    const { error } = await client.forward(1, 1);
    expect(await client.heard(error)).toMatch(/^error forwarding port 1 to pod .*ECONNREFUSED/);
  });
});

describe('who may ask', () => {
  const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  let authorization = '';
  /** Of who was never refused, which is remembered for a while. */
  let observer = '';
  beforeAll(async () => {
    [authorization, observer] = [await tokenOf('scraper'), await tokenOf('observer')];
    await letIn('observer');
  });

  async function tokenOf(name: string): Promise<string> {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await node.cluster.call('POST', accounts, { metadata: { name } });
    const { json } = await node.cluster.call('POST', `${accounts}/${name}/token`, { spec: {} });
    return `Bearer ${json.status.token}`;
  }

  async function letIn(name: string): Promise<void> {
    await node.cluster.call('POST', rbac, {
      metadata: { name },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'system:kubelet-api-admin',
      },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    });
  }

  async function ask(path: string, headers: Record<string, string> = {}) {
    const ca = node.cluster.certificateAuthority;
    const url = `https://127.0.0.1:${node.server.port}${path}`;
    const sent = request(url, { ca, headers, servername: 'ip-10-0-0-1.internal', agent: false });
    const [response] = await once(sent.end(), 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, text };
  }

  it('is decided by the API server', async () => {
    expect((await ask('/healthz')).status).toBe(401);
    expect((await ask('/healthz', { authorization: 'Bearer nonsense' })).status).toBe(401);
    expect(await ask('/stats/summary', { authorization })).toEqual({
      status: 403,
      text: 'Forbidden (user=system:serviceaccount:default:scraper, verb=get, resource=nodes, subresource(s)=[stats])\n',
    });
    await letIn('scraper');
    expect(await ask('/healthz', { authorization })).toEqual({ status: 200, text: 'ok' });
    expect((await ask('/configz', { authorization })).status).toBe(404);
  });

  it('is told when nobody can read what is asked for', async () => {
    expect((await ask('//')).status).toBe(400);
    expect((await ask('/healthz', { authorization })).status).toBe(200);
  });

  it('is refused a WebSocket by a handshake that is none, and leaves nothing behind', async () => {
    const path = '/exec/default/web/c?command=cat&output=1';
    const offer = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '7' };
    const refused = await ask(path, {
      ...{ authorization, ...offer, 'sec-websocket-protocol': 'v5.channel.k8s.io' },
    });
    // Else the end of all tests would wait for it.
    expect(refused.status).toBe(400);
  });

  it('is told what the containers use', async () => {
    const { text } = await ask('/metrics/resource', { authorization });
    expect(text).toMatch(
      /^container_cpu_usage_seconds_total\{container="c",namespace="default",pod="web"\} [\d.e-]+ \d+$/m,
    );
    expect(text).toMatch(/^node_memory_working_set_bytes \d+ \d+$/m);
    expect(text).toMatch(/^# HELP container_start_time_seconds \[STABLE\] Start time/m);
    const { node: ofNode, pods } = JSON.parse(
      (await ask('/stats/summary', { authorization: observer })).text,
    );
    expect(ofNode.fs).toMatchObject({ capacityBytes: 1_000, availableBytes: 400, usedBytes: 600 });
    const web = pods.find(({ podRef }: { podRef: { name: string } }) => podRef.name === 'web');
    expect(web['ephemeral-storage']).toMatchObject({ usedBytes: 160, inodesUsed: 3 });
    expect(web.volume).toMatchObject([{ name: 'v', usedBytes: 50 }]);
    expect(web.containers[0]).toMatchObject({ rootfs: { usedBytes: 100 }, logs: { usedBytes: 10 } });
  });

  it('is told the same under the names of cAdvisor', async () => {
    const { text } = await ask('/metrics/cadvisor', { authorization });
    const of = (name: string, labels: string) => new RegExp(`^${name}\\{${labels}\\} [\\d.e-]+ \\d+$`, 'm');
    const container =
      'container="c",id="/[0-9a-f]{64}",image="[^"]*",name="[0-9a-f]{64}",namespace="default",pod="web"';
    expect(text).toMatch(of('container_cpu_usage_seconds_total', `${container},cpu="total"`));
    expect(text).toMatch(of('container_memory_working_set_bytes', container));
    expect(text).toMatch(of('container_fs_usage_bytes', container));
    expect(text).toMatch(/^machine_cpu_cores 2$/m);
    expect(text).toMatch(/^# TYPE container_cpu_usage_seconds_total counter$/m);
  });
});

/** What was said on each channel, when the other side has closed. */
async function all(socket: WebSocket): Promise<Record<number, string>> {
  const heard: Record<number, string> = {};
  socket.on('message', (frame: Buffer) => {
    const channel = frame[0] ?? -1;
    heard[channel] = (heard[channel] ?? '') + frame.toString('latin1', 1);
  });
  await once(socket, 'close');
  return heard;
}

/** The client's end of a SPDY session. */
class SpdyClient implements AsyncDisposable {
  readonly #stream: Duplex;
  readonly #blocks = new HeaderBlocks();
  readonly #texts = new Map<number, string>();
  readonly #ends = new Map<number, PromiseWithResolvers<void>>();
  #writing: Promise<void> = Promise.resolve();
  #lastId = -1;

  private constructor(stream: Duplex) {
    this.#stream = stream;
    const reader = new FrameReader();
    this.#stream.on('error', () => {});
    this.#stream.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        if (frame.type === 'control') continue;
        this.#texts.set(frame.streamId, (this.#texts.get(frame.streamId) ?? '') + frame.payload);
        if (frame.flags & fin) this.#ends.get(frame.streamId)?.resolve();
      }
    });
  }

  static async open(of: StreamingNode): Promise<SpdyClient> {
    const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };
    const { socket } = await of.upgrade('POST', 'web/portforward', headers);
    return new SpdyClient(socket);
  }

  async forward(id: number, port: number): Promise<{ readonly error: number; readonly data: number }> {
    const named = { port: String(port), requestID: String(id) };
    const error = await this.#open({ streamType: 'error', ...named });
    return { error, data: await this.#open({ streamType: 'data', ...named }) };
  }

  async send(id: number, text: string): Promise<void> {
    this.#stream.write(dataFrame(id, 0, Buffer.from(text)));
  }

  async heard(id: number): Promise<string> {
    await this.#ends.get(id)?.promise;
    return this.#texts.get(id) ?? '';
  }

  async #open(headers: Headers): Promise<number> {
    this.#lastId += 2;
    const id = this.#lastId;
    this.#ends.set(id, Promise.withResolvers());
    // Blocks are compressed in the order in which they are sent.
    this.#writing = this.#writing.then(async () => {
      const head = Buffer.alloc(10);
      head.writeUInt32BE(id, 0);
      const payload = Buffer.concat([head, await this.#blocks.write(headers)]);
      this.#stream.write(controlFrame(kinds.synStream, 0, payload));
    });
    await this.#writing;
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.destroy();
    this.#blocks[Symbol.dispose]();
  }
}
