import { describe, expect, it } from 'vitest';
import { seededRandom, systemClock, VirtualClock } from '../../clock/index.ts';
import { describeRuntimeConformance } from '../conformance.ts';
import { conformanceProgram } from '../conformance-workloads.ts';
import { imageArchive } from '../image-archive.ts';
import type { ContainerSpec, SandboxSpec } from '../runtime.ts';
import { noLatency, SimEngine, type SimOptions, SimRuntime } from './index.ts';

const noFiles = 'there are no files in simulated containers';
const noPackets = 'nothing listens in simulated containers';
const noLimits = 'simulated programs use no memory or CPU that could be limited';

describeRuntimeConformance(
  'simulated',
  async () => {
    const clock = systemClock({ keepsProcessAlive: true });
    const random = seededRandom('conformance');
    const image = 'catamaran/conformance:1';
    const engine = new SimEngine({
      clock,
      random,
      latency: noLatency,
      registry: () => undefined,
      programs: ({ command, entryPoint }) => conformanceProgram(command, entryPoint),
    });
    const runtime = new SimRuntime(engine);
    await runtime.loadImage(await imageArchive({ reference: image, layers: [], config: {} }));
    return {
      runtime,
      open: async () => new SimRuntime(engine),
      image,
      clock,
      run: 'sim',
      network: { name: 'private', cidr: '10.1.0.0/24', gateway: '10.1.0.1' },
      [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
    };
  },
  {
    skips: {
      'gives the strongest isolation that there is':
        'it has one kind of container, and that runs no programs',
      'gives a private sandbox its address, hostname and one localhost for all its containers': noPackets,
      'has the addresses of the namespace that it joined, and a hostname of its own': noPackets,
      'shares process and IPC namespaces where asked': noFiles,
      'puts a container among the processes of another one': noFiles,
      'has further groups, and ends by its own signal': noFiles,
      'limits the memory of all containers together': noLimits,
      'limits the CPU of all containers together': noLimits,
      'runs entry point, command, environment, user and working directory as given': noFiles,
      'runs a container under a runtime by its name': noFiles,
      'mounts its root read-only where asked, with writable tmpfs': noFiles,
      'limits open files, as far as the machine can': noFiles,
      'limits CPU shares and quota of a container': noFiles,
      'drops capabilities and sets kernel parameters': noFiles,
      'ends with a command what it has started, also what is nobody’s child any more':
        'simulated commands start nothing',
      'refuses what the machine can not give, with what to do': 'the simulated machine can give everything',
      'finds the files that were put into it': noFiles,
      'keeps volumes of the sandbox while it lives and shared ones beyond': noFiles,
      'mounts the volumes of another container': noFiles,
      'answers on its published port': noPackets,
      'hears a terminal as one stream of plain lines': 'a program writes to the stream that its script names',
    },
  },
);

describe('simulation', () => {
  const sandbox: SandboxSpec = {
    id: 'sandbox',
    labels: { a: 'b' },
    network: { mode: 'container' },
    cgroupParent: 'instance',
  };
  const containerOf = (name: string): ContainerSpec => ({
    name,
    sandboxId: 'sandbox',
    labels: { a: 'b' },
    image: 'web:1',
    env: {},
    network: { mode: 'bridge', ports: [] },
    cpuShares: 2,
  });

  async function launched(options: Partial<SimOptions>, containers: number) {
    const clock = new VirtualClock(0);
    const engine = new SimEngine({ clock, random: seededRandom(7), ...options });
    const runtime = new SimRuntime(engine);
    const startedAt: (number | string)[] = [];
    const all = (async () => {
      await runtime.pullImage('web:1', { signal: new AbortController().signal });
      await runtime.createSandbox(sandbox);
      await Promise.all(
        Array.from({ length: containers }, async (_, index) => {
          await runtime.createContainer(containerOf(`c${index}`));
          try {
            await runtime.startContainer(`c${index}`);
            startedAt.push(clock.now());
          } catch (error) {
            startedAt.push(error instanceof Error ? error.name : 'error');
          }
        }),
      );
      return true;
    })();
    let isDone = false;
    all.then(() => {
      isDone = true;
    });
    await clock.runUntil(() => isDone, { deadlineMs: 3_600_000 });
    return { clock, engine, runtime, startedAt };
  }

  it('replays the same run from the same seed, and starts thousands of containers at once', async () => {
    const [one, two] = [await launched({}, 2_000), await launched({}, 2_000)];
    expect(one.startedAt).toEqual(two.startedAt);
    expect(one.engine.runningContainers).toBe(2_000);
    expect(one.clock.pendingTimers).toBe(0);
  });

  it('draws latencies around their median and 99th percentile', async () => {
    const latency = { ...noLatency, startContainerOnBridge: { p50Ms: 100, p99Ms: 400 } };
    const { startedAt } = await launched({ latency }, 2_000);
    const sorted = startedAt.map(Number).sort((a, b) => a - b);
    expect(sorted[1_000]).toBeGreaterThan(90);
    expect(sorted[1_000]).toBeLessThan(110);
    expect(sorted[1_980]).toBeGreaterThan(320);
    expect(sorted[1_980]).toBeLessThan(500);
  });

  it('starts no more containers at the same time than the machine can', async () => {
    const latency = { ...noLatency, startContainerOnBridge: { p50Ms: 100, p99Ms: 100 } };
    const { startedAt } = await launched({ latency, startConcurrency: 4 }, 12);
    expect(startedAt.map((time) => Math.round(Number(time)))).toEqual(
      [100, 200, 300].flatMap((time) => [time, time, time, time]),
    );
  });

  it('fails starts with the given probability', async () => {
    const { startedAt } = await launched({ failures: { start: 0.25 } }, 1_000);
    const failures = startedAt.filter((outcome) => outcome === 'RuntimeError').length;
    expect(failures).toBeGreaterThan(200);
    expect(failures).toBeLessThan(300);
  });

  it('does not answer while the engine is away, tells its listeners, and its containers run on', async () => {
    const { clock, engine, runtime } = await launched({ latency: noLatency }, 1);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of runtime.events({ a: 'b' }, stop.signal)) seen.push(event.type);
    })();
    await clock.advance(0);
    engine.stop();
    await expect(runtime.inspectContainer('c0')).rejects.toMatchObject({ code: 'EngineUnavailable' });
    await clock.advance(1_000);
    engine.start();
    expect((await runtime.inspectContainer('c0'))?.status.state).toBe('running');
    await clock.advance(0);
    stop.abort();
    await watching;
    expect(seen).toEqual(['connected', 'disconnected', 'connected']);
  });

  it('keeps to its outages', async () => {
    const clock = new VirtualClock(0);
    const engine = new SimEngine({
      clock,
      random: seededRandom(1),
      latency: noLatency,
      failures: { outages: [{ fromMs: 1_000, forMs: 500 }] },
    });
    const runtime = new SimRuntime(engine);
    await runtime.info();
    await clock.advance(1_200);
    await expect(runtime.info()).rejects.toMatchObject({ code: 'EngineUnavailable' });
    await clock.advance(400);
    await runtime.info();
  });

  it('loses its processes with the power, and nothing else', async () => {
    const { engine, runtime } = await launched({ latency: noLatency }, 3);
    engine.crash();
    engine.start();
    const containers = await new SimRuntime(engine).listContainers({ a: 'b' });
    expect(containers.map(({ status }) => status.state)).toEqual(['exited', 'exited', 'exited']);
    expect((await runtime.startContainer('c1')).status.state).toBe('running');
  });
});
