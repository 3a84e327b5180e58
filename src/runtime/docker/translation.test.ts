import { describe, expect, it } from 'vitest';
import { Fields } from '../fields.ts';
import type { ContainerSpec } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import { type BodyContext, containerBody } from './container-body.ts';
import { containerOf } from './container-view.ts';
import { EngineAwayError, EngineError } from './engine-api.ts';
import { failed } from './failures.ts';
import { splitReference } from './images.ts';
import { nanosOf } from './log-entries.ts';
import { type Daemon, type EngineFacts, hardLimits, limitsOf } from './probe.ts';

const spec: ContainerSpec = {
  name: 'web',
  sandboxId: 'task',
  labels: { a: 'b' },
  image: 'web:1',
  env: { A: '1' },
  network: { mode: 'bridge', ports: [] },
  cpuShares: 2,
};
const context: BodyContext = {
  pauseId: 'abc',
  cgroupLocation: '/i/task',
  runtime: undefined,
  ulimitBounds: new Map([['nofile', 20_000]]),
  canBePrivileged: false,
  canRaiseResources: false,
  leastOomScore: 0,
};
const bodyOf = (changes: Partial<ContainerSpec>): unknown =>
  JSON.parse(JSON.stringify(containerBody({ ...spec, ...changes }, context)));

describe('a spec as the engine’s body', () => {
  it('leaves what is not given to the image, but not its health check', () => {
    expect(bodyOf({})).toEqual({
      Image: 'web:1',
      Env: ['A=1'],
      Labels: { a: 'b', 'catamaran.sandbox': 'task', 'catamaran.role': 'app' },
      Healthcheck: { Test: ['NONE'] },
      ExposedPorts: {},
      HostConfig: {
        NetworkMode: 'bridge',
        PortBindings: {},
        CpuShares: 2,
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
        RestartPolicy: { Name: 'no' },
        CgroupParent: '/i/task',
      },
    });
  });

  it('binds each port to its address, free ones by an empty port', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080, protocol: 'tcp', hostIp: '127.0.0.1' },
      { containerPort: 80, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.2' },
      { containerPort: 53, hostPort: 0, protocol: 'udp', hostIp: '' },
    ] as const;
    expect(bodyOf({ network: { mode: 'bridge', ports } })).toMatchObject({
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      HostConfig: {
        PortBindings: {
          '80/tcp': [
            { HostIp: '127.0.0.1', HostPort: '8080' },
            { HostIp: '127.0.0.2', HostPort: '' },
          ],
          '53/udp': [{ HostIp: '', HostPort: '' }],
        },
      },
    });
  });

  it('makes no container safer from the kernel than the engine may', () => {
    expect(bodyOf({ oomScoreAdjust: -997 })).toMatchObject({ HostConfig: { OomScoreAdj: 0 } });
    expect(bodyOf({ oomScoreAdjust: 1_000 })).toMatchObject({ HostConfig: { OomScoreAdj: 1_000 } });
  });

  it('lowers ulimits to what the engine may give', () => {
    const ulimits = [
      { name: 'nofile', soft: 1024, hard: 65_535 },
      { name: 'nofile', soft: -1, hard: -1 },
      { name: 'core', soft: 0, hard: -1 },
    ];
    expect(bodyOf({ ulimits })).toMatchObject({
      HostConfig: {
        Ulimits: [
          { Name: 'nofile', Soft: 1024, Hard: 20_000 },
          { Name: 'nofile', Soft: 20_000, Hard: 20_000 },
          { Name: 'core', Soft: 0, Hard: -1 },
        ],
      },
    });
  });

  it('joins the pause container’s namespaces, and leaves hostname and DNS to it', () => {
    const changes = {
      network: { mode: 'sandbox' },
      pidMode: 'sandbox',
      ipcMode: 'host',
      hostname: 'x',
    } as const;
    const body = bodyOf(changes);
    expect(body).toMatchObject({
      HostConfig: { NetworkMode: 'container:abc', PidMode: 'container:abc', IpcMode: 'host' },
    });
    expect(body).not.toHaveProperty('Hostname');
    const among = bodyOf({ ...changes, pidMode: { container: 'other' } });
    expect(among).toMatchObject({ HostConfig: { PidMode: 'container:other' } });
    expect(() => containerBody({ ...spec, ...changes }, { ...context, pauseId: undefined })).toThrow(
      /namespace/,
    );
  });

  it('spells sizes in bytes and unlimited swap as -1', () => {
    expect(bodyOf({ memoryMiB: 64, memorySwapMiB: -1, sharedMemoryMiB: 1, cpuMillis: 500 })).toMatchObject({
      HostConfig: {
        Memory: 67_108_864,
        MemorySwap: -1,
        ShmSize: 1_048_576,
        CpuPeriod: 100_000,
        CpuQuota: 50_000,
      },
    });
  });

  it.each([
    ['privileged', { isPrivileged: true }],
    ['SYS_RESOURCE', { capabilities: { add: ['CAP_SYS_RESOURCE'], drop: [] } }],
    ['colon', { mounts: [{ type: 'bind', source: '/a:b', target: '/c', isReadOnly: false }] }],
  ] as const)('refuses what the engine can not give: %s', (words, changes) => {
    expect(() => bodyOf(changes)).toThrow(words);
    expect(() => bodyOf(changes)).toThrow(RuntimeError);
  });
});

