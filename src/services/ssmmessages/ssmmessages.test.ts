import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import {
  type AgentMessage,
  decodeAgentMessage,
  encodeAgentMessage,
  messageTypes,
  openChannelInput,
  readJson,
  readStartSession,
  taskComplete,
  textOf,
} from '../../session-channel/index.ts';
import { type Call, rootPrincipal } from '../service.ts';
import { createSsmMessages } from './index.ts';
import { Tokens } from './tokens.ts';

const target = 'ecs:default_0123_abcd';
const request = { target, command: 'sh', sessionType: 'InteractiveCommands', logGroup: '/exec' };

/** A connection, and what came over it. */
class Connection {
  readonly socket: WebSocket;
  readonly messages: AgentMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, token: string | undefined) {
    this.socket = new WebSocket(url);
    this.socket.on('open', () => {
      if (token !== undefined)
        this.socket.send(openChannelInput({ requestId: '0123456789abcdef', tokenValue: token }));
    });
    this.socket.on('message', (data) => {
      const message = decodeAgentMessage(data as Buffer);
      if (message !== undefined) this.messages.push(message);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  send(messageType: string, payload: Buffer | object = Buffer.alloc(0)): void {
    this.socket.send(
      encodeAgentMessage({
        messageType,
        ...{ schemaVersion: 1, createdAtMs: 1, sequenceNumber: 0, flags: 0, payloadType: 1 },
        messageId: 'dd01e56b-ff48-483e-a508-b5f073f31b16',
        payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
      }),
    );
  }

  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const deadline = performance.now() + 50_000;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline)
        throw new Error(`Not seen: ${what}; instead ${JSON.stringify([this.messages, this.closed])}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  got(messageType: string): Promise<AgentMessage> {
    return this.until(messageType, () =>
      this.messages.find((message) => message.messageType === messageType),
    );
  }

  ended(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.until('the end of the connection', () => this.closed);
  }
}

async function open() {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const log = recordingLog();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const room = createSsmMessages({ clock, random: seededRandom(1), log, endpoint: () => endpoint });
  const controller = new AbortController();
  const call: Call = {
    ...{ accountId: '111122223333', region: 'eu-west-1', requestId: 'r', now: 0, signal: controller.signal },
    ...{ sourceIp: '127.0.0.1', userAgent: 'test', isSecure: false },
    principal: rootPrincipal('111122223333', 'AKID'),
  };
  server.on('upgrade', (incoming, socket, head) => {
    const [, , kind, id = ''] = (incoming.url ?? '').split('?')[0]?.split('/') ?? [];
    const labels = new Map([['id', decodeURIComponent(id)]]);
    for (const upgrade of room.upgrades) {
      if (!upgrade.path.startsWith(`/v1/${kind}/`)) continue;
      if (upgrade.isOpen) upgrade.accept(incoming, socket, head, controller.signal, labels);
      else upgrade.accept(incoming, socket, head, call, labels);
    }
  });
  const connections: Connection[] = [];
  const connect = (url: string, token: string | undefined): Connection => {
    const connection = new Connection(url.replace(/^http/, 'ws'), token);
    connections.push(connection);
    return connection;
  };
  const tokenOf = (xml: string): string => /<TokenValue>(.*)<\/TokenValue>/.exec(xml)?.[1] ?? '';
  const control = async (): Promise<Connection> => {
    const token = tokenOf(room.createControlChannel(target, call));
    const agent = connect(`${endpoint}/v1/control-channel/${encodeURIComponent(target)}`, token);
    await agent.until('the control channel to be open', () => room.sessions.isConnected(call, target));
    return agent;
  };
  const start = () => {
    const started = room.sessions.start(call, request);
    if (started.type !== 'started') throw new Error(started.type);
    return started;
  };
  const agentEnd = (sessionId: string): Connection =>
    connect(`${endpoint}/v1/data-channel/${sessionId}`, tokenOf(room.createDataChannel(sessionId, call)));
  /** A session with both ends connected. */
  const joined = async () => {
    const agent = await control();
    const { sessionId, streamUrl, tokenValue } = start();
    const [client, process] = [connect(streamUrl, tokenValue), agentEnd(sessionId)];
    await client.got(messageTypes.startPublication);
    await process.got(messageTypes.startPublication);
    return { agent, client, process, sessionId };
  };
  return {
    ...{ clock, log, room, call, endpoint, connect, control, start, agentEnd, joined },
    stop: () => controller.abort(),
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of connections) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const outputOf = (closed: AgentMessage): string => textOf(readJson(closed.payload), 'Output');

describe('the message gateway', () => {
  it('tells an agent of its session, joins both ends and relays what each may send', async () => {
    await using gateway = await open();
    expect(gateway.room.sessions.start(gateway.call, request)).toEqual({ type: 'not-connected' });
    const { agent, client, process, sessionId } = await gateway.joined();
    const begun = await agent.got(messageTypes.interactiveShell);
    expect(readStartSession(begun.payload)).toEqual({
      sessionId,
      sessionType: 'InteractiveCommands',
      command: 'sh',
      logGroup: '/exec',
    });
    client.send(messageTypes.inputStreamData, Buffer.from('typed'));
    process.send(messageTypes.outputStreamData, Buffer.from('said'));
    expect(String((await process.got(messageTypes.inputStreamData)).payload)).toBe('typed');
    expect(String((await client.got(messageTypes.outputStreamData)).payload)).toBe('said');
    // Neither speaks for the other.
    client.send(messageTypes.outputStreamData, Buffer.from('forged'));
    client.send(messageTypes.agentSessionState, { SessionState: 'Terminating' });
    client.send(messageTypes.inputStreamData, Buffer.from('last'));
    await process.until('the last', () => process.messages.some(({ payload }) => String(payload) === 'last'));
    expect(process.messages.map(({ payload }) => String(payload))).not.toContain('forged');
    await gateway.clock.advance(5_000);
    expect(client.closed).toBeUndefined();
  });

  it('holds the agent up until the client is there', async () => {
    await using gateway = await open();
    await gateway.control();
    const { sessionId, streamUrl, tokenValue } = gateway.start();
    const process = gateway.agentEnd(sessionId);
    await process.got(messageTypes.pausePublication);
    gateway.connect(streamUrl, tokenValue);
    await process.got(messageTypes.startPublication);
  });

  it('ends a session in the words of its agent', async () => {
    await using gateway = await open();
    const { agent, client, process, sessionId } = await gateway.joined();
    const about = { targetId: target, isSuccess: true, output: 'EXIT_CODE: 2' };
    agent.send(messageTypes.agentTaskComplete, taskComplete({ ...about, sessionId: 'another' }));
    agent.send(messageTypes.agentTaskComplete, taskComplete({ ...about, sessionId }));
    expect(outputOf(await client.got(messageTypes.channelClosed))).toBe('EXIT_CODE: 2');
    await process.got(messageTypes.channelClosed);
    expect([(await client.ended()).code, (await process.ended()).code]).toEqual([1000, 1000]);
  });

  it('waits a moment for the words of an agent that has left already', async () => {
    await using gateway = await open();
    const { agent, client, process, sessionId } = await gateway.joined();
    process.socket.close();
    await process.ended();
    const about = { targetId: target, isSuccess: true, output: 'EXIT_CODE: 2' };
    agent.send(messageTypes.agentTaskComplete, taskComplete({ ...about, sessionId }));
    expect(outputOf(await client.got(messageTypes.channelClosed))).toBe('EXIT_CODE: 2');
  });

  it('ends a session whose agent says Terminating and nothing else', async () => {
    await using gateway = await open();
    const { client, process } = await gateway.joined();
    process.send(messageTypes.agentSessionState, { SessionState: 'Terminating' });
    process.send(messageTypes.outputStreamData, Buffer.from('after'));
    await client.got(messageTypes.outputStreamData);
    await gateway.clock.advance(1_000);
    expect(outputOf(await client.got(messageTypes.channelClosed))).toBe('');
  });

  it('tells each end when the other leaves', async () => {
    await using gateway = await open();
    const one = await gateway.joined();
    one.client.socket.close();
    await one.process.got(messageTypes.channelClosed);
    const other = await gateway.joined();
    other.process.socket.terminate();
    // A second after the server has heard of it.
    await vi.waitFor(async () => {
      await gateway.clock.advance(1_000);
      expect(other.client.messages.at(-1)?.messageType).toBe(messageTypes.channelClosed);
    });
    expect(outputOf(await other.client.got(messageTypes.channelClosed))).toContain('was lost');
  });

  it('ends a session after 20 minutes without input, whatever is said', async () => {
    await using gateway = await open();
    const { client, process } = await gateway.joined();
    // Connections that answer pings live on.
    const pass = async (minutes: number): Promise<void> => {
      for (let half = 0; half < minutes * 2; half += 1) {
        const heard = new Promise((resolve) => client.socket.once('ping', resolve));
        await gateway.clock.advance(30_000);
        await Promise.race([heard, client.until('the end', () => client.closed)]);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    await pass(19);
    client.send(messageTypes.inputStreamData, Buffer.from('x'));
    await process.got(messageTypes.inputStreamData);
    await pass(19);
    process.send(messageTypes.outputStreamData, Buffer.from('said'));
    expect(client.closed).toBeUndefined();
    await pass(2);
    expect(outputOf(await client.got(messageTypes.channelClosed))).toContain('idle for 20 minutes');
  });

  it('gives up a session to which nobody comes, and tells the agent', async () => {
    await using gateway = await open();
    const agent = await gateway.control();
    const { streamUrl, tokenValue } = gateway.start();
    await agent.got(messageTypes.interactiveShell);
    await gateway.clock.advance(60_000);
    await agent.got(messageTypes.channelClosed);
    const late = gateway.connect(streamUrl, tokenValue);
    expect(await late.ended()).toMatchObject({ code: 1008, reason: expect.stringContaining('token') });
  });

  it('lets a connection without a token go', async () => {
    await using gateway = await open();
    await gateway.control();
    const { streamUrl } = gateway.start();
    const silent = gateway.connect(streamUrl, undefined);
    await silent.until('the connection', () => silent.socket.readyState === silent.socket.OPEN);
    await gateway.clock.advance(10_000);
    expect(await silent.ended()).toEqual({ code: 1008, reason: 'No token came' });
    const binary = gateway.connect(streamUrl, undefined);
    binary.socket.on('open', () => binary.send(messageTypes.inputStreamData));
    expect(await binary.ended()).toEqual({ code: 1008, reason: 'The first frame carries no token' });
  });

  it('gives no agent the session of another account or of another target', async () => {
    await using gateway = await open();
    await gateway.control();
    const { sessionId } = gateway.start();
    const stranger = { ...gateway.call, accountId: '999999999999' };
    expect(() => gateway.room.createDataChannel(sessionId, stranger)).toThrow('There is no session');
    expect(gateway.room.sessions.isConnected(stranger, target)).toBe(false);
    const xml = gateway.room.createControlChannel('ecs:other', gateway.call);
    const token = /<TokenValue>(.*)<\/TokenValue>/.exec(xml)?.[1];
    const wrong = gateway.connect(`${gateway.endpoint}/v1/control-channel/${target}`, token);
    expect((await wrong.ended()).code).toBe(1008);
  });

  it('replaces the control channel of an agent that comes again, and ends with the server', async () => {
    await using gateway = await open();
    const first = await gateway.control();
    const second = await gateway.control();
    expect((await first.ended()).reason).toContain('newer');
    expect(gateway.room.sessions.isConnected(gateway.call, target)).toBe(true);
    gateway.stop();
    expect((await second.ended()).code).toBe(1001);
  });

  it('lives through frames that are none', async () => {
    await using gateway = await open();
    const { agent, client, process } = await gateway.joined();
    for (const bytes of fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: 500, seed: 1 })) {
      for (const { socket } of [agent, client, process]) socket.send(bytes);
    }
    client.send(messageTypes.inputStreamData, Buffer.from('still here'));
    expect(String((await process.got(messageTypes.inputStreamData)).payload)).toBe('still here');
  });

  it('writes no token to its log', async () => {
    await using gateway = await open();
    await gateway.control();
    const { tokenValue } = gateway.start();
    expect(JSON.stringify(gateway.log.lines)).not.toContain(tokenValue);
  });
});

describe('tokens', () => {
  it('are good once, and for a minute', async () => {
    const clock = new VirtualClock(0);
    const tokens = new Tokens<string>(clock, seededRandom(1));
    const [once, late] = [tokens.issue('once'), tokens.issue('late')];
    expect(once).not.toBe(late);
    expect([tokens.redeem(once), tokens.redeem(once), tokens.redeem('guess')]).toEqual([
      'once',
      undefined,
      undefined,
    ]);
    await clock.advance(60_000);
    expect(tokens.redeem(late)).toBeUndefined();
  });
});
