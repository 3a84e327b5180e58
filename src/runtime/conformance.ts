import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../clock/index.ts';
import {
  longLineBytes,
  manyLines,
  trickledLines,
  type Workload,
  workloads,
} from './conformance-workloads.ts';
import type { Container, ContainerSpec, OutputLine, Runtime, RuntimeEvent, SandboxSpec } from './runtime.ts';

/** A driver under test, with whatever it needs cleaned up by its disposal. */
export interface RuntimeUnderTest extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Another client of the same engine, as a restarted agent is one. */
  open(): Promise<Runtime>;
  /** An image with busybox's programs, which is loaded. */
  readonly image: string;
  readonly clock: Clock;
  /** Different in every run: keeps the run's things apart from others'. */
  readonly run: string;
  /** A private network that nobody else uses, of at least a /24. */
  readonly network: { readonly name: string; readonly cidr: string; readonly gateway: string };
}

export interface ConformanceOptions {
  /** Tests of what this driver does not do, by title, with the reason: they are not run. */
  readonly skips?: Readonly<Record<string, string>>;
}

const deadlineMs = 15_000;

/** What every driver must do. */
export function describeRuntimeConformance(
  name: string,
  openUnderTest: () => Promise<RuntimeUnderTest>,
  { skips = {} }: ConformanceOptions = {},
): void {
  describe(`${name} runtime`, () => {
    let under: RuntimeUnderTest;
    let runtime: Runtime;
    let labels: Readonly<Record<string, string>>;
    let made = 0;
    const never = new AbortController().signal;
    const titles = new Set<string>();

    beforeAll(async () => {
      under = await openUnderTest();
      runtime = under.runtime;
      labels = { 'catamaran.test-run': under.run };
    });
    afterAll(async () => {
      if (!under) return;
      for (const { id } of await runtime.listSandboxes(labels)) await runtime.removeSandbox(id);
      for (const container of await runtime.listContainers(labels))
        await runtime.removeContainer(container.name);
      expect(await runtime.listSandboxes(labels)).toEqual([]);
      await under[Symbol.asyncDispose]();
      const unknown = Object.keys(skips).filter((title) => !titles.has(title));
      expect(unknown, 'skips of tests that do not exist').toEqual([]);
    });

    const check = (title: string, test: () => Promise<void>): void => {
      titles.add(title);
      if (skips[title] === undefined) it(title, test, 30_000);
    };

    const unique = (what: string): string => `${under.run}-${what}-${made++}`;

    const sandboxSpec = (changes: Partial<SandboxSpec> = {}): SandboxSpec => ({
      id: unique('sandbox'),
      labels,
      network: { mode: 'container' },
      cgroupParent: `test-${under.run}`,
      ...changes,
    });

    const containerSpec = (
      sandbox: SandboxSpec,
      workload: Workload,
      changes: Partial<ContainerSpec> = {},
    ): ContainerSpec => ({
      name: unique('container'),
      sandboxId: sandbox.id,
      labels,
      image: under.image,
      command: workload.command,
      env: {},
      network: { mode: sandbox.network.mode === 'private' ? 'sandbox' : 'host' },
      cpuShares: 128,
      ...changes,
    });

    /** A sandbox with one container in it, not started. */
    const make = async (workload: Workload, changes: Partial<ContainerSpec> = {}): Promise<ContainerSpec> => {
      const sandbox = sandboxSpec();
      await runtime.createSandbox(sandbox);
      const spec = containerSpec(sandbox, workload, changes);
      await runtime.createContainer(spec);
      return spec;
    };

    const start = async (
      workload: Workload,
      changes: Partial<ContainerSpec> = {},
    ): Promise<ContainerSpec> => {
      const spec = await make(workload, changes);
      await runtime.startContainer(spec.name);
      return spec;
    };

    const ask = (script: string): Workload => ({ command: ['sh', '-c', script], program: {} });

    const until = async (
      container: string,
      what: string,
      holds: (seen: Container | undefined) => boolean,
    ): Promise<Container | undefined> => {
      const beganMs = under.clock.monotonic();
      for (;;) {
        const seen = await runtime.inspectContainer(container);
        if (holds(seen)) return seen;
        if (under.clock.monotonic() - beganMs > deadlineMs)
          throw new Error(`${container} is not ${what} after ${deadlineMs} ms: ${JSON.stringify(seen)}`);
        await under.clock.sleep(10);
      }
    };

    const exited = async (container: string) => {
      const seen = await until(container, 'exited', (one) => one?.status.state === 'exited');
      if (seen?.status.state !== 'exited') throw new Error('unreachable');
      return seen.status;
    };

    const collect = async (lines: AsyncIterable<OutputLine>): Promise<OutputLine[]> => {
      const all: OutputLine[] = [];
      for await (const line of lines) all.push(line);
      return all;
    };

    /** Starts a container and returns all that it says to its end. */
    const hear = async (workload: Workload, changes: Partial<ContainerSpec> = {}): Promise<OutputLine[]> => {
      const spec = await make(workload, changes);
      const lines = collect(runtime.output(spec.name, 'start', never));
      await runtime.startContainer(spec.name);
      return lines;
    };

    const heardTexts = async (script: string, changes: Partial<ContainerSpec> = {}): Promise<string[]> =>
      (await hear(ask(script), changes)).map((line) => line.text);

    const texts = (lines: readonly OutputLine[], stream: OutputLine['stream']): string[] =>
      lines.filter((line) => line.stream === stream).map((line) => line.text);

    describe('machine and images', () => {
      check('tells of the machine, and of each limit what to do', async () => {
        const info = await runtime.info();
        expect(info.cpus).toBeGreaterThan(0);
        expect(info.memoryBytes).toBeGreaterThan(1_000_000);
        expect(['x86_64', 'arm64']).toContain(info.architecture);
        expect(info.apiVersion).toMatch(/^\d+\.\d+$/);
        for (const { message } of info.limits) expect(message.length).toBeGreaterThan(20);
      });

      check('knows a loaded image and not an absent one', async () => {
        const image = await runtime.inspectImage(under.image);
        expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(image?.env.PATH).toContain('/bin');
        expect(await runtime.inspectImage('catamaran/no-such-image:1')).toBeUndefined();
      });

      check('says why an image can not be pulled', async () => {
        const pulling = runtime.pullImage('127.0.0.1:1/no/such:1', { signal: never });
        await expect(pulling).rejects.toMatchObject({
          code: 'CannotPullContainer',
          detail: expect.any(String),
        });
      });

      check('removes an absent image with success', async () => {
        await runtime.removeImage('catamaran/no-such-image:1');
      });
    });

    describe('sandboxes', () => {
      check('makes a sandbox once, lists it by its labels and removes it once', async () => {
        const spec = sandboxSpec({ labels: { ...labels, 'catamaran.case': 'once' } });
        const made = await runtime.createSandbox(spec);
        expect(made).toEqual({ id: spec.id, labels: spec.labels });
        expect(await runtime.createSandbox(spec)).toEqual(made);
        expect(await runtime.listSandboxes({ 'catamaran.case': 'once', ...labels })).toEqual([made]);
        expect(await runtime.listSandboxes({ ...labels, 'catamaran.case': 'other' })).toEqual([]);
        await runtime.removeSandbox(spec.id);
        await runtime.removeSandbox(spec.id);
        expect(await runtime.listSandboxes({ 'catamaran.case': 'once', ...labels })).toEqual([]);
      });

      check('removes a sandbox that never was with success', async () => {
        await runtime.removeSandbox(unique('absent'));
      });

      check('removes a sandbox with its containers, running or not', async () => {
        const sandbox = sandboxSpec();
        await runtime.createSandbox(sandbox);
        const running = containerSpec(sandbox, workloads.deaf);
        const created = containerSpec(sandbox, workloads.deaf);
        await runtime.createContainer(running);
        await runtime.createContainer(created);
        await runtime.startContainer(running.name);
        await runtime.removeSandbox(sandbox.id);
        expect(await runtime.inspectContainer(running.name)).toBeUndefined();
        expect(await runtime.inspectContainer(created.name)).toBeUndefined();
      });

      const privateSandbox = (last: number, changes: Partial<SandboxSpec> = {}): SandboxSpec => {
        const base = under.network.cidr.replace(/\.\d+\/\d+$/, '');
        return sandboxSpec({
          network: {
            mode: 'private',
            network: under.network,
            ipv4: `${base}.${last}`,
            macAddress: `02:42:0a:00:00:${last.toString(16).padStart(2, '0')}`,
          },
          ...changes,
        });
      };

      check('holds a private namespace by a running pause container, one for all calls', async () => {
        const spec = privateSandbox(10);
        const made = await runtime.createSandbox(spec);
        expect(made.pause?.isRunning).toBe(true);
        expect(await runtime.createSandbox(spec)).toEqual(made);
        expect((await runtime.listSandboxes(labels)).find(({ id }) => id === spec.id)).toEqual(made);
        expect((await runtime.listContainers(labels)).map((one) => one.runtimeId)).not.toContain(
          made.pause?.runtimeId,
        );
        await runtime.removeSandbox(spec.id);
      });

      check('makes the private network once when many ask at the same time', async () => {
        const specs = [20, 21, 22].map((last) => privateSandbox(last));
        const second = await under.open();
        const made = await Promise.all([
          ...specs.map((spec) => runtime.createSandbox(spec)),
          second.createSandbox(privateSandbox(23)),
        ]);
        expect(made.every(({ pause }) => pause?.isRunning)).toBe(true);
        for (const { id } of made) await runtime.removeSandbox(id);
        await second[Symbol.asyncDispose]();
      });

      check('refuses an address that another sandbox has, and frees it with its sandbox', async () => {
        const first = privateSandbox(30);
        const second = privateSandbox(30);
        await runtime.createSandbox(first);
        await expect(runtime.createSandbox(second)).rejects.toMatchObject({ code: 'ContainerNetworking' });
        await runtime.removeSandbox(first.id);
        expect((await runtime.createSandbox(second)).pause?.isRunning).toBe(true);
        await runtime.removeSandbox(second.id);
      });

      check('frees the address of a stopped sandbox and keeps its containers readable', async () => {
        const stopped = privateSandbox(40);
        await runtime.createSandbox(stopped);
        const spec = containerSpec(stopped, workloads.fails);
        await runtime.createContainer(spec);
        await runtime.startContainer(spec.name);
        await exited(spec.name);
        await runtime.stopSandbox?.(stopped.id);
        await runtime.stopSandbox?.(stopped.id);
        const next = privateSandbox(40);
        expect((await runtime.createSandbox(next)).pause?.isRunning).toBe(true);
        expect(await exited(spec.name)).toMatchObject({ exitCode: 3 });
        expect((await runtime.listSandboxes(labels)).map(({ id }) => id)).toContain(stopped.id);
        await runtime.removeSandbox(stopped.id);
        await runtime.removeSandbox(next.id);
      });

      check(
        'gives a private sandbox its address, hostname and one localhost for all its containers',
        async () => {
          const sandbox = privateSandbox(50, { hostname: 'sailor' });
          await runtime.createSandbox(sandbox);
          const server = containerSpec(
            sandbox,
            ask('mkdir /tmp/www; echo ahoy > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www'),
          );
          const client = containerSpec(
            sandbox,
            ask(
              'hostname; ip -4 addr show dev eth0; ip link show dev eth0; until wget -q -O - http://127.0.0.1:8080/; do sleep 0.05; done',
            ),
          );
          for (const spec of [server, client]) await runtime.createContainer(spec);
          await runtime.startContainer(server.name);
          const heard = collect(runtime.output(client.name, 'start', never));
          await runtime.startContainer(client.name);
          const said = texts(await heard, 'stdout').join('\n');
          const { network } = sandbox;
          if (network.mode !== 'private') throw new Error('unreachable');
          expect(said).toContain('sailor');
          expect(said).toContain(`inet ${network.ipv4}/`);
          expect(said).toContain(network.macAddress);
          expect(said).toContain('ahoy');
          await runtime.removeSandbox(sandbox.id);
        },
      );

      check('shares process and IPC namespaces where asked', async () => {
        const sandbox = sandboxSpec({ sharePid: true, shareIpc: true });
        expect((await runtime.createSandbox(sandbox)).pause?.isRunning).toBe(true);
        const shared = { pidMode: 'sandbox', ipcMode: 'sandbox' } as const;
        const first = containerSpec(sandbox, ask('exec sleep 4242'), shared);
        const second = containerSpec(sandbox, ask('readlink /proc/self/ns/ipc; ps'), shared);
        await runtime.createContainer(first);
        await runtime.startContainer(first.name);
        await runtime.createContainer(second);
        const heard = collect(runtime.output(second.name, 'start', never));
        await runtime.startContainer(second.name);
        const said = texts(await heard, 'stdout');
        const own = await runtime.exec(first.name, ['readlink', '/proc/self/ns/ipc'], { timeoutMs: 5_000 });
        expect(said.join('\n')).toMatch(/sleep 4242/);
        expect(said.join('\n')).toMatch(/pause/);
        expect(said[0]).toBe(own.output.trim());
        await runtime.removeSandbox(sandbox.id);
      });

      check('limits the memory of all containers together', async () => {
        const sandbox = sandboxSpec({ memoryMiB: 24 });
        await runtime.createSandbox(sandbox);
        const quiet = containerSpec(sandbox, workloads.deaf);
        const greedy = containerSpec(sandbox, workloads.outOfMemory);
        for (const spec of [quiet, greedy]) {
          await runtime.createContainer(spec);
          await runtime.startContainer(spec.name);
        }
        expect(await exited(greedy.name)).toMatchObject({ exitCode: 137, wasOutOfMemory: true });
        expect((await runtime.inspectContainer(quiet.name))?.status.state).toBe('running');
        expect((await runtime.stats(quiet.name))?.memoryLimitBytes).toBe(24 * 1_048_576);
        await runtime.removeSandbox(sandbox.id);
      });

      check('limits the CPU of all containers together', async () => {
        const sandbox = sandboxSpec({ cpuMillis: 100 });
        await runtime.createSandbox(sandbox);
        const specs = [1, 2].map(() => containerSpec(sandbox, ask('while :; do :; done')));
        for (const spec of specs) {
          await runtime.createContainer(spec);
          await runtime.startContainer(spec.name);
        }
        const used = async (): Promise<number> => {
          const all = await Promise.all(specs.map((spec) => runtime.stats(spec.name)));
          return all.reduce((sum, one) => sum + (one?.cpuUsageNanos ?? 0), 0);
        };
        const [beforeNanos, beganMs] = [await used(), under.clock.monotonic()];
        await under.clock.sleep(1_000);
        const cores = (((await used()) - beforeNanos) / (under.clock.monotonic() - beganMs)) * 1e-6;
        expect(cores).toBeGreaterThan(0);
        expect(cores).toBeLessThan(0.2);
        await runtime.removeSandbox(sandbox.id);
      });
    });

    describe('containers', () => {
      check('makes a container once, not started', async () => {
        const spec = await make(workloads.deaf);
        const first = await runtime.createContainer(spec);
        expect(first).toMatchObject({
          name: spec.name,
          labels: spec.labels,
          status: { state: 'created' },
          ports: [],
        });
        expect((await runtime.createContainer(spec)).runtimeId).toBe(first.runtimeId);
        expect(await runtime.inspectContainer(spec.name)).toEqual(first);
        expect(first.imageId).toBe((await runtime.inspectImage(under.image))?.id);
      });

      check('starts a container once, and twice is success', async () => {
        const spec = await make(workloads.deaf);
        const first = await runtime.startContainer(spec.name);
        expect(first.status).toMatchObject({ state: 'running', pid: expect.any(Number) });
        expect((await runtime.startContainer(spec.name)).status).toEqual(first.status);
      });

      check('reports exit codes and times', async () => {
        const [zero, three] = [await start(workloads.succeeds), await start(workloads.fails)];
        expect(await exited(zero.name)).toMatchObject({ exitCode: 0, wasOutOfMemory: false });
        const status = await exited(three.name);
        expect(status).toMatchObject({ exitCode: 3, wasOutOfMemory: false });
        expect(status.finishedAtMs).toBeGreaterThanOrEqual(status.startedAtMs ?? Number.POSITIVE_INFINITY);
        expect(Math.abs(under.clock.now() - status.finishedAtMs)).toBeLessThan(deadlineMs);
      });

      check('starts an exited container again', async () => {
        const spec = await start(workloads.runsBriefly);
        const first = await exited(spec.name);
        expect((await runtime.startContainer(spec.name)).status.state).toBe('running');
        const second = await exited(spec.name);
        expect(second.exitCode).toBe(5);
        expect(second.finishedAtMs).toBeGreaterThan(first.finishedAtMs);
      });

      check('does not make a container of an image that is not here', async () => {
        const sandbox = sandboxSpec();
        await runtime.createSandbox(sandbox);
        const spec = containerSpec(sandbox, workloads.deaf, { image: 'catamaran/no-such-image:1' });
        await expect(runtime.createContainer(spec)).rejects.toMatchObject({
          code: 'CannotCreateContainer',
          detail: expect.stringContaining('No such image'),
        });
        expect(await runtime.inspectContainer(spec.name)).toBeUndefined();
      });

      check('does not make a container without its sandbox', async () => {
        const spec = containerSpec(sandboxSpec(), workloads.deaf);
        await expect(runtime.createContainer(spec)).rejects.toMatchObject({ code: 'CannotCreateContainer' });
      });

      check('says in the engine’s words why a container could not be started', async () => {
        const spec = await make(workloads.deaf, { entryPoint: ['/no/such/program'] });
        await expect(runtime.startContainer(spec.name)).rejects.toMatchObject({
          code: 'CannotStartContainer',
          message: expect.stringContaining(spec.name),
          detail: expect.stringContaining('no such file or directory'),
        });
        const seen = await runtime.inspectContainer(spec.name);
        expect(seen?.status).toMatchObject({
          state: 'exited',
          error: expect.stringContaining('/no/such/program'),
        });
      });

      check('does not start an absent container', async () => {
        await expect(runtime.startContainer(unique('absent'))).rejects.toMatchObject({
          code: 'CannotStartContainer',
        });
      });

      check('asks a container to stop, and it may', async () => {
        const spec = await start(workloads.polite);
        for await (const _ready of runtime.output(spec.name, { sinceMs: 0 }, never)) break;
        await runtime.stopContainer(spec.name, 20);
        expect(await exited(spec.name)).toMatchObject({ exitCode: 7 });
      });

      check('kills a container that does not stop in time', async () => {
        const spec = await start(workloads.deaf);
        const beganMs = under.clock.monotonic();
        await runtime.stopContainer(spec.name, 1);
        expect(under.clock.monotonic() - beganMs).toBeGreaterThanOrEqual(990);
        expect((await runtime.inspectContainer(spec.name))?.status).toMatchObject({
          state: 'exited',
          exitCode: 137,
        });
      });

      check('stops what does not run, or is not there, with success', async () => {
        const spec = await make(workloads.deaf);
        await runtime.stopContainer(spec.name, 5);
        expect((await runtime.inspectContainer(spec.name))?.status.state).toBe('created');
        await runtime.stopContainer(unique('absent'), 5);
      });

      check('removes a running container, and an absent one with success', async () => {
        const spec = await start(workloads.deaf);
        await runtime.removeContainer(spec.name);
        await runtime.removeContainer(spec.name);
        expect(await runtime.inspectContainer(spec.name)).toBeUndefined();
        await runtime.createContainer(spec);
        expect((await runtime.inspectContainer(spec.name))?.status.state).toBe('created');
      });

      check('tells of a container that was killed for its memory', async () => {
        const spec = await start(workloads.outOfMemory, { memoryMiB: 16 });
        expect(await exited(spec.name)).toMatchObject({ exitCode: 137, wasOutOfMemory: true });
      });

      check('lists containers by all of their labels', async () => {
        const mark = { ...labels, 'catamaran.case': unique('mark') };
        const spec = await make(workloads.deaf, { labels: { ...mark, extra: 'x' } });
        expect((await runtime.listContainers(mark)).map((one) => one.name)).toEqual([spec.name]);
        expect(await runtime.listContainers({ ...mark, extra: 'y' })).toEqual([]);
      });

      check('is seen, stopped and removed by another client of the engine', async () => {
        const spec = await start(workloads.deaf);
        await using other = await under.open();
        expect((await other.inspectContainer(spec.name))?.status.state).toBe('running');
        expect((await other.listSandboxes(labels)).map(({ id }) => id)).toContain(spec.sandboxId);
        const second = containerSpec(sandboxSpec({ id: spec.sandboxId }), workloads.succeeds);
        await other.createContainer(second);
        await other.removeSandbox(spec.sandboxId);
        expect(await runtime.inspectContainer(spec.name)).toBeUndefined();
      });

      check('measures what a running container uses', async () => {
        const spec = await start(workloads.deaf, { memoryMiB: 32 });
        expect(await runtime.stats(spec.name)).toMatchObject({
          cpuUsageNanos: expect.any(Number),
          memoryBytes: expect.any(Number),
          memoryLimitBytes: 32 * 1_048_576,
        });
        await runtime.stopContainer(spec.name, 0);
        expect(await runtime.stats(spec.name)).toBeUndefined();
        expect(await runtime.stats(unique('absent'))).toBeUndefined();
      });
    });

    describe('what a container gets', () => {
      check('runs entry point, command, environment, user and working directory as given', async () => {
        const [line] = await heardTexts('', {
          entryPoint: ['sh', '-c', 'echo "$0|$GREETING|$(id -u):$(id -g)|$(pwd)"'],
          command: ['argument'],
          env: { GREETING: 'a b=c' },
          user: '65534:65534',
          workingDirectory: '/tmp',
        });
        expect(line).toBe('argument|a b=c|65534:65534|/tmp');
      });

      check('mounts its root read-only where asked, with writable tmpfs', async () => {
        const lines = await heardTexts(
          'touch /file 2>/dev/null || echo read-only; touch /scratch/file && echo writable; df -k /scratch | tail -1',
          { isReadonlyRootFilesystem: true, tmpfs: [{ containerPath: '/scratch', options: 'size=4m' }] },
        );
        expect(lines.slice(0, 2)).toEqual(['read-only', 'writable']);
        expect(lines[2]).toMatch(/\b4096\b/);
      });

      check('limits open files, as far as the machine can', async () => {
        const { maxOpenFiles } = await runtime.info();
        const asked = [{ name: 'nofile', soft: 512, hard: 65_535 }];
        const [soft, hard] = await heardTexts('ulimit -Sn; ulimit -Hn', { ulimits: asked });
        expect(soft).toBe('512');
        expect(hard).toBe(String(Math.min(65_535, maxOpenFiles ?? 65_535)));
      });

      check('limits CPU shares and quota of a container', async () => {
        const spec = await start(workloads.deaf, { cpuShares: 512, cpuMillis: 250, memoryMiB: 16 });
        const { exitCode, output } = await runtime.exec(
          spec.name,
          [
            'sh',
            '-c',
            'cat /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max',
          ],
          { timeoutMs: 5_000 },
        );
        expect(exitCode).toBe(0);
        expect(output).toMatch(/512\n25000\n|25000 100000/);
      });

      check('drops capabilities and sets kernel parameters', async () => {
        const lines = await heardTexts(
          'grep CapBnd /proc/self/status; cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
          {
            network: { mode: 'none' },
            capabilities: { add: [], drop: ['ALL'] },
            sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' },
          },
        );
        expect(lines[0]).toMatch(/CapBnd:\s+0+$/);
        expect(lines[1]).toBe('80');
      });

      check('refuses what the machine can not give, with what to do', async () => {
        const { limits } = await runtime.info();
        if (!limits.some(({ feature }) => feature === 'privileged')) return;
        const sandbox = sandboxSpec();
        await runtime.createSandbox(sandbox);
        for (const changes of [
          { isPrivileged: true },
          { capabilities: { add: ['SYS_RESOURCE'], drop: [] } },
        ]) {
          const spec = containerSpec(sandbox, workloads.deaf, changes);
          await expect(runtime.createContainer(spec)).rejects.toMatchObject({ code: 'Unsupported' });
        }
      });

      check('finds the files that were put into it', async () => {
        const lines = await heardTexts('cat /run/secret; stat -c %a /run/secret', {
          files: [{ path: '/run/secret', content: 'hush\n', mode: 0o400 }],
        });
        expect(lines).toEqual(['hush', '400']);
      });

      check('keeps volumes of the sandbox while it lives and shared ones beyond', async () => {
        const [own, shared] = [unique('own'), unique('shared')];
        const mounts = [
          { type: 'volume', name: own, target: '/own', isReadOnly: false, scope: 'sandbox' },
          { type: 'volume', name: shared, target: '/shared', isReadOnly: false, scope: 'shared' },
        ] as const;
        const writer = await start(ask('echo first > /own/file; echo first > /shared/file'), { mounts });
        await exited(writer.name);
        const reader = containerSpec(
          sandboxSpec({ id: writer.sandboxId }),
          ask('cat /own/file /shared/file'),
          {
            mounts: mounts.map((mount) => ({ ...mount, isReadOnly: true })),
          },
        );
        await runtime.createContainer(reader);
        const heard = collect(runtime.output(reader.name, 'start', never));
        await runtime.startContainer(reader.name);
        expect(texts(await heard, 'stdout')).toEqual(['first', 'first']);
        await runtime.removeSandbox(writer.sandboxId);
        expect(await heardTexts('ls /own; cat /shared/file; rm /shared/file', { mounts })).toEqual(['first']);
      });

      check('mounts the volumes of another container', async () => {
        const sandbox = sandboxSpec();
        await runtime.createSandbox(sandbox);
        const source = containerSpec(sandbox, ask('echo passed > /data/file; exec sleep 3600'), {
          mounts: [
            { type: 'volume', name: unique('data'), target: '/data', isReadOnly: false, scope: 'sandbox' },
          ],
        });
        const sink = containerSpec(
          sandbox,
          ask(
            'until cat /data/file 2>/dev/null; do sleep 0.05; done; touch /data/x 2>/dev/null || echo read-only',
          ),
          { volumesFrom: [`${source.name}:ro`] },
        );
        for (const spec of [source, sink]) await runtime.createContainer(spec);
        await runtime.startContainer(source.name);
        const heard = collect(runtime.output(sink.name, 'start', never));
        await runtime.startContainer(sink.name);
        expect(texts(await heard, 'stdout')).toEqual(['passed', 'read-only']);
      });

      check('publishes fixed and free host ports, and says which', async () => {
        const ports = [
          { containerPort: 8080, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.71' },
          { containerPort: 8081, hostPort: 28_081, protocol: 'tcp', hostIp: '127.0.0.71' },
        ] as const;
        const spec = await start(workloads.deaf, { network: { mode: 'bridge', ports } });
        const seen = (await runtime.inspectContainer(spec.name))?.ports ?? [];
        const dynamic = seen.find(({ containerPort }) => containerPort === 8080);
        expect(dynamic?.hostPort).toBeGreaterThan(1024);
        expect(dynamic?.hostIp).toBe('127.0.0.71');
        expect(seen).toContainEqual(ports[1]);
        await runtime.stopContainer(spec.name, 0);
        expect((await runtime.inspectContainer(spec.name))?.ports).toEqual([]);
      });

      check('refuses a host port that is in use, with what to do', async () => {
        const ports = [
          { containerPort: 80, hostPort: 28_082, protocol: 'tcp', hostIp: '127.0.0.72' },
        ] as const;
        const first = await start(workloads.deaf, { network: { mode: 'bridge', ports } });
        const second = await make(workloads.deaf, { network: { mode: 'bridge', ports } });
        await expect(runtime.startContainer(second.name)).rejects.toMatchObject({
          code: 'PortInUse',
          message: expect.stringContaining('hostPort 0'),
        });
        await runtime.removeContainer(first.name);
        expect((await runtime.startContainer(second.name)).status.state).toBe('running');
      });

      check('answers on its published port', async () => {
        const ports = [{ containerPort: 80, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.1' }] as const;
        const spec = await start(ask('mkdir /w; echo ahoy > /w/index.html; exec httpd -f -h /w'), {
          network: { mode: 'bridge', ports },
        });
        const [port] = (await runtime.inspectContainer(spec.name))?.ports ?? [];
        const answer = async (): Promise<string> => {
          for (let attempt = 0; ; attempt += 1) {
            try {
              return await (await fetch(`http://127.0.0.1:${port?.hostPort}/`)).text();
            } catch (error) {
              if (attempt === 100) throw error;
              await under.clock.sleep(20);
            }
          }
        };
        expect(await answer()).toBe('ahoy\n');
        expect((await runtime.inspectContainer(spec.name))?.ipv4Addresses).toHaveLength(1);
      });
    });

    describe('commands and health', () => {
      check('runs a command in a container and returns its exit code and output', async () => {
        const spec = await start(workloads.obeysExec);
        const result = await runtime.exec(
          spec.name,
          ['sh', '-c', 'echo out; sleep 0.1; echo err >&2; exit 4'],
          {
            timeoutMs: 10_000,
          },
        );
        expect(result).toEqual({ exitCode: 4, output: 'out\nerr\n' });
      });

      check('gives a command up in time', async () => {
        const spec = await start(workloads.obeysExec);
        const running = runtime.exec(spec.name, ['sh', '-c', 'sleep 60'], { timeoutMs: 300 });
        await expect(running).rejects.toMatchObject({
          code: 'CannotExecContainer',
          detail: expect.stringContaining('300 ms'),
        });
      });

      check('runs no command in a container that does not run', async () => {
        const spec = await make(workloads.deaf);
        await expect(runtime.exec(spec.name, ['true'], { timeoutMs: 5_000 })).rejects.toMatchObject({
          code: 'CannotExecContainer',
        });
      });

      check('follows the health of a container from STARTING to HEALTHY to UNHEALTHY', async () => {
        const spec = await make(workloads.sickens, {
          healthCheck: {
            command: ['CMD-SHELL', 'test -e /tmp/ok'],
            intervalSeconds: 1,
            timeoutSeconds: 5,
            retries: 1,
            startPeriodSeconds: 0,
          },
        });
        expect((await runtime.startContainer(spec.name)).health?.status).toBe('STARTING');
        await until(spec.name, 'HEALTHY', (seen) => seen?.health?.status === 'HEALTHY');
        const sick = await until(spec.name, 'UNHEALTHY', (seen) => seen?.health?.status === 'UNHEALTHY');
        expect(sick?.health).toMatchObject({ exitCode: 1, sinceMs: expect.any(Number) });
      });

      check('checks no health that was not asked for', async () => {
        const spec = await start(workloads.deaf);
        expect((await runtime.inspectContainer(spec.name))?.health).toBeUndefined();
      });
    });

    describe('events', () => {
      check('says "connected" first, then what happened to containers of these labels alone', async () => {
        const stop = new AbortController();
        const mark = { ...labels, 'catamaran.case': unique('events') };
        const seen: RuntimeEvent[] = [];
        const connected = Promise.withResolvers<void>();
        const watching = (async () => {
          for await (const event of runtime.events(mark, stop.signal)) {
            seen.push(event);
            if (event.type === 'connected') connected.resolve();
          }
        })();
        await connected.promise;
        await start(workloads.succeeds);
        const spec = await start(workloads.fails, { labels: mark });
        await exited(spec.name);
        const isTold = (): boolean => seen.filter((event) => event.type === 'container').length >= 2;
        for (let tries = 0; !isTold() && tries < 500; tries += 1) await under.clock.sleep(10);
        stop.abort();
        await watching;
        expect(seen[0]).toEqual({ type: 'connected' });
        const told = seen.slice(1);
        expect(told.length, JSON.stringify(seen)).toBeGreaterThanOrEqual(2);
        for (const event of told) expect(event).toEqual({ type: 'container', name: spec.name, labels: mark });
      });

      check('tells of an exit no earlier than an inspection shows it', async () => {
        const stop = new AbortController();
        const mark = { ...labels, 'catamaran.case': unique('exit') };
        const events = runtime.events(mark, stop.signal)[Symbol.asyncIterator]();
        expect((await events.next()).value).toEqual({ type: 'connected' });
        const spec = await start(workloads.runsBriefly, { labels: mark });
        let last: Container | undefined;
        while (last?.status.state !== 'exited') {
          const next = await events.next();
          expect(next.value).toMatchObject({ name: spec.name });
          last = await runtime.inspectContainer(spec.name);
        }
        stop.abort();
        await events.return?.();
      });
    });

    describe('output', () => {
      check('keeps stdout and stderr apart, empty lines and a last line without its newline', async () => {
        const lines = await hear(workloads.says);
        expect(texts(lines, 'stdout')).toEqual(['to stdout', '', 'no newline']);
        expect(texts(lines, 'stderr')).toEqual(['to stderr']);
        for (const { timeMs } of lines) expect(Math.abs(under.clock.now() - timeMs)).toBeLessThan(deadlineMs);
      });

      check('loses nothing of much output when attached from the start', async () => {
        const spec = await make(workloads.saysMuch);
        const output = runtime.output(spec.name, 'start', never);
        await runtime.startContainer(spec.name);
        let next = 0;
        for await (const { text } of output) {
          if (text !== String(next)) expect(text).toBe(String(next));
          next += 1;
        }
        expect(next).toBe(manyLines);
      });

      check('splits lines that are too long', async () => {
        const lines = await hear(workloads.saysLong);
        const lengths = lines.map((line) => line.text.length);
        expect(lengths).toEqual([256 * 1024, longLineBytes - 256 * 1024, 5]);
      });

      check('reads back what an exited container said', async () => {
        const spec = await start(workloads.says);
        await exited(spec.name);
        const lines = await collect(runtime.output(spec.name, { sinceMs: 0 }, never));
        expect(texts(lines, 'stdout')).toEqual(['to stdout', '', 'no newline']);
        expect(texts(lines, 'stderr')).toEqual(['to stderr']);
        const last = Math.max(...lines.map((line) => line.timeMs));
        expect(await collect(runtime.output(spec.name, { sinceMs: last }, never))).toEqual([]);
      });

      check('reads back and goes on live without a gap or a double', async () => {
        const spec = await start(workloads.trickles);
        const expected = Array.from({ length: trickledLines }, (_, line) => `line ${line}`);
        const readers: Promise<OutputLine[]>[] = [];
        await using other = await under.open();
        for (let reader = 0; reader < 6; reader += 1) {
          readers.push(collect((reader % 2 ? other : runtime).output(spec.name, { sinceMs: 0 }, never)));
          await under.clock.sleep(60);
        }
        expect((await runtime.inspectContainer(spec.name))?.status.state).toBe('running');
        for (const lines of await Promise.all(readers)) {
          const heard = lines.map((line) => line.text);
          const wrong = heard.findIndex((text, place) => text !== expected[place]);
          expect(heard.slice(Math.max(0, wrong - 2), wrong + 3)).toEqual(
            wrong < 0 ? heard.slice(0, 2) : expected.slice(Math.max(0, wrong - 2), wrong + 3),
          );
          expect(heard).toHaveLength(trickledLines);
        }
      });

      check('hears a container’s second run too', async () => {
        const spec = await make(workloads.says);
        for (let run = 0; run < 2; run += 1) {
          const lines = collect(runtime.output(spec.name, 'start', never));
          await runtime.startContainer(spec.name);
          expect(texts(await lines, 'stderr')).toEqual(['to stderr']);
          await exited(spec.name);
        }
      });

      check('ends when the signal aborts, and when the container is removed', async () => {
        const spec = await start(workloads.polite);
        const stop = new AbortController();
        const aborted = collect(runtime.output(spec.name, { sinceMs: 0 }, stop.signal));
        const removed = collect(runtime.output(spec.name, { sinceMs: 0 }, never));
        await runtime.stats(spec.name);
        stop.abort();
        await aborted;
        await runtime.removeContainer(spec.name);
        await removed;
      });

      check('hears a terminal as one stream of plain lines', async () => {
        const lines = await hear(workloads.says, { pseudoTerminal: true });
        expect(lines.every((line) => line.stream === 'stdout')).toBe(true);
        expect(lines.map((line) => line.text)).toEqual(['to stdout', 'to stderr', '', 'no newline']);
      });
    });
  });
}
