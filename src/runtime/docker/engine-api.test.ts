import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { seededRandom, systemClock, VirtualClock } from '../../clock/index.ts';
import type { RuntimeEvent } from '../runtime.ts';
import { EngineApi, EngineAwayError, EngineError, jsonLines } from './engine-api.ts';
import { findEngine, parseAddress, ping } from './engine-socket.ts';
import { engineEvents } from './events.ts';
import { readLog } from './log-entries.ts';
import { FakeEngine } from './testing/fake-engine.ts';

const clock = systemClock({ keepsProcessAlive: true });
const open = (fake: FakeEngine): EngineApi => new EngineApi(fake.address, '1.41', clock);

describe('EngineApi', () => {
  it('throws the engine’s refusal with its status and words', async () => {
    await using fake = await FakeEngine.start((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"No such image: x"}\n');
    });
    using api = open(fake);
    const error = await api.json('GET', '/images/x/json').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ status: 404, words: 'No such image: x' });
  });

  it('tells an engine that is not there from one that refuses', async () => {
    const fake = await FakeEngine.start((_request, response) => response.end('{}'));
    using api = open(fake);
    await fake[Symbol.asyncDispose]();
    await expect(api.json('GET', '/info')).rejects.toThrow(EngineAwayError);
    await expect(api.json('GET', '/info')).rejects.toThrow(fake.socket);
  });

  it('asks again when the engine closed a kept connection in that very moment', async () => {
    let requests = 0;
    await using fake = await FakeEngine.start((request, response) => {
      requests += 1;
      // The second request comes over the kept connection.
      if (requests === 2) request.socket.destroy();
      else response.end(JSON.stringify({ requests }));
    });
    using api = open(fake);
    await api.json('GET', '/one');
    expect(await api.json('POST', '/two', { json: {} })).toEqual({ requests: 3 });
  });

  it('asks nobody again once it is closed, whatever was under way', async () => {
    const asked: (string | undefined)[] = [];
    const isWaiting = Promise.withResolvers<void>();
    await using fake = await FakeEngine.start((request, response) => {
      asked.push(request.url);
      // A stop is answered when the container has ended; it comes over the kept connection.
      if (asked.length === 1) response.end('{}');
      else isWaiting.resolve();
    });
    const api = open(fake);
    await api.json('GET', '/one');
    const stopping = api.json('POST', '/stop', { timeoutMs: 50_000 });
    await isWaiting.promise;
    api[Symbol.dispose]();
    await expect(stopping).rejects.toThrow(EngineAwayError);
    expect(asked).toEqual(['/v1.41/one', '/v1.41/stop']);
  });

  it('gives up in time, and with the caller’s own reason', async () => {
    await using fake = await FakeEngine.start(() => {});
    using api = open(fake);
    await expect(api.json('GET', '/slow', { timeoutMs: 30 })).rejects.toThrow(EngineAwayError);
    const stop = new AbortController();
    const waiting = api.json('GET', '/slow', { signal: stop.signal });
    stop.abort(new RangeError('enough'));
    await expect(waiting).rejects.toThrow(RangeError);
    await expect(api.hijack('POST', '/slow', { timeoutMs: 30 })).rejects.toThrow(EngineAwayError);
  });

  it('notices a stream that breaks off', async () => {
    await using fake = await FakeEngine.start((_request, response) => {
      response.write('{"status":"pulling"}\n{"sta');
      setImmediate(() => response.destroy());
    });
    using api = open(fake);
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const item of jsonLines(await api.stream('POST', '/images/create'))) seen.push(item);
    })();
    await expect(reading).rejects.toThrow();
    expect(seen).toEqual([{ status: 'pulling' }]);
  });
});

describe('finding an engine', () => {
  const clock = new VirtualClock(0);
  const saying = (headers: Record<string, string>): Promise<FakeEngine> =>
    FakeEngine.start((_request, response) => response.writeHead(200, headers).end('OK'));

  it('knows Docker and Podman by their ping, and speaks what both sides know', async () => {
    await using docker = await saying({ 'api-version': '1.52', server: 'Docker/29.1.0 (linux)' });
    expect(await ping(docker.address, clock)).toMatchObject({
      name: 'docker',
      version: '29.1.0',
      apiVersion: '1.44',
    });
    await using podman = await saying({ 'api-version': '1.41', server: 'Libpod/4.3.1 (linux)' });
    expect(await ping(podman.address, clock)).toMatchObject({
      name: 'podman',
      version: '4.3.1',
      apiVersion: '1.41',
    });
  });

  it('waits for one that is busy, and not for ever', async () => {
    const asked: ServerResponse[] = [];
    await using busy = await FakeEngine.start((_request, response) => void asked.push(response));
    const found = ping(busy.address, clock);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await clock.advance(9_000);
    asked[0]?.writeHead(200, { 'api-version': '1.41' }).end();
    expect(await found).toMatchObject({ apiVersion: '1.41' });
    const inVain = ping(busy.address, clock);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    await clock.advance(10_000);
    expect(await inVain).toBeUndefined();
  });

  it('refuses one that is too old, with what to do', async () => {
    await using old = await saying({ 'api-version': '1.40' });
    await expect(ping(old.address, clock)).rejects.toMatchObject({
      code: 'Unsupported',
      message: expect.stringContaining('20.10'),
    });
  });

  it('takes DOCKER_HOST, and then nothing else', async () => {
    await using fake = await saying({ 'api-version': '1.41', server: 'Docker/20.10.24 (linux)' });
    const env = { DOCKER_HOST: `unix://${fake.socket}` };
    expect((await findEngine(clock, { env }))?.address.uri).toBe(env.DOCKER_HOST);
    await fake.crash();
    await expect(findEngine(clock, { env })).rejects.toMatchObject({ code: 'EngineUnavailable' });
  });

  it('reads the addresses that DOCKER_HOST may have', () => {
    expect(parseAddress('tcp://127.0.0.1:2375').connect).toEqual({ host: '127.0.0.1', port: 2375 });
    expect(parseAddress('tcp://[::1]:2375').connect).toEqual({ host: '::1', port: 2375 });
    for (const uri of ['ssh://host', 'unix://relative', 'tcp://host', 'nonsense'])
      expect(() => parseAddress(uri)).toThrow(/DOCKER_HOST/);
    expect(() => parseAddress('tcp://host:2376', { DOCKER_TLS_VERIFY: '1' })).toThrow(/TLS/);
  });
});

