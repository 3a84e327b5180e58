import { describe, expect, test } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import type { OutputLine } from '../../runtime/index.ts';
import { noLatency, SimEngine, type SimOutput, SimRuntime } from '../../runtime/sim/index.ts';
import type { LogsApi } from './cloudwatch-logs.ts';
import { LogShipper, type LogShipperOptions } from './log-shipper.ts';
import { LogStream } from './log-stream.ts';
import type { LogPosition } from './position.ts';

/** One container, its log stream, and a service that can be made to fail. */
class Shipment {
  readonly clock = new VirtualClock(1_000_000);
  readonly log = recordingLog();
  readonly abort = new AbortController();
  readonly engine: SimEngine;
  readonly batches: string[][] = [];
  failure: Error | undefined;
  position: LogPosition | undefined;
  shipper: LogShipper;

  private constructor(output: () => Iterable<SimOutput>, options: Partial<LogShipperOptions>) {
    this.engine = new SimEngine({
      clock: this.clock,
      random: seededRandom(1),
      latency: noLatency,
      programs: () => ({ output: output(), runForMs: 60_000 }),
    });
    this.shipper = this.newShipper(options);
  }

  static async of(
    output: () => Iterable<SimOutput>,
    options: Partial<LogShipperOptions> = {},
  ): Promise<Shipment> {
    const shipment = new Shipment(output, options);
    const { engine } = shipment;
    const pulling = engine.pull('demo', shipment.abort.signal);
    await shipment.clock.advance(1);
    await pulling;
    await engine.createSandbox({ id: 's', labels: {}, network: { mode: 'container' }, cgroupParent: 'p' });
    engine.createContainer({
      name: 'app',
      sandboxId: 's',
      labels: {},
      image: 'demo',
      env: {},
      network: { mode: 'none' },
      cpuShares: 2,
    });
    return shipment;
  }

  newShipper(options: Partial<LogShipperOptions> = {}): LogShipper {
    const api: LogsApi = {
      createLogGroup: async () => {},
      createLogStream: async () => {},
      putLogEvents: async (_group, _stream, events) => {
        if (this.failure) throw this.failure;
        this.batches.push(events.map(({ text }) => text));
        return 0;
      },
    };
    const { clock, abort, log } = this;
    const random = seededRandom(2);
    return new LogShipper({
      runtime: new SimRuntime(this.engine),
      containerName: 'app',
      stream: new LogStream({
        group: 'g',
        stream: 's',
        createsGroup: false,
        clock,
        random,
        api: async () => api,
      }),
      isNonBlocking: true,
      bufferBytes: 10_485_760,
      flushIntervalMs: 1_000,
      ...(this.position && { position: this.position }),
      savePosition: (position) => {
        this.position = position;
      },
      clock,
      random,
      log,
      signal: abort.signal,
      abandoned: abort.signal,
      ...options,
    });
  }

  get lines(): readonly string[] {
    return this.batches.flat();
  }

  /** Starts the container that the shipper has attached to. */
  async start(): Promise<void> {
    await this.engine.startContainer('app');
    this.shipper.hasStarted();
  }

  async untilDone(running: Promise<void>): Promise<void> {
    let isDone = false;
    void running.then(() => {
      isDone = true;
    });
    await this.clock.runUntil(() => isDone, { deadlineMs: 300_000, seen: () => this.lines.length });
  }
}

/** Counts the outputs that are being read. */
class CountingRuntime extends SimRuntime {
  open = 0;

  override async *output(...asked: Parameters<SimRuntime['output']>): AsyncGenerator<OutputLine, void> {
    this.open += 1;
    try {
      yield* super.output(...asked);
    } finally {
      this.open -= 1;
    }
  }
}

const lines = (count: number, afterMs = 0, length = 0): readonly SimOutput[] =>
  Array.from({ length: count }, (_, index) => ({ text: `line ${index}${'x'.repeat(length)}\n`, afterMs }));
const texts = (count: number): readonly string[] => lines(count).map(({ text }) => text.trimEnd());