describe('the engine’s inspection as a container', () => {
  const inspected = (state: object): Fields =>
    new Fields({
      Id: 'abc',
      Name: '/web',
      Image: 'sha256:1',
      Created: '2026-01-01T00:00:00Z',
      Config: { Labels: { a: 'b', 'catamaran.role': 'app', 'catamaran.sandbox': 'task' } },
      State: { StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z', ...state },
      NetworkSettings: {
        Ports: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '49153' }], '81/tcp': null },
        Networks: { bridge: { IPAddress: '172.17.0.2', MacAddress: '02:42:ac:11:00:02' } },
      },
    });

  it('keeps the caller’s labels to itself', () => {
    expect(containerOf(inspected({ Status: 'created' }))).toMatchObject({
      name: 'web',
      labels: { a: 'b' },
      status: { state: 'created' },
      ports: [],
      ipv4Addresses: ['172.17.0.2'],
    });
  });

  it('takes one that could not be started for exited, with the reason', () => {
    const status = containerOf(inspected({ Status: 'created', ExitCode: 127, Error: 'no such file' })).status;
    expect(status).toEqual({
      state: 'exited',
      exitCode: 127,
      finishedAtMs: Date.UTC(2026, 0, 1),
      wasOutOfMemory: false,
      error: 'no such file',
    });
  });

  it('lets nothing end before it started', () => {
    const { status } = containerOf(
      inspected({
        Status: 'exited',
        StartedAt: '2026-01-01T00:00:01.002Z',
        FinishedAt: '2026-01-01T00:00:01.001Z',
      }),
    );
    expect(status).toMatchObject({ startedAtMs: Date.UTC(2026, 0, 1) + 1_001 });
  });

  it('dates health by the run of equal probes at the end of the log', () => {
    const probe = (second: number, exitCode: number) => ({
      End: `2026-01-01T00:00:0${second}Z`,
      ExitCode: exitCode,
      Output: `${second}`,
    });
    const health = { Status: 'unhealthy', Log: [probe(1, 1), probe(2, 0), probe(3, 1), probe(4, 1)] };
    expect(containerOf(inspected({ Running: true, Pid: 5, Health: health }))).toMatchObject({
      ports: [{ containerPort: 80, hostPort: 49_153, protocol: 'tcp', hostIp: '127.0.0.1' }],
      health: { status: 'UNHEALTHY', exitCode: 1, output: '4', sinceMs: Date.UTC(2026, 0, 1) + 3_000 },
    });
    expect(containerOf(inspected({ Running: true, Health: { Status: 'none' } })).health).toBeUndefined();
  });
});

