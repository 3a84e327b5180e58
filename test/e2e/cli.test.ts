import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ECS, type Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '#package' with { type: 'json' };
import type { InstanceDescription, StatusResponse } from '../../src/cli/index.ts';
import { processStartTime, readCredentials, readServer } from '../../src/installation/index.ts';
import { askEngine, footprint, tracesOf } from './footprint.ts';
import { installationContainers, testImage, testImageName } from './image.ts';
import { catamaran, Installation, launcher, type Outcome, waitFor } from './installation.ts';

const run = promisify(execFile);
const sleeper = {
  name: 'main',
  image: testImageName,
  memory: 16,
  stopTimeout: 2,
  command: ['sleep', '3600'],
};

/** One line of a shell, as a person types it beside the launcher. */
async function shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run('sh', ['-euc', line], {
    cwd: dirname(launcher),
    env: { ...process.env, ...env },
    timeout: 110_000,
  });
  return stdout;
}

async function running(ecs: ECS, taskArn: string, cluster = 'default'): Promise<Task> {
  let seen: Task | undefined;
  return waitFor(
    `${taskArn} to be RUNNING`,
    async () => {
      seen = (await ecs.describeTasks({ cluster, tasks: [taskArn] })).tasks?.[0];
      if (seen?.lastStatus === 'STOPPED') throw new Error(`It stopped: ${JSON.stringify(seen)}`);
      return seen?.lastStatus === 'RUNNING' ? seen : undefined;
    },
    () => seen,
  );
}

async function runSleeper(ecs: ECS, family = 'sleeper'): Promise<string> {
  await ecs.registerTaskDefinition({ family, containerDefinitions: [sleeper] });
  const { tasks = [], failures } = await ecs.runTask({ taskDefinition: family });
  expect(failures).toEqual([]);
  return tasks[0]?.taskArn ?? '';
}

const statusOf = async (installation: Installation): Promise<StatusResponse> =>
  JSON.parse((await installation.catamaran('status', '--json')).stdout);

function expectRefused(outcome: Outcome, message: RegExp | string): void {
  expect(outcome.code, outcome.stdout + outcome.stderr).toBe(1);
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).not.toMatch(/^ {4}at /m);
}

