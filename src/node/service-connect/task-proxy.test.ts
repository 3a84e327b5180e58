import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import type { Endpoint } from './endpoints.ts';
import { proxyDirectory } from './proxy-config.ts';
import { TaskProxy } from './task-proxy.ts';
import { listener, proxyPlan } from './testing/plans.ts';

const haproxy = '/usr/sbin/haproxy';
const clock = systemClock();

describe.runIf(existsSync(haproxy))('a proxy that runs', () => {
  let directory: string;
  let proxy: TaskProxy;
  let child: ChildProcess;
  let port: number;
  const servers: Server[] = [];

  /** A task of the service that says its name, or what `answer` says. */
  async function task(name: string, answer?: () => number, address = '127.0.0.1'): Promise<Endpoint> {
    const server = createServer((_request, response) => {
      response.statusCode = answer?.() ?? 200;
      response.end(name);
    });
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    servers.push(server);
    return { address, port: (server.address() as AddressInfo).port };
  }

  /** Where no other test listens. */
  const ownHost = '127.0.83.2';

  async function freePort(): Promise<number> {
    const { port: free } = await task('', undefined, ownHost);
    servers.pop()?.close();
    return free;
  }

  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      get({ host: ownHost, port, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(`${response.statusCode} ${text}`));
      }).on('error', reject);
    });
  const answers = async (count: number): Promise<ReadonlySet<string>> =>
    new Set(await Promise.all(Array.from({ length: count }, ask)));

  beforeEach(async () => {
    // Longer than a socket's address may be.
    directory = join(mkdtempSync(join(tmpdir(), 'task-proxy-')), 'd'.repeat(100));
    port = await freePort();
    proxy = new TaskProxy(
      proxyPlan({ outbound: [{ ...listener('web', 'http', port), address: ownHost }] }),
      directory,
      clock,
    );
    await proxy.prepare();
    const file = join(directory, 'haproxy.cfg');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`${proxyDirectory}/`, 'unix@./'));
    child = spawn(haproxy, ['-W', '-db', '-f', 'haproxy.cfg'], { cwd: directory, stdio: 'ignore' });
    // It gives up after ten seconds, which may be soon on a busy machine.
    await vi.waitFor(() => proxy.started(AbortSignal.timeout(60_000)));
  });

  afterEach(async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    for (const server of servers.splice(0)) server.close();
    rmSync(join(directory, '..'), { recursive: true, force: true });
  });

  test('balances over the tasks that there are, from one look to the next', async () => {
    expect(await ask()).toMatch(/^503 /);
    const [a, b] = [await task('a'), await task('b')];
    await proxy.apply(() => [a]);
    expect(await answers(4)).toEqual(new Set(['200 a']));
    await proxy.apply(() => [a, b]);
    expect(await answers(8)).toEqual(new Set(['200 a', '200 b']));
    await proxy.apply(() => [b]);
    expect(await answers(4)).toEqual(new Set(['200 b']));
    await proxy.apply(() => [a]);
    expect(await answers(4)).toEqual(new Set(['200 a']));
  });

  test('asks another task when one is gone that it does not know of yet', async () => {
    const [a, gone] = [await task('a'), { address: ownHost, port: await freePort() }];
    await proxy.apply(() => [a, gone]);
    expect(await answers(20)).toEqual(new Set(['200 a']));
  });

  test('leaves out a task that answers with errors, unless it is the only one', async () => {
    const [a, sick] = [await task('a'), await task('sick', () => 500)];
    await proxy.apply(() => [a, sick]);
    for (let asked = 0; asked < 20; asked += 1) await ask();
    // A look finds it well after a second, until it has answered with errors again.
    await expect.poll(() => answers(10)).toEqual(new Set(['200 a']));
    await proxy.apply(() => [sick]);
    for (let asked = 0; asked < 10; asked += 1) expect(await ask()).toBe('500 sick');
  });

  test('tells what has gone through it since it was asked before', async () => {
    await proxy.apply(() => undefined);
    await task('a').then((a) => proxy.apply(() => [a]));
    expect(await proxy.metrics()).toEqual([]);
    for (let asked = 0; asked < 3; asked += 1) await ask();
    const [metrics] = await proxy.metrics();
    expect(metrics?.dimensions).toEqual([{ key: 'TargetDiscoveryName', value: 'web' }]);
    const figures = new Map(
      metrics?.generalMetrics.map(({ metricName, metricValues: [value] }) => [metricName, value]),
    );
    expect(figures.get('HTTPCode_Target_2XX_Count')).toBe(3);
    expect(figures.get('HTTPCode_Target_5XX_Count')).toBe(0);
    expect(figures.get('RequestCountPerTarget')).toBe(3);
    expect(figures.get('TargetProcessedBytes')).toBeGreaterThan(100);
    expect(await proxy.metrics()).toEqual([]);
  });

  test('keeps what it knows when nobody says anything of it', async () => {
    const a = await task('a');
    await proxy.apply(() => [a]);
    await proxy.apply(() => undefined);
    expect(await answers(4)).toEqual(new Set(['200 a']));
  });
});