describe('a log shipper', () => {
  test('sends within the flush interval, and the rest at the container’s end', async () => {
    const shipment = await Shipment.of(() => lines(3, 900));
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.clock.advance(1_950);
    expect(shipment.batches).toEqual([['line 0', 'line 1']]);
    await shipment.untilDone(running);
    expect(shipment.lines).toEqual(texts(3));
  });

  test('joins lines to events by their pattern', async () => {
    const output = ['#1', ' more', '#2'].map((text) => ({ text: `${text}\n` }));
    const shipment = await Shipment.of(() => output, { startsEvent: (line) => line.startsWith('#') });
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.clock.advance(7_000);
    expect(shipment.lines).toEqual(['#1\n more', '#2']);
    await shipment.untilDone(running);
  });

  test('sends again until the service takes it', async () => {
    const shipment = await Shipment.of(() => lines(2));
    shipment.failure = new Error('away');
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.clock.advance(30_000);
    expect(shipment.lines).toEqual([]);
    shipment.failure = undefined;
    await shipment.untilDone(running);
    expect(shipment.lines).toEqual(texts(2));
  });

  test('drops what the service refuses for good, and goes on', async () => {
    const shipment = await Shipment.of(() => lines(2, 5_000));
    shipment.failure = Object.assign(new Error('no'), {
      name: 'InvalidParameterException',
      $fault: 'client',
    });
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.clock.advance(8_000);
    shipment.failure = undefined;
    await shipment.untilDone(running);
    expect(shipment.lines).toEqual(['line 1']);
    expect(shipment.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('non-blocking and full, drops, counts and says so', async () => {
    const shipment = await Shipment.of(() => lines(100, 0, 100), { bufferBytes: 1_000 });
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.untilDone(running);
    const dropped = shipment.log.lines
      .filter(({ message }) => message.startsWith('Log buffer was full'))
      .reduce((sum, { fields }) => sum + Number(fields.dropped), 0);
    expect(dropped).toBeGreaterThan(0);
    expect(shipment.lines.length + dropped).toBe(100);
    expect(shipment.lines[0]).toMatch(/^line 0x/);
  });

  test('blocking, loses nothing and doubles nothing while the service is away for long', async () => {
    const count = 120;
    const shipment = await Shipment.of(() => lines(count, 50, 100_000), { isNonBlocking: false });
    shipment.failure = new Error('away');
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.clock.advance(20_000);
    shipment.failure = undefined;
    await shipment.untilDone(running);
    expect(shipment.lines.map((line) => line.replace(/x+$/, ''))).toEqual(texts(count));
  });

  test('blocking, holds no attachment while the service is away, and reads the rest after the exit', async () => {
    const count = 120;
    const shipment = await Shipment.of(() => lines(count, 50, 100_000));
    const runtime = new CountingRuntime(shipment.engine);
    shipment.shipper = shipment.newShipper({ isNonBlocking: false, runtime });
    shipment.failure = new Error('away');
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    await shipment.clock.advance(1_000);
    expect(runtime.open).toBe(1);
    await shipment.clock.advance(20_000);
    expect(runtime.open).toBe(0);
    await shipment.clock.advance(60_000);
    shipment.failure = undefined;
    await shipment.untilDone(running);
    expect(shipment.lines.map((line) => line.replace(/x+$/, ''))).toEqual(texts(count));
    expect(runtime.open).toBe(0);
  });

  test('reads nothing twice when a start had to be tried again', async () => {
    const shipment = await Shipment.of(() => lines(2));
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.clock.advance(500);
    shipment.shipper.detach();
    await shipment.clock.advance(500);
    shipment.shipper.attach();
    await shipment.start();
    await shipment.untilDone(running);
    expect(shipment.lines).toEqual(texts(2));
  });

  test('reads back what was said when a start took place after all', async () => {
    const shipment = await Shipment.of(() => lines(5, 100));
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.engine.startContainer('app');
    await shipment.clock.advance(250);
    shipment.shipper.detach();
    await shipment.untilDone(running);
    expect(shipment.lines).toEqual(texts(5));
  });

  test('follows a container that is restarted in place while its first run is still being sent', async () => {
    const shipment = await Shipment.of(() => lines(2));
    shipment.failure = new Error('away');
    shipment.shipper.attach();
    const running = shipment.shipper.run();
    await shipment.start();
    shipment.engine.container('app')?.kill();
    await shipment.clock.advance(5);
    expect(shipment.shipper.attach()).toBe(true);
    await shipment.start();
    await shipment.clock.advance(5);
    shipment.failure = undefined;
    await shipment.untilDone(running);
    expect(shipment.lines).toEqual([...texts(2), ...texts(2)]);
    expect(shipment.shipper.attach()).toBe(false);
  });

  test.each([
    ['after', 20_000],
    ['before', 1_500],
  ])(
    'blocking, reads both runs of a container restarted in place %s its output was let go of',
    async (_, ms) => {
      const count = 60;
      const shipment = await Shipment.of(() => lines(count, 10, 100_000));
      const runtime = new CountingRuntime(shipment.engine);
      shipment.shipper = shipment.newShipper({ isNonBlocking: false, runtime });
      shipment.failure = new Error('away');
      shipment.shipper.attach();
      const running = shipment.shipper.run();
      await shipment.start();
      await shipment.clock.advance(ms);
      shipment.engine.container('app')?.kill();
      await shipment.clock.advance(5);
      shipment.shipper.attach();
      await shipment.start();
      await shipment.clock.advance(20_000);
      expect(runtime.open).toBe(0);
      shipment.failure = undefined;
      await shipment.untilDone(running);
      const seen = shipment.lines.map((line) => line.replace(/x+$/, ''));
      expect(seen).toEqual([...texts(count), ...texts(count)]);
    },
  );

  test('goes on from the position of an earlier one', async () => {
    const shipment = await Shipment.of(() => lines(10, 300));
    const first = new AbortController();
    const earlier = shipment.newShipper({ signal: first.signal });
    earlier.attach();
    void earlier.run();
    await shipment.start();
    await shipment.clock.advance(1_500);
    first.abort();
    const shipped = shipment.lines.length;
    expect(shipped).toBeGreaterThan(0);
    expect(shipped).toBeLessThan(10);
    await shipment.clock.advance(500);
    await shipment.untilDone(shipment.newShipper().run());
    expect(shipment.lines).toEqual(texts(10));
  });
});