describe('the launcher', () => {
  it('says its version, helps, and suggests the command that was meant', async () => {
    expect(await catamaran(['--version'])).toMatchObject({ code: 0, stdout: `${packageJson.version}\n` });
    const help = await catamaran(['--help']);
    for (const command of ['up', 'down', 'env', 'aws', 'status', 'instance', 'demo', 'bench', 'test']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    expect((await catamaran(['instance', 'remove', '--help'])).stdout).toContain('--force');
    const mistyped = await catamaran(['stauts']);
    expect(mistyped.code).toBe(2);
    expect(mistyped.stderr).toContain('Did you mean status?');
  });

  it('says what to do when nothing runs, and down is content with that', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'catamaran-e2e-'));
    try {
      const state = join(folder, 'none');
      for (const command of [['env'], ['status'], ['instance', 'list'], ['aws', 'ecs', 'list-clusters']]) {
        const [name = '', ...rest] = command;
        expectRefused(
          await catamaran([name, ...rest], { CATAMARAN_STATE: state }),
          /Catamaran is not running on .*none\. Start it with: \.\/catamaran up --detach/,
        );
      }
      expect(await catamaran(['down', '--state', state])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('is not running'),
      });
      expect(await catamaran(['down', '--purge', '--state', state])).toMatchObject({ code: 0 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a running Catamaran', () => {
  let installation: Installation;
  let ecs: ECS;

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  it('is all that an AWS SDK needs after `eval "$(./catamaran env)"`, whatever the shell had before', async () => {
    const program = `
      import { ECS } from '@aws-sdk/client-ecs';
      const { clusters } = await new ECS({}).describeClusters({});
      console.log(clusters[0].clusterName, clusters[0].status);`;
    const printed = await shell(
      `eval "$(./catamaran env --state '${installation.stateDirectory}')"; node --input-type=module -e "$PROGRAM"; env | grep ^AWS_ | grep -v ^AWS_CA_BUNDLE= | sort`,
      {
        PROGRAM: program,
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        AWS_PROFILE: 'somebody-else',
        AWS_SESSION_TOKEN: 'stale',
        AWS_ACCESS_KEY_ID: 'AKIASTALE',
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL_ECS: 'http://127.0.0.1:9',
      },
    );
    const [answer, ...variables] = printed.trim().split('\n');
    expect(answer).toBe('default ACTIVE');
    expect(variables.map((line) => line.split('=')[0])).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_DEFAULT_REGION',
      'AWS_DISABLE_HOST_PREFIX_INJECTION',
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
    ]);
    expect(variables).toContain('AWS_REGION=us-east-1');
  });

  it('says in status what runs, and how much of it', async () => {
    const taskArn = await runSleeper(ecs);
    await running(ecs, taskArn);
    const status = await statusOf(installation);
    expect(status).toMatchObject({
      pid: await installation.pid(),
      endpoint: installation.endpoint,
      state: installation.stateDirectory,
      version: packageJson.version,
      engine: { name: 'docker', isConnected: true, version: expect.stringMatching(/^\d/) },
      counts: { clusters: 1, services: 0, containerInstances: 1, tasks: { RUNNING: 1 } },
      network: { defaultVpc: { cidr: '172.31.0.0/16' } },
    });
    const { stdout } = await installation.catamaran('status');
    expect(stdout).toMatch(/ tasks +1 RUNNING/);
    expect(stdout).toContain(status.network.defaultVpc?.subnets[0]?.subnetId);
    expect(stdout).toContain(status.endpoint);
    await ecs.stopTask({ task: taskArn });
  });

  it('is unharmed by a second one that wants its state directory or its port', async () => {
    const { port } = new URL(installation.endpoint);
    expectRefused(
      await catamaran(['up', '--state', installation.stateDirectory, '--port', '0']),
      /Catamaran \S+ already serves .*: process \d+ at http.*stop it with \.\/catamaran down/,
    );
    const folder = await mkdtemp(join(tmpdir(), 'catamaran-e2e-'));
    try {
      const elsewhere = ['up', '--state', join(folder, 'state'), '--port', port];
      const taken = new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: another process listens there`);
      expectRefused(await catamaran(elsewhere), taken);
      expectRefused(await catamaran([...elsewhere, '--detach']), taken);
    } finally {
      expect(await catamaran(['down', '--purge', '--state', join(folder, 'state')])).toMatchObject({
        code: 0,
      });
      await rm(folder, { recursive: true, force: true });
    }
    expect(await statusOf(installation)).toMatchObject({ pid: await installation.pid() });
  });

  describe('through ./catamaran aws', () => {
    /** A CLI of a given version that prints what it was called with. */
    async function withAwsCli(version: string, work: (path: string) => Promise<void>): Promise<void> {
      const folder = await mkdtemp(join(tmpdir(), 'catamaran-e2e-'));
      try {
        await writeFile(
          join(folder, 'aws'),
          `#!/bin/sh\nif [ "$1" = --version ]; then echo "aws-cli/${version} Python/3"; exit 0; fi\necho "$@"; env | grep ^AWS_ | grep -v ^AWS_CA_BUNDLE= | sort\nexit 7\n`,
        );
        await chmod(join(folder, 'aws'), 0o755);
        await work(`${folder}:${process.env.PATH}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }

    it('says once that a CLI older than 2.13 would talk to the real AWS', async () => {
      await withAwsCli('2.12.7', async (path) => {
        const args = ['aws', '--state', installation.stateDirectory, 'ecs', 'list-clusters'];
        const first = await catamaran(args, { PATH: path });
        expect(first.stderr).toContain('2.12.7 ignores AWS_ENDPOINT_URL (2.13 and newer read it)');
        expect(first.stderr).toContain('it would talk to the real AWS');
        expect((await catamaran(args, { PATH: path })).stderr).toBe('');
      });
      await withAwsCli('2.13.0', async (path) => {
        const args = ['aws', '--state', installation.stateDirectory, 'ecs', 'list-clusters'];
        expect((await catamaran(args, { PATH: path })).stderr).toBe('');
      });
    });

    it('lets nothing of the AWS environment around it leak in, and passes the exit code on', async () => {
      await withAwsCli('2.13.0', async (path) => {
        const called = await catamaran(
          ['aws', '--state', installation.stateDirectory, 'ecs', 'list-clusters', '--max-items', '1'],
          {
            PATH: path,
            AWS_PROFILE: 'somebody-else',
            AWS_DEFAULT_PROFILE: 'somebody-else',
            AWS_SESSION_TOKEN: 'stale',
            AWS_ENDPOINT_URL: 'http://elsewhere',
            AWS_ENDPOINT_URL_ECS: 'http://elsewhere',
            AWS_REGION: 'eu-west-1',
          },
        );
        expect(called.code).toBe(7);
        const [line, ...variables] = called.stdout.trim().split('\n');
        expect(line).toBe(`--endpoint-url ${installation.endpoint} ecs list-clusters --max-items 1`);
        expect(variables.map((variable) => variable.replace(/=.*/, ''))).toEqual([
          'AWS_ACCESS_KEY_ID',
          'AWS_DEFAULT_REGION',
          'AWS_DISABLE_HOST_PREFIX_INJECTION',
          'AWS_ENDPOINT_URL',
          'AWS_REGION',
          'AWS_SECRET_ACCESS_KEY',
        ]);
        expect(variables).toContain(`AWS_ENDPOINT_URL=${installation.endpoint}`);
        expect(variables).toContain('AWS_REGION=us-east-1');
      });
    });
  });

  describe('with several container instances', () => {
    const add = async (name: string): Promise<InstanceDescription> => {
      const added = await installation.catamaran(
        ...['instance', 'add', '--cluster', 'slices', '--name', name],
        ...['--cpu', '256', '--memory', '256', '--json'],
      );
      expect(added.code, added.stderr).toBe(0);
      return JSON.parse(added.stdout);
    };

    it('refuses a share that is not free, and says what is', async () => {
      const outcome = await installation.catamaran('instance', 'add', '--cpu', '1000000', '--memory', '256');
      expectRefused(outcome, /has \d+ CPU units and \d+ MiB free, asked for: 1000000 and 256/);
      expectRefused(await installation.catamaran('instance', 'add', '--cpu', '1'), /at least 128 CPU units/);
    });

    it('runs two tasks with the same host port, each on an address of its own, and takes instances away', async () => {
      const instances = [await add('red'), await add('blue')];
      expectRefused(
        await installation.catamaran('instance', 'add', '--name', 'red', '--cpu', '128', '--memory', '64'),
        /An instance named red exists already/,
      );
      let listed = '';
      await waitFor(
        'both to be connected',
        async () => {
          listed = (await installation.catamaran('instance', 'list', '--cluster', 'slices')).stdout;
          return ['red', 'blue'].every((name) => new RegExp(` ${name} .* yes `).test(listed)) || undefined;
        },
        () => listed,
      );
      expect(listed).toMatch(/^ID +NAME +CLUSTER +ZONE +STATUS +CONNECTED +CPU +MEMORY +TASKS\n/);
      expect(listed).toMatch(/ red +slices +us-east-1a +ACTIVE +yes +256 +256 +0\n/);
      expect(listed.trim().split('\n')).toHaveLength(3);

      await ecs.registerTaskDefinition({
        family: 'pages',
        containerDefinitions: [
          {
            ...sleeper,
            command: ['sh', '-c', 'mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www'],
            portMappings: [{ containerPort: 80, hostPort: 18_090 }],
          },
        ],
      });
      const answers = new Set<string>();
      for (const { containerInstanceArn = '' } of instances) {
        const { tasks = [], failures } = await ecs.startTask({
          cluster: 'slices',
          taskDefinition: 'pages',
          containerInstances: [containerInstanceArn],
        });
        expect(failures).toEqual([]);
        const task = await running(ecs, tasks[0]?.taskArn ?? '', 'slices');
        const binding = task.containers?.[0]?.networkBindings?.[0];
        expect(binding).toMatchObject({
          hostPort: 18_090,
          bindIP: expect.stringMatching(/^127\.0\.0\.[2-9]/),
        });
        const answer = await waitFor('the task to answer', async () => {
          const response = await fetch(`http://${binding?.bindIP}:18090/`).catch(() => undefined);
          return response?.ok ? response.text() : undefined;
        });
        answers.add(`${binding?.bindIP} ${answer}`);
      }
      expect(answers.size).toBe(2);

      expectRefused(
        await installation.catamaran('instance', 'remove', 'red'),
        /red still has a task: stop it first, or remove it with --force/,
      );
      for (const name of ['red', 'blue']) {
        const removed = await installation.catamaran('instance', 'remove', name, '--force');
        expect(removed.code, removed.stderr).toBe(0);
      }
      expect((await installation.catamaran('instance', 'list', '--cluster', 'slices')).stdout).toContain(
        'There are no container instances',
      );
      const { taskArns = [] } = await ecs.listTasks({ cluster: 'slices' });
      expect(taskArns).toEqual([]);
      const left = await installationContainers(installation.stateDirectory);
      expect(left.filter(({ labels }) => labels['com.amazonaws.ecs.cluster'] === 'slices')).toEqual([]);
      expectRefused(
        await installation.catamaran('instance', 'remove', 'machine', '--force'),
        /machine's own instance: it stays/,
      );
    }, 240_000);
  });
});

