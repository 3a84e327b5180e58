import { describe, expect, vi } from 'vitest';
import { deadlineMs, type Words } from './conformance-words.ts';
import { workloads } from './conformance-workloads.ts';

/** What a container gets of what its spec asks for. */
export function describeSettings(words: Words): void {
  const {
    check,
    unique,
    sandboxSpec,
    containerSpec,
    make,
    start,
    ask,
    exited,
    collect,
    heardTexts,
    texts,
    never,
  } = words;
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

    check('has further groups, and ends by its own signal', async () => {
      const [groups] = await heardTexts('id -G', { user: '65534:65534', supplementalGroups: [1_234, 5_678] });
      expect(groups?.split(' ').toSorted()).toEqual(['1234', '5678', '65534']);
      const script = 'trap "exit 7" USR1; echo ready; while :; do sleep 0.1; done';
      const spec = await start(ask(script), { stopSignal: 'SIGUSR1' });
      for await (const _ready of words.runtime.output(spec.name, { sinceMs: 0 }, never)) break;
      await words.runtime.stopContainer(spec.name, 100);
      expect(await exited(spec.name)).toMatchObject({ exitCode: 7 });
    });

    check('mounts its root read-only where asked, with writable tmpfs', async () => {
      const lines = await heardTexts(
        'touch /file 2>/dev/null || echo read-only; touch /scratch/file && echo writable; df -k /scratch | tail -1',
        { isReadonlyRootFilesystem: true, tmpfs: [{ containerPath: '/scratch', options: 'size=4m' }] },
      );
      expect(lines.slice(0, 2)).toEqual(['read-only', 'writable']);
      expect(lines[2]).toMatch(/\b4096\b/);
    });

    check(
      'gives a container a kernel of its own where gVisor works, and refuses where it does not',
      async () => {
        const support = await words.runtime.gvisor();
        if (!support.works) {
          const refused = make(workloads.deaf, { isolation: 'gvisor', network: { mode: 'none' } });
          await expect(refused).rejects.toMatchObject({ code: 'Unsupported' });
          return;
        }
        const { kernel } = await words.runtime.info();
        const [version] = await heardTexts('cat /proc/version', {
          isolation: 'gvisor',
          network: { mode: 'none' },
        });
        expect(version).toMatch(/^Linux version /);
        expect(version).not.toContain(kernel);
        // Neither can it share what only one kernel can.
        const shared = make(workloads.deaf, {
          isolation: 'gvisor',
          network: { mode: 'none' },
          pidMode: 'host',
        });
        await expect(shared).rejects.toMatchObject({ code: 'Unsupported' });
      },
    );

    check('runs a container under a runtime by its name', async () => {
      const { runtimes } = await words.runtime.info();
      const ociRuntime = runtimes.find((name) => name === 'runc') ?? runtimes[0] ?? '';
      expect(await heardTexts('echo runs', { ociRuntime })).toEqual(['runs']);
    });

    check('refuses a runtime that is not there', async () => {
      const refused = make(workloads.deaf, { ociRuntime: 'none-such' });
      await expect(refused).rejects.toMatchObject({
        ...{ code: 'Unsupported', detail: 'the engine has no runtime "none-such"' },
      });
    });

    check('gives the strongest isolation that there is', async () => {
      const { works } = await words.runtime.gvisor();
      const { kernel } = await words.runtime.info();
      const [version = ''] = await heardTexts('cat /proc/version', {
        isolation: 'strongest',
        network: { mode: 'none' },
      });
      if (works) expect(version).not.toContain(kernel);
      else expect(version).toContain(kernel);
    });

    check('limits open files, as far as the machine can', async () => {
      const { maxOpenFiles } = await words.runtime.info();
      const asked = [{ name: 'nofile', soft: 512, hard: 65_535 }];
      const [soft, hard] = await heardTexts('ulimit -Sn; ulimit -Hn', { ulimits: asked });
      expect(soft).toBe('512');
      expect(hard).toBe(String(Math.min(65_535, maxOpenFiles ?? 65_535)));
    });

    check('limits CPU shares and quota of a container', async () => {
      const spec = await start(workloads.deaf, { cpuShares: 512, cpuMillis: 250, memoryMiB: 16 });
      const { exitCode, output } = await words.runtime.exec(
        spec.name,
        [
          'sh',
          '-c',
          'cat /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max',
        ],
        { timeoutMs: deadlineMs },
      );
      expect(exitCode).toBe(0);
      expect(output).toMatch(/512\n25000\n|25000 100000/);
    });

    check('changes the limits of a container that runs', async () => {
      const spec = await start(workloads.deaf, { cpuShares: 512, memoryMiB: 16, memorySwapMiB: 16 });
      await words.runtime.updateContainer(spec.name, { cpuShares: 128, cpuMillis: 500 });
      await words.runtime.updateContainer(spec.name, { memoryMiB: 32, memorySwapMiB: 32 });
      expect((await words.runtime.stats(spec.name))?.memoryLimitBytes).toBe(32 * 1_048_576);
      await words.runtime.updateContainer(spec.name, { memoryMiB: 24, memorySwapMiB: 24 });
      expect((await words.runtime.stats(spec.name))?.memoryLimitBytes).toBe(24 * 1_048_576);
      await expect(words.runtime.updateContainer('nobody', { cpuShares: 2 })).rejects.toMatchObject({
        code: 'Unsupported',
        detail: 'No such container: nobody',
      });
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
      const { limits } = await words.runtime.info();
      if (!limits.some(({ feature }) => feature === 'privileged')) return;
      const sandbox = sandboxSpec();
      await words.runtime.createSandbox(sandbox);
      for (const changes of [{ isPrivileged: true }, { capabilities: { add: ['SYS_RESOURCE'], drop: [] } }]) {
        const spec = containerSpec(sandbox, workloads.deaf, changes);
        await expect(words.runtime.createContainer(spec)).rejects.toMatchObject({ code: 'Unsupported' });
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
      const reader = containerSpec(sandboxSpec({ id: writer.sandboxId }), ask('cat /own/file /shared/file'), {
        mounts: mounts.map((mount) => ({ ...mount, isReadOnly: true })),
      });
      await words.runtime.createContainer(reader);
      const heard = collect(words.runtime.output(reader.name, 'start', never));
      await words.runtime.startContainer(reader.name);
      expect(texts(await heard, 'stdout')).toEqual(['first', 'first']);
      await words.runtime.removeSandbox(writer.sandboxId);
      expect(await heardTexts('ls /own; cat /shared/file; rm /shared/file', { mounts })).toEqual(['first']);
    });

    check('mounts the volumes of another container', async () => {
      const sandbox = sandboxSpec();
      await words.runtime.createSandbox(sandbox);
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
      for (const spec of [source, sink]) await words.runtime.createContainer(spec);
      await words.runtime.startContainer(source.name);
      const heard = collect(words.runtime.output(sink.name, 'start', never));
      await words.runtime.startContainer(sink.name);
      expect(texts(await heard, 'stdout')).toEqual(['passed', 'read-only']);
    });

    check('publishes fixed and free host ports, and says which', async () => {
      const ports = [
        { containerPort: 8080, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.71' },
        { containerPort: 8081, hostPort: 28_081, protocol: 'tcp', hostIp: '127.0.0.71' },
      ] as const;
      const spec = await start(workloads.deaf, { network: { mode: 'bridge', ports } });
      const seen = (await words.runtime.inspectContainer(spec.name))?.ports ?? [];
      const dynamic = seen.find(({ containerPort }) => containerPort === 8080);
      expect(dynamic?.hostPort).toBeGreaterThan(1024);
      expect(dynamic?.hostIp).toBe('127.0.0.71');
      expect(seen).toContainEqual(ports[1]);
      await words.runtime.stopContainer(spec.name, 0);
      expect((await words.runtime.inspectContainer(spec.name))?.ports).toEqual([]);
    });

    check('refuses a host port that is in use, with what to do', async () => {
      const ports = [{ containerPort: 80, hostPort: 28_082, protocol: 'tcp', hostIp: '127.0.0.72' }] as const;
      const first = await start(workloads.deaf, { network: { mode: 'bridge', ports } });
      const second = await make(workloads.deaf, { network: { mode: 'bridge', ports } });
      await expect(words.runtime.startContainer(second.name)).rejects.toMatchObject({
        code: 'PortInUse',
        message: expect.stringContaining('hostPort 0'),
      });
      await words.runtime.removeContainer(first.name);
      expect((await words.runtime.startContainer(second.name)).status.state).toBe('running');
    });

    check('answers on its published port', async () => {
      const ports = [{ containerPort: 80, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.1' }] as const;
      const spec = await start(ask('mkdir /w; echo ahoy > /w/index.html; exec httpd -f -h /w'), {
        network: { mode: 'bridge', ports },
      });
      const [port] = (await words.runtime.inspectContainer(spec.name))?.ports ?? [];
      const answer = async () => (await fetch(`http://127.0.0.1:${port?.hostPort}/`)).text();
      await vi.waitFor(async () => expect(await answer()).toBe('ahoy\n'));
      expect((await words.runtime.inspectContainer(spec.name))?.ipv4Addresses).toHaveLength(1);
    });
  });
}
