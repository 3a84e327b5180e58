import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import type { ContainerSpec } from '../runtime.ts';
import { EngineApi } from './engine-api.ts';
import { Gvisor, gvisorStartMs } from './gvisor.ts';
import { FakeEngine } from './testing/fake-engine.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };

const running = {
  Id: 'abc',
  Name: '/probe',
  Config: { Labels: {} },
  Created: '2026-01-01T00:00:00Z',
  State: { Status: 'running', Running: true, Pid: 7, StartedAt: '2026-01-01T00:00:00Z' },
};

/** An Engine that creates the probe's container and answers its start as the test says. */
async function probing(start: Answer, runtimes: readonly string[] = ['runc', 'runsc']) {
  const asked: string[] = [];
  const engine = await FakeEngine.start((request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/catamaran-gvisor-probe-\w+/, 'NAME')}`);
    request.resume();
    if (request.url?.endsWith('/start')) return start(request, response);
    if (request.method === 'POST') return json(201, { Id: 'abc' })(request, response);
    if (request.method === 'GET') return json(200, running)(request, response);
    response.writeHead(204).end();
  });
  const clock = new VirtualClock(0);
  const api = new EngineApi(engine.address, '1.41', clock);
  const gvisor = new Gvisor({
    api,
    clock,
    random: seededRandom(1),
    labels: {},
    runtimes,
    makePauseImage: async () => {},
    leftovers: async () => [],
    seesProcesses: false,
  });
  return {
    gvisor,
    clock,
    asked,
    [Symbol.asyncDispose]: async () => {
      api[Symbol.dispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

const spec = (bent: Partial<ContainerSpec> = {}): ContainerSpec => ({
  name: 'web',
  sandboxId: 'task',
  labels: {},
  image: 'web:1',
  env: {},
  network: { mode: 'sandbox' },
  cpuShares: 2,
  ...bent,
});

describe('whether gVisor works', () => {
  it('is known once a container has started under it, which is then removed', async () => {
    await using probe = await probing((_request, response) => response.writeHead(204).end());
    expect(await probe.gvisor.support()).toMatchObject({ works: true });
    expect(await probe.gvisor.support()).toMatchObject({ works: true });
    expect(probe.asked.filter((line) => line.includes('/create'))).toHaveLength(1);
    expect(probe.asked.at(-1)).toMatch(/^DELETE .*NAME/);
    expect(await probe.gvisor.runtimeFor(spec({ isolation: 'gvisor' }))).toBe('runsc');
    expect(await probe.gvisor.runtimeFor(spec())).toBeUndefined();
    await expect(
      probe.gvisor.runtimeFor(spec({ isolation: 'strongest', pidMode: 'sandbox' })),
    ).rejects.toThrow(/cannot share a PID or IPC namespace/);
  });

  it('is denied with the words of an Engine that cannot start one', async () => {
    await using probe = await probing(json(400, { message: 'cannot run with network enabled' }));
    expect(await probe.gvisor.support()).toMatchObject({
      works: false,
      why: expect.stringContaining('cannot run with network enabled'),
    });
    expect(await probe.gvisor.runtimeFor(spec({ isolation: 'strongest' }))).toBeUndefined();
    await expect(probe.gvisor.runtimeFor(spec({ isolation: 'gvisor' }))).rejects.toMatchObject({
      code: 'Unsupported',
      message: expect.stringContaining('cannot run with network enabled'),
    });
  });

  it('is denied when the start hangs', async () => {
    const begun = Promise.withResolvers<void>();
    await using probe = await probing(() => begun.resolve());
    const support = probe.gvisor.support();
    await begun.promise;
    await probe.clock.advance(gvisorStartMs);
    expect(await support).toMatchObject({
      works: false,
      why: expect.stringContaining('did not start a container within 30 s'),
    });
    expect(probe.asked.at(-1)).toMatch(/^DELETE/);
  });

  it('is denied without asking where the Engine knows no such runtime', async () => {
    await using probe = await probing(json(500, {}), ['runc']);
    expect(await probe.gvisor.support()).toMatchObject({
      works: false,
      why: expect.stringContaining('no runtime "runsc"'),
    });
    expect(probe.asked).toEqual([]);
  });
});