describe('up and down', () => {
  beforeAll(async () => {
    await testImage();
  });

  it('runs in the background, leaves containers running when it goes, and takes them up again', async () => {
    const state = join(await mkdtemp(join(tmpdir(), 'catamaran-e2e-')), 'with space');
    const up = (): Promise<Outcome> => catamaran(['up', '--detach', '--port', '0', '--state', state]);
    const down = (...args: string[]): Promise<Outcome> => catamaran(['down', '--state', state, ...args]);
    const ecs = (): ECS => {
      const credentials = readCredentials(state);
      const endpoint = readServer(state)?.endpoint;
      if (credentials === undefined || endpoint === undefined) throw new Error(`Nothing serves ${state}`);
      return new ECS({ endpoint, region: credentials.region, credentials });
    };
    try {
      const started = await up();
      expect(started.code, started.stderr).toBe(0);
      expect(started.stdout).toMatch(/Catamaran \S+ is ready\.\n/);
      expect(started.stdout).toContain(`eval "$(./catamaran env --state '${state}')"`);
      const log = join(state, 'catamaran.log');
      expect(started.stdout).toContain(`its log is ${log}`);
      expect(statSync(log).mode & 0o777).toBe(0o600);
      const { pid, endpoint } = JSON.parse((await catamaran(['status', '--json', '--state', state])).stdout);

      const taskArn = await runSleeper(ecs());
      const before = await running(ecs(), taskArn);
      const runtimeId = before.containers?.[0]?.runtimeId ?? '';
      const traces = tracesOf(state);

      expect(await down()).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('containers keep running'),
      });
      expect(processStartTime(pid)).toBeUndefined();
      await expect(fetch(endpoint)).rejects.toThrow();
      const container = (await askEngine('GET', `/containers/${runtimeId}/json`)) as {
        State: { Running: boolean; StartedAt: string };
      };
      expect(container.State.Running).toBe(true);

      expect(await up()).toMatchObject({ code: 0 });
      const after = (await ecs().describeTasks({ tasks: [taskArn] })).tasks?.[0];
      expect(after).toMatchObject({
        lastStatus: 'RUNNING',
        startedAt: before.startedAt,
        containers: [{ runtimeId, lastStatus: 'RUNNING' }],
      });

      const purged = await down('--purge');
      expect(purged.code, purged.stderr).toBe(0);
      expect(await footprint(traces)).toEqual([]);
      expect(existsSync(state)).toBe(false);
      await expect(askEngine('GET', `/containers/${runtimeId}/json`)).resolves.toMatchObject({
        message: expect.stringContaining('No such container'),
      });
    } finally {
      await down('--purge');
      await rm(dirname(state), { recursive: true, force: true });
    }
  }, 240_000);

  it('lets only one of two that start at the same moment have a state directory', async () => {
    const state = await mkdtemp(join(tmpdir(), 'catamaran-e2e-'));
    try {
      const both = await Promise.all(
        [0, 1].map(() => catamaran(['up', '--detach', '--port', '0', '--state', state])),
      );
      const codes = both.map(({ code }) => code).sort();
      expect(codes, JSON.stringify(both)).toEqual([0, 1]);
      const loser = both.find(({ code }) => code === 1);
      expect(loser?.stderr).toMatch(/is in use by (process \d+|another process)|already serves/);
      expect(await catamaran(['status', '--state', state])).toMatchObject({ code: 0 });
    } finally {
      expect(await catamaran(['down', '--purge', '--state', state])).toMatchObject({ code: 0 });
      await rm(state, { recursive: true, force: true });
    }
  }, 240_000);

  it('purges all that an awsvpc task with volumes and limits needed, also after kill -9', async () => {
    const installation = await Installation.start();
    try {
      const ecs = installation.ecs();
      await ecs.registerTaskDefinition({
        family: 'rich',
        networkMode: 'awsvpc',
        memory: '64',
        cpu: '128',
        volumes: [
          { name: 'own' },
          {
            name: 'shared',
            dockerVolumeConfiguration: { scope: 'shared', autoprovision: true, driver: 'local' },
          },
        ],
        containerDefinitions: [
          {
            ...sleeper,
            mountPoints: [
              { sourceVolume: 'own', containerPath: '/own' },
              { sourceVolume: 'shared', containerPath: '/shared' },
            ],
          },
        ],
      });
      const { tasks = [] } = await ecs.runTask({
        taskDefinition: 'rich',
        networkConfiguration: { awsvpcConfiguration: { subnets: [await installation.subnetId()] } },
      });
      await running(ecs, tasks[0]?.taskArn ?? '');
      const traces = tracesOf(installation.stateDirectory);
      const kinds = new Set((await footprint(traces)).map((line) => line.split(' ')[0]));
      expect(kinds).toEqual(new Set(['container', 'network', 'volume', 'cgroup', 'namespace']));

      await installation.kill9();
      expect((await footprint(traces)).length).toBeGreaterThan(0);
      const purged = await installation.catamaran('down', '--purge');
      expect(purged.code, purged.stderr).toBe(0);
      expect(purged.stdout).toContain('is not running');
      expect(await footprint(traces)).toEqual([]);
      expect(existsSync(installation.stateDirectory)).toBe(false);
    } finally {
      await installation[Symbol.asyncDispose]();
    }
  }, 240_000);

  it('says that a port is taken by another program', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const state = await mkdtemp(join(tmpdir(), 'catamaran-e2e-'));
    try {
      expectRefused(
        await catamaran(['up', '--state', state, '--port', String(port)]),
        /another process listens there\. Stop it or choose another port/,
      );
    } finally {
      await catamaran(['down', '--purge', '--state', state]);
      await rm(state, { recursive: true, force: true });
      other.close();
    }
  });
});