describe('failures', () => {
  it.each([
    [
      500,
      'driver failed programming external connectivity on endpoint web: Bind for 127.0.0.1:80 failed: port is already allocated',
      'PortInUse',
    ],
    [500, 'Ports are not available: listen tcp 0.0.0.0:80: bind: address already in use', 'PortInUse'],
    [500, 'write /var/lib/docker/tmp/x: no space left on device', 'DiskFull'],
    [403, 'Address already in use', 'ContainerNetworking'],
    [404, 'network catamaran-x not found', 'ContainerNetworking'],
    [
      400,
      'OCI runtime create failed: error setting rlimit type 7: operation not permitted: unknown',
      'Unsupported',
    ],
    [503, 'engine is starting', 'EngineUnavailable'],
    [500, 'grpc: the client connection is closing: unknown', 'EngineUnavailable'],
    [400, 'exec: "/x": no such file or directory', 'CannotStartContainer'],
  ])('takes a %i "%s" for %s', (status, words, code) => {
    const error = failed(
      "Cannot start container 'web'",
      'CannotStartContainer',
      new EngineError('POST', status, words),
    );
    expect(error).toMatchObject({ code, detail: words, message: expect.stringContaining("container 'web'") });
  });

  it('takes an absent engine for one, and leaves everything else alone', () => {
    expect(failed('x', 'CannotStartContainer', new EngineAwayError('gone'))).toMatchObject({
      code: 'EngineUnavailable',
    });
    const bug = new TypeError('bug');
    expect(failed('x', 'CannotStartContainer', bug)).toBe(bug);
  });
});

describe('what a machine can do', () => {
  const facts: EngineFacts = {
    engine: 'podman',
    version: '4.3.1',
    apiVersion: '1.41',
    cpus: 2,
    memoryBytes: 1e9,
    architecture: 'x86_64',
    kernel: '6.1.0',
    cgroupVersion: 2,
    cgroupDriver: 'systemd',
    logDrivers: [],
    runtimes: [],
    networkDrivers: ['bridge'],
    isRootless: false,
    limitsMemory: true,
    limitsCpu: true,
    limitsPids: true,
    defaultBridge: 'docker0',
    isLocal: true,
  };
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 20000                files
Max locked memory         8388608              8388608              bytes
`;

  it('reads the daemon’s hard limits by the names of ulimits', () => {
    expect(hardLimits(limits)).toEqual(
      new Map([
        ['nofile', 20_000],
        ['memlock', 8_388_608],
      ]),
    );
  });

  it('names what a daemon without CAP_SYS_RESOURCE can not do', () => {
    const daemon: Daemon = {
      pid: 1,
      capabilities: 0x1fffeffffffn,
      sharesOurNetwork: false,
      oomScore: 0,
      hardLimits: hardLimits(limits),
    };
    const found = limitsOf(facts, daemon, undefined);
    expect(found.map(({ feature }) => feature)).toEqual(['privileged', 'ulimit-raise']);
    expect(found[1]?.message).toContain('20000 open files');
  });

  it('names what an engine lacks', () => {
    const poor = {
      ...facts,
      isRootless: true,
      limitsMemory: false,
      limitsCpu: false,
      limitsPids: false,
      defaultBridge: undefined,
    };
    expect(limitsOf(poor, undefined, 'no cgroups').map(({ feature }) => feature)).toEqual([
      ...['sandbox-cgroup', 'private-network', 'port-publishing'],
      ...['memory-limit', 'cpu-limit', 'pids-limit'],
    ]);
    expect(limitsOf(facts, undefined, undefined)).toEqual([]);
  });
});

describe('words of the engine', () => {
  it.each([
    ['web', 'web', 'latest'],
    ['web:1', 'web', '1'],
    ['localhost:5000/web', 'localhost:5000/web', 'latest'],
    ['localhost:5000/web:1', 'localhost:5000/web', '1'],
    ['web@sha256:abc', 'web@sha256:abc', undefined],
  ])('splits the reference %s', (reference, name, tag) => {
    expect(splitReference(reference)).toEqual({ name, tag });
  });

  it('reads times to the nanosecond', () => {
    expect(nanosOf('1970-01-01T00:00:01.5Z')).toBe(1_500_000_000n);
    expect(nanosOf('1970-01-01T01:00:00.000000007+01:00')).toBe(7n);
    expect(nanosOf('yesterday')).toBeUndefined();
  });
});
