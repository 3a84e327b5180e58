import { describe, expect } from 'vitest';
import { deadlineMs, type Words } from './conformance-words.ts';
import { workloads } from './conformance-workloads.ts';
import type { SandboxSpec } from './runtime.ts';

/** The machine, its images, and sandboxes. */
export function describeSandboxes(words: Words): void {
  const { check, unique, sandboxSpec, containerSpec, ask, exited, collect, texts, never } = words;
  describe('machine and images', () => {
    check('tells of the machine, and of each limit what to do', async () => {
      const info = await words.runtime.info();
      expect(info.cpus).toBeGreaterThan(0);
      expect(info.memoryBytes).toBeGreaterThan(1_000_000);
      expect(['x86_64', 'arm64']).toContain(info.architecture);
      expect(info.apiVersion).toMatch(/^\d+\.\d+$/);
      for (const { message } of info.limits) expect(message.length).toBeGreaterThan(20);
    });

    check('knows a loaded image and not an absent one', async () => {
      const image = await words.runtime.inspectImage(words.under.image);
      expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(image?.env.PATH).toContain('/bin');
      expect(await words.runtime.inspectImage('catamaran/no-such-image:1')).toBeUndefined();
    });

    check('says why an image can not be pulled', async () => {
      const pulling = words.runtime.pullImage('127.0.0.1:1/no/such:1', { signal: never });
      await expect(pulling).rejects.toMatchObject({
        code: 'CannotPullContainer',
        detail: expect.any(String),
      });
    });

    check('removes an absent image with success', async () => {
      await words.runtime.removeImage('catamaran/no-such-image:1');
    });
  });

  describe('sandboxes', () => {
    check('makes a sandbox once, lists it by its labels and removes it once', async () => {
      const spec = sandboxSpec({ labels: { ...words.labels, 'catamaran.case': 'once' } });
      const made = await words.runtime.createSandbox(spec);
      expect(made).toEqual({ id: spec.id, labels: spec.labels });
      expect(await words.runtime.createSandbox(spec)).toEqual(made);
      expect(await words.runtime.listSandboxes({ 'catamaran.case': 'once', ...words.labels })).toEqual([
        made,
      ]);
      expect(await words.runtime.listSandboxes({ ...words.labels, 'catamaran.case': 'other' })).toEqual([]);
      await words.runtime.removeSandbox(spec.id);
      await words.runtime.removeSandbox(spec.id);
      expect(await words.runtime.listSandboxes({ 'catamaran.case': 'once', ...words.labels })).toEqual([]);
    });

    check('removes a sandbox that never was with success', async () => {
      await words.runtime.removeSandbox(unique('absent'));
    });

    check('removes a sandbox with its containers, running or not', async () => {
      const sandbox = sandboxSpec();
      await words.runtime.createSandbox(sandbox);
      const running = containerSpec(sandbox, workloads.deaf);
      const created = containerSpec(sandbox, workloads.deaf);
      await words.runtime.createContainer(running);
      await words.runtime.createContainer(created);
      await words.runtime.startContainer(running.name);
      await words.runtime.removeSandbox(sandbox.id);
      expect(await words.runtime.inspectContainer(running.name)).toBeUndefined();
      expect(await words.runtime.inspectContainer(created.name)).toBeUndefined();
    });

    const privateSandbox = (last: number, changes: Partial<SandboxSpec> = {}): SandboxSpec => {
      const base = words.under.network.cidr.replace(/\.\d+\/\d+$/, '');
      return sandboxSpec({
        network: {
          mode: 'private',
          network: words.under.network,
          ipv4: `${base}.${last}`,
          macAddress: `02:42:0a:00:00:${last.toString(16).padStart(2, '0')}`,
        },
        ...changes,
      });
    };

    check('holds a private namespace by a running pause container, one for all calls', async () => {
      const spec = privateSandbox(10);
      const made = await words.runtime.createSandbox(spec);
      expect(made.pause?.isRunning).toBe(true);
      expect(await words.runtime.createSandbox(spec)).toEqual(made);
      expect((await words.runtime.listSandboxes(words.labels)).find(({ id }) => id === spec.id)).toEqual(
        made,
      );
      expect((await words.runtime.listContainers(words.labels)).map((one) => one.runtimeId)).not.toContain(
        made.pause?.runtimeId,
      );
      await words.runtime.removeSandbox(spec.id);
    });

    check('holds a namespace for an interface that is put into it, and tells where it is', async () => {
      const ipv4 = '10.0.0.9';
      const spec = sandboxSpec({
        network: { mode: 'interface', interfaceId: 'eni-1', ipv4, macAddress: '02:42:0a:00:00:09' },
      });
      const made = await words.runtime.createSandbox(spec);
      expect(made.pause?.isRunning).toBe(true);
      const namespace = await words.runtime.networkNamespace(spec.id);
      expect(namespace).toMatch(/\/ns\/net$/);
      const app = containerSpec(spec, workloads.deaf);
      await words.runtime.createContainer(app);
      await words.runtime.startContainer(app.name);
      expect(await words.runtime.networkNamespace(spec.id)).toBe(namespace);
      await words.runtime.stopSandbox(spec.id);
      expect(await words.runtime.networkNamespace(spec.id)).toBeUndefined();
      await words.runtime.removeSandbox(spec.id);
      expect(await words.runtime.networkNamespace(spec.id)).toBeUndefined();
    });

    /** In the namespace of a sandbox that runs. */
    const joined = async ({ id }: SandboxSpec, changes: Partial<SandboxSpec> = {}): Promise<SandboxSpec> => {
      const path = (await words.runtime.networkNamespace(id)) ?? '';
      return sandboxSpec({ network: { mode: 'namespace', path }, ...changes });
    };

    check('joins a network namespace by its path, where it must be', async () => {
      const other = privateSandbox(50);
      await words.runtime.createSandbox(other);
      const spec = await joined(other);
      expect((await words.runtime.createSandbox(spec)).pause?.isRunning).toBe(true);
      expect((await words.runtime.createSandbox(spec)).pause?.isRunning).toBe(true);
      expect(await words.runtime.networkNamespace(spec.id)).toBeDefined();
      await words.runtime.removeSandbox(spec.id);
      const late = await joined(other);
      await words.runtime.removeSandbox(other.id);
      await expect(words.runtime.createSandbox(late)).rejects.toMatchObject({ name: 'RuntimeError' });
      await words.runtime.removeSandbox(late.id);
    });

    check('has the addresses of the namespace that it joined, and a hostname of its own', async () => {
      const other = privateSandbox(51);
      await words.runtime.createSandbox(other);
      const spec = await joined(other, { hostname: 'harbour-pilot.port' });
      await words.runtime.createSandbox(spec);
      const app = containerSpec(spec, ask('hostname; ip addr'));
      await words.runtime.createContainer(app);
      const heard = collect(words.runtime.output(app.name, 'start', never));
      await words.runtime.startContainer(app.name);
      const { network } = other;
      const said = texts(await heard, 'stdout').join('\n');
      expect(said).toContain(network.mode === 'private' ? `${network.ipv4}/` : '-');
      expect(said).toContain('harbour-pilot.port');
      await words.runtime.removeSandbox(spec.id);
      await words.runtime.removeSandbox(other.id);
    });

    check('makes the private network once when many ask at the same time', async () => {
      const specs = [20, 21, 22].map((last) => privateSandbox(last));
      const second = await words.under.open();
      const made = await Promise.all([
        ...specs.map((spec) => words.runtime.createSandbox(spec)),
        second.createSandbox(privateSandbox(23)),
      ]);
      expect(made.every(({ pause }) => pause?.isRunning)).toBe(true);
      for (const { id } of made) await words.runtime.removeSandbox(id);
      await second[Symbol.asyncDispose]();
    });

    check('refuses an address that another sandbox has, and frees it with its sandbox', async () => {
      const first = privateSandbox(30);
      const second = privateSandbox(30);
      await words.runtime.createSandbox(first);
      await expect(words.runtime.createSandbox(second)).rejects.toMatchObject({
        code: 'ContainerNetworking',
      });
      await words.runtime.removeSandbox(first.id);
      expect((await words.runtime.createSandbox(second)).pause?.isRunning).toBe(true);
      await words.runtime.removeSandbox(second.id);
    });

    check('frees the address of a stopped sandbox and keeps its containers readable', async () => {
      const stopped = privateSandbox(40);
      await words.runtime.createSandbox(stopped);
      const spec = containerSpec(stopped, workloads.fails);
      await words.runtime.createContainer(spec);
      await words.runtime.startContainer(spec.name);
      await exited(spec.name);
      await words.runtime.stopSandbox(stopped.id);
      await words.runtime.stopSandbox(stopped.id);
      const next = privateSandbox(40);
      expect((await words.runtime.createSandbox(next)).pause?.isRunning).toBe(true);
      expect(await exited(spec.name)).toMatchObject({ exitCode: 3 });
      expect((await words.runtime.listSandboxes(words.labels)).map(({ id }) => id)).toContain(stopped.id);
      await words.runtime.removeSandbox(stopped.id);
      await words.runtime.removeSandbox(next.id);
    });

    check(
      'gives a private sandbox its address, hostname and one localhost for all its containers',
      async () => {
        const sandbox = privateSandbox(50, { hostname: 'sailor' });
        await words.runtime.createSandbox(sandbox);
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
        for (const spec of [server, client]) await words.runtime.createContainer(spec);
        await words.runtime.startContainer(server.name);
        const heard = collect(words.runtime.output(client.name, 'start', never));
        await words.runtime.startContainer(client.name);
        const said = texts(await heard, 'stdout').join('\n');
        const { network } = sandbox;
        if (network.mode !== 'private') throw new Error('unreachable');
        expect(said).toContain('sailor');
        expect(said).toContain(`inet ${network.ipv4}/`);
        expect(said).toContain(network.macAddress);
        expect(said).toContain('ahoy');
        await words.runtime.removeSandbox(sandbox.id);
      },
    );

    check('shares process and IPC namespaces where asked', async () => {
      const sandbox = sandboxSpec({ sharePid: true, shareIpc: true });
      expect((await words.runtime.createSandbox(sandbox)).pause?.isRunning).toBe(true);
      const shared = { pidMode: 'sandbox', ipcMode: 'sandbox' } as const;
      const first = containerSpec(sandbox, ask('exec sleep 4242'), shared);
      const second = containerSpec(sandbox, ask('readlink /proc/self/ns/ipc; ps'), shared);
      await words.runtime.createContainer(first);
      await words.runtime.startContainer(first.name);
      await words.runtime.createContainer(second);
      const heard = collect(words.runtime.output(second.name, 'start', never));
      await words.runtime.startContainer(second.name);
      const said = texts(await heard, 'stdout');
      const own = await words.runtime.exec(first.name, ['readlink', '/proc/self/ns/ipc'], {
        timeoutMs: deadlineMs,
      });
      expect(said.join('\n')).toMatch(/sleep 4242/);
      expect(said.join('\n')).toMatch(/pause/);
      expect(said[0]).toBe(own.output.trim());
      await words.runtime.removeSandbox(sandbox.id);
    });

    check('puts a container among the processes of another one', async () => {
      const sandbox = sandboxSpec();
      await words.runtime.createSandbox(sandbox);
      const first = containerSpec(sandbox, ask('exec sleep 4242'));
      await words.runtime.createContainer(first);
      await words.runtime.startContainer(first.name);
      const second = containerSpec(sandbox, ask('ps'), { pidMode: { container: first.name } });
      await words.runtime.createContainer(second);
      const heard = collect(words.runtime.output(second.name, 'start', never));
      await words.runtime.startContainer(second.name);
      expect(texts(await heard, 'stdout').join('\n')).toMatch(/^ *1 .*sleep 4242/m);
      await words.runtime.removeSandbox(sandbox.id);
    });

    check('limits the memory of all containers together', async () => {
      const sandbox = sandboxSpec({ memoryMiB: 24 });
      await words.runtime.createSandbox(sandbox);
      const quiet = containerSpec(sandbox, workloads.deaf);
      const greedy = containerSpec(sandbox, workloads.outOfMemory);
      for (const spec of [quiet, greedy]) {
        await words.runtime.createContainer(spec);
        await words.runtime.startContainer(spec.name);
      }
      expect(await exited(greedy.name)).toMatchObject({ exitCode: 137, wasOutOfMemory: true });
      expect((await words.runtime.inspectContainer(quiet.name))?.status.state).toBe('running');
      expect((await words.runtime.stats(quiet.name))?.memoryLimitBytes).toBe(24 * 1_048_576);
      await words.runtime.removeSandbox(sandbox.id);
    });

    check('limits the CPU of all containers together', async () => {
      const sandbox = sandboxSpec({ cpuMillis: 100 });
      await words.runtime.createSandbox(sandbox);
      const specs = [1, 2].map(() => containerSpec(sandbox, ask('while :; do :; done')));
      for (const spec of specs) {
        await words.runtime.createContainer(spec);
        await words.runtime.startContainer(spec.name);
      }
      const used = async (): Promise<number> => {
        const all = await Promise.all(specs.map((spec) => words.runtime.stats(spec.name)));
        return all.reduce((sum, one) => sum + (one?.cpuUsageNanos ?? 0), 0);
      };
      const beganMs = words.under.clock.monotonic();
      const beforeNanos = await used();
      await words.under.clock.sleep(1_000);
      const cores = (((await used()) - beforeNanos) / (words.under.clock.monotonic() - beganMs)) * 1e-6;
      expect(cores).toBeGreaterThan(0);
      expect(cores).toBeLessThan(0.2);
      await words.runtime.removeSandbox(sandbox.id);
    });
  });
}
