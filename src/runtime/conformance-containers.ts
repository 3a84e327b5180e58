import { describe, expect } from 'vitest';
import { deadlineMs, type Words } from './conformance-words.ts';
import { workloads } from './conformance-workloads.ts';
import type { Container, RuntimeEvent } from './runtime.ts';

/** The life of containers: made, started, stopped, removed, listed, asked, measured, and told of. */
export function describeContainers(words: Words): void {
  const { check, unique, sandboxSpec, containerSpec, make, start, until, exited, never } = words;
  describe('containers', () => {
    check('makes a container once, not started', async () => {
      const spec = await make(workloads.deaf);
      const first = await words.runtime.createContainer(spec);
      expect(first).toMatchObject({
        name: spec.name,
        labels: spec.labels,
        status: { state: 'created' },
        ports: [],
      });
      expect((await words.runtime.createContainer(spec)).runtimeId).toBe(first.runtimeId);
      expect(await words.runtime.inspectContainer(spec.name)).toEqual(first);
      expect(first.imageId).toBe((await words.runtime.inspectImage(words.under.image))?.id);
    });

    check('starts a container once, and twice is success', async () => {
      const spec = await make(workloads.deaf);
      const first = await words.runtime.startContainer(spec.name);
      expect(first.status).toMatchObject({ state: 'running', pid: expect.any(Number) });
      expect((await words.runtime.startContainer(spec.name)).status).toEqual(first.status);
    });

    check('reports exit codes and times', async () => {
      const [zero, three] = [await start(workloads.succeeds), await start(workloads.fails)];
      expect(await exited(zero.name)).toMatchObject({ exitCode: 0, wasOutOfMemory: false });
      const status = await exited(three.name);
      expect(status).toMatchObject({ exitCode: 3, wasOutOfMemory: false });
      expect(status.finishedAtMs).toBeGreaterThanOrEqual(status.startedAtMs ?? Number.POSITIVE_INFINITY);
      expect(Math.abs(words.under.clock.now() - status.finishedAtMs)).toBeLessThan(deadlineMs);
    });

    check('starts an exited container again', async () => {
      const spec = await start(workloads.runsBriefly);
      const first = await exited(spec.name);
      const again = (await words.runtime.startContainer(spec.name)).status;
      expect('startedAtMs' in again && again.startedAtMs).toBeGreaterThan(first.startedAtMs ?? Number.NaN);
      const second = await exited(spec.name);
      expect(second.exitCode).toBe(5);
      expect(second.finishedAtMs).toBeGreaterThan(first.finishedAtMs);
    });

    check('does not make a container of an image that is not here', async () => {
      const sandbox = sandboxSpec();
      await words.runtime.createSandbox(sandbox);
      const spec = containerSpec(sandbox, workloads.deaf, { image: 'catamaran/no-such-image:1' });
      await expect(words.runtime.createContainer(spec)).rejects.toMatchObject({
        code: 'CannotCreateContainer',
        detail: expect.stringContaining('No such image'),
      });
      expect(await words.runtime.inspectContainer(spec.name)).toBeUndefined();
    });

    check('does not make a container without its sandbox', async () => {
      const spec = containerSpec(sandboxSpec(), workloads.deaf);
      await expect(words.runtime.createContainer(spec)).rejects.toMatchObject({
        code: 'CannotCreateContainer',
      });
    });

    check('says in the engine’s words why a container could not be started', async () => {
      const spec = await make(workloads.deaf, { entryPoint: ['/no/such/program'] });
      await expect(words.runtime.startContainer(spec.name)).rejects.toMatchObject({
        code: 'CannotStartContainer',
        message: expect.stringContaining(spec.name),
        detail: expect.stringContaining('no such file or directory'),
      });
      const seen = await words.runtime.inspectContainer(spec.name);
      expect(seen?.status).toMatchObject({
        state: 'exited',
        error: expect.stringContaining('/no/such/program'),
      });
    });

    check('does not start an absent container', async () => {
      await expect(words.runtime.startContainer(unique('absent'))).rejects.toMatchObject({
        code: 'CannotStartContainer',
      });
    });

    check('asks a container to stop, and it may', async () => {
      const spec = await start(workloads.polite);
      for await (const _ready of words.runtime.output(spec.name, { sinceMs: 0 }, never)) break;
      await words.runtime.stopContainer(spec.name, 100);
      expect(await exited(spec.name)).toMatchObject({ exitCode: 7 });
    });

    check('kills a container that does not stop in time', async () => {
      const spec = await start(workloads.deaf);
      const beganMs = words.under.clock.monotonic();
      await words.runtime.stopContainer(spec.name, 1);
      expect(words.under.clock.monotonic() - beganMs).toBeGreaterThanOrEqual(990);
      expect((await words.runtime.inspectContainer(spec.name))?.status).toMatchObject({
        state: 'exited',
        exitCode: 137,
      });
    });

    check('stops what does not run, or is not there, with success', async () => {
      const spec = await make(workloads.deaf);
      await words.runtime.stopContainer(spec.name, 5);
      expect((await words.runtime.inspectContainer(spec.name))?.status.state).toBe('created');
      await words.runtime.stopContainer(unique('absent'), 5);
    });

    check('removes a running container, and an absent one with success', async () => {
      const spec = await start(workloads.deaf);
      await words.runtime.removeContainer(spec.name);
      await words.runtime.removeContainer(spec.name);
      expect(await words.runtime.inspectContainer(spec.name)).toBeUndefined();
      await words.runtime.createContainer(spec);
      expect((await words.runtime.inspectContainer(spec.name))?.status.state).toBe('created');
    });

    check('tells of a container that was killed for its memory', async () => {
      const spec = await start(workloads.outOfMemory, { memoryMiB: 16 });
      expect(await exited(spec.name)).toMatchObject({ exitCode: 137, wasOutOfMemory: true });
    });

    check('lists containers by all of their labels', async () => {
      const mark = { ...words.labels, 'catamaran.case': unique('mark') };
      const spec = await make(workloads.deaf, { labels: { ...mark, extra: 'x' } });
      expect((await words.runtime.listContainers(mark)).map((one) => one.name)).toEqual([spec.name]);
      expect(await words.runtime.listContainers({ ...mark, extra: 'y' })).toEqual([]);
    });

    check('is seen, stopped and removed by another client of the engine', async () => {
      const spec = await start(workloads.deaf);
      await using other = await words.under.open();
      expect((await other.inspectContainer(spec.name))?.status.state).toBe('running');
      expect((await other.listSandboxes(words.labels)).map(({ id }) => id)).toContain(spec.sandboxId);
      const second = containerSpec(sandboxSpec({ id: spec.sandboxId }), workloads.succeeds);
      await other.createContainer(second);
      await other.removeSandbox(spec.sandboxId);
      expect(await words.runtime.inspectContainer(spec.name)).toBeUndefined();
    });

    check('measures what a running container uses', async () => {
      const spec = await start(workloads.deaf, { memoryMiB: 32 });
      expect(await words.runtime.stats(spec.name)).toMatchObject({
        cpuUsageNanos: expect.any(Number),
        memoryBytes: expect.any(Number),
        memoryLimitBytes: 32 * 1_048_576,
      });
      expect(await words.runtime.stats(spec.name)).not.toHaveProperty('networks');
      const { networks } = (await words.runtime.stats(spec.name, { withIo: true })) ?? {};
      if (spec.network.mode === 'bridge')
        expect(networks).toEqual({
          eth0: expect.objectContaining({ rxBytes: expect.any(Number), txBytes: expect.any(Number) }),
        });
      await words.runtime.stopContainer(spec.name, 0);
      expect(await words.runtime.stats(spec.name)).toBeUndefined();
      expect(await words.runtime.stats(unique('absent'))).toBeUndefined();
    });
  });

  describe('commands and health', () => {
    check('runs a command in a container and returns its exit code and output', async () => {
      const spec = await start(workloads.obeysExec);
      const result = await words.runtime.exec(
        spec.name,
        ['sh', '-c', 'echo out; sleep 0.1; echo err >&2; exit 4'],
        {
          timeoutMs: deadlineMs,
        },
      );
      expect(result).toEqual({ exitCode: 4, output: 'out\nerr\n' });
    });

    check('gives a command up in time', async () => {
      const spec = await start(workloads.obeysExec);
      const running = words.runtime.exec(spec.name, ['sh', '-c', 'sleep 60'], { timeoutMs: 300 });
      await expect(running).rejects.toMatchObject({
        code: 'CannotExecContainer',
        detail: expect.stringContaining('300 ms'),
      });
    });

    check('ends with a command what it has started, also what is nobody’s child any more', async () => {
      const spec = await start(workloads.obeysExec);
      const script = '(sleep 4241 & exec sleep 4242) & (sleep 4243 &); setsid sleep 4244 & sleep 4245';
      await expect(
        words.runtime.exec(spec.name, ['sh', '-c', script], { timeoutMs: 1_000 }),
      ).rejects.toMatchObject({ code: 'CannotExecContainer' });
      const seen = async () => {
        const { output } = await words.runtime.exec(spec.name, ['ps'], { timeoutMs: deadlineMs });
        return output.split('\n').filter((line) => /sleep 424\d/.test(line));
      };
      await expect.poll(seen, { timeout: deadlineMs }).toEqual([]);
    });

    check('runs no command in a container that does not run', async () => {
      const spec = await make(workloads.deaf);
      await expect(words.runtime.exec(spec.name, ['true'], { timeoutMs: 5_000 })).rejects.toMatchObject({
        code: 'CannotExecContainer',
      });
    });

    check('follows the health of a container from STARTING to HEALTHY to UNHEALTHY', async () => {
      const spec = await make(workloads.sickens, {
        healthCheck: {
          command: ['CMD-SHELL', 'until test -e /tmp/known; do sleep 0.1; done; test -e /tmp/ok'],
          intervalSeconds: 1,
          timeoutSeconds: 60,
          retries: 1,
          startPeriodSeconds: 0,
        },
      });
      expect((await words.runtime.startContainer(spec.name)).health?.status).toBe('STARTING');
      const hold = (...command: readonly string[]) =>
        words.runtime.exec(spec.name, command, { timeoutMs: deadlineMs });
      await hold('touch', '/tmp/known');
      await until(spec.name, 'HEALTHY', (seen) => seen?.health?.status === 'HEALTHY');
      await hold('rm', '/tmp/ok');
      const sick = await until(spec.name, 'UNHEALTHY', (seen) => seen?.health?.status === 'UNHEALTHY');
      expect(sick?.health).toMatchObject({ exitCode: 1, sinceMs: expect.any(Number) });
    });

    check('checks no health that was not asked for', async () => {
      const spec = await start(workloads.deaf);
      expect((await words.runtime.inspectContainer(spec.name))?.health).toBeUndefined();
    });
  });

  describe('events', () => {
    check('says "connected" first, then what happened to containers of these labels alone', async () => {
      const stop = new AbortController();
      const mark = { ...words.labels, 'catamaran.case': unique('events') };
      const seen: RuntimeEvent[] = [];
      const connected = Promise.withResolvers<void>();
      const watching = (async () => {
        for await (const event of words.runtime.events(mark, stop.signal)) {
          seen.push(event);
          if (event.type === 'connected') connected.resolve();
        }
      })();
      await connected.promise;
      await start(workloads.succeeds);
      const spec = await start(workloads.fails, { labels: mark });
      await exited(spec.name);
      const told = () => seen.slice(1);
      await expect.poll(() => told().length, { timeout: deadlineMs }).toBeGreaterThanOrEqual(2);
      stop.abort();
      await watching;
      expect(seen[0]).toEqual({ type: 'connected' });
      for (const event of told()) expect(event).toEqual({ type: 'container', name: spec.name, labels: mark });
    });

    check('tells of an exit no earlier than an inspection shows it', async () => {
      const stop = new AbortController();
      const mark = { ...words.labels, 'catamaran.case': unique('exit') };
      const events = words.runtime.events(mark, stop.signal)[Symbol.asyncIterator]();
      expect((await events.next()).value).toEqual({ type: 'connected' });
      const spec = await start(workloads.runsBriefly, { labels: mark });
      let last: Container | undefined;
      while (last?.status.state !== 'exited') {
        const next = await events.next();
        expect(next.value).toMatchObject({ name: spec.name });
        last = await words.runtime.inspectContainer(spec.name);
      }
      stop.abort();
      await events.return?.();
    });
  });
}