describe('engineEvents', () => {
  it('comes back after an outage and tells of it once', async () => {
    await using fake = await FakeEngine.start((request, response) => {
      expect(decodeURIComponent(request.url ?? '')).toContain('"label":["a=b","catamaran.role=app"]');
      response.writeHead(200);
      response.write(
        `${JSON.stringify({ Type: 'container', Action: 'die', Actor: { Attributes: { name: 'web', image: 'x', exitCode: '1', a: 'b', 'catamaran.role': 'app' } } })}\n`,
      );
    });
    using api = open(fake);
    const stop = new AbortController();
    const seen: RuntimeEvent[] = [];
    for await (const event of engineEvents(api, { a: 'b' }, stop.signal, {
      clock,
      random: seededRandom(1),
    })) {
      seen.push(event);
      if (event.type === 'disconnected') await fake.listen();
      else if (event.type === 'container' && seen.length === 2) await fake.crash();
      else if (event.type === 'container') stop.abort();
    }
    expect(seen.map(({ type }) => type)).toEqual([
      ...['connected', 'container', 'disconnected'],
      ...['connected', 'container'],
    ]);
    expect(seen[1]).toEqual({ type: 'container', name: 'web', labels: { a: 'b' } });
  });
});

describe('readLog', () => {
  const frame = (stream: number, text: string): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const read = async (body: Buffer, isTerminal: boolean, isFinal: boolean) => {
    await using fake = await FakeEngine.start((_request, response) => response.end(body));
    using api = open(fake);
    const entries = readLog(api, 'id', isTerminal, 0n, isFinal, new AbortController().signal);
    const texts: [string, number][] = [];
    for (;;) {
      const next = await entries.next();
      if (next.done) return { texts, openNanos: next.value };
      texts.push([next.value.stream, next.value.text.length]);
    }
  };
  it('says that last words have no newline', async () => {
    const body = Buffer.concat([frame(1, `${at(1)}one\n`), frame(1, `${at(2)}DONE`)]);
    await using fake = await FakeEngine.start((_request, response) => response.end(body));
    using api = open(fake);
    const entries = readLog(api, 'id', false, 0n, true, new AbortController().signal);
    const isUnended = [];
    for await (const entry of entries) isUnended.push([entry.text, entry.isUnended]);
    expect(isUnended).toEqual([
      ['one', undefined],
      ['DONE', true],
    ]);
  });

  const at = (second: number): string => `2026-01-02T03:04:0${second}.000000001Z `;
  const part = 'x'.repeat(16_384);

  it('puts the parts of a long line together, and holds back one that goes on', async () => {
    const body = Buffer.concat([
      frame(1, `${at(1)}${part}`),
      frame(2, `${at(1)}short\n`),
      frame(1, `${at(1)}${part}`),
      frame(1, `${at(1)}end\n`),
      frame(1, `${at(2)}${part}`),
    ]);
    const begun = await read(body, false, false);
    expect(begun.texts).toEqual([
      ['stderr', 5],
      ['stdout', 2 * 16_384 + 3],
    ]);
    expect(begun.openNanos).toBe(BigInt(Date.UTC(2026, 0, 2, 3, 4, 2)) * 1_000_000n + 1n);
    expect((await read(body, false, true)).texts.at(-1)).toEqual(['stdout', 16_384]);
  });

  it('takes a terminal’s log apart, which has no frames', async () => {
    const body = Buffer.from(`${at(1)}one\r\n${at(2)}${part}${at(2)}rest\r\n${at(3)}last words`);
    expect((await read(body, true, true)).texts).toEqual([
      ['stdout', 3],
      ['stdout', 16_384 + 4],
      ['stdout', 10],
    ]);
  });
});
