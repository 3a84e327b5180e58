import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ECS } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { testImage, testImageName } from './image.ts';
import { catamaran, Installation, launcher, waitFor } from './installation.ts';

/** Sessions in real containers, through `./catamaran exec` and past it. */
describe('ECS Exec on the Engine', () => {
  let installation: Installation;
  let ecs: ECS;
  let task = '';
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-exec-'));

  const run = async (family: string, enableExecuteCommand = true): Promise<string> => {
    const { tasks = [] } = await ecs.runTask({ taskDefinition: family, enableExecuteCommand });
    const taskArn = tasks[0]?.taskArn ?? '';
    await waitFor(`${family} to run`, async () => {
      const described = await ecs.describeTasks({ tasks: [taskArn] });
      return described.tasks?.[0]?.lastStatus === 'RUNNING' ? true : undefined;
    });
    return taskArn;
  };

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
    const container = { image: testImageName, memory: 32, stopTimeout: 2, command: ['sleep', '3600'] };
    await ecs.registerTaskDefinition({
      family: 'one',
      containerDefinitions: [{ name: 'main', ...container }],
    });
    await ecs.registerTaskDefinition({
      family: 'user',
      containerDefinitions: [
        { name: 'main', ...container, user: '1000', readonlyRootFilesystem: true },
        { name: 'side', ...container },
      ],
    });
    task = await run('one');
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await installation?.[Symbol.asyncDispose]();
  });

  const exec = (...args: readonly string[]) =>
    catamaran(['exec', '--state', installation.stateDirectory, ...args]);

  /** A command that runs on, with what it says. */
  const begin = (command: string, args: readonly string[]) => {
    const child = spawn(command, args, { stdio: 'pipe' });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk;
      });
    // Not "exit": what it said last may come after that.
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return {
      child,
      ended,
      until: (text: string | RegExp) =>
        waitFor(
          String(text),
          async () => (said.match(text) ? true : undefined),
          () => said,
        ),
      said: () => said,
    };
  };
  const execArguments = (taskArn: string, ...command: string[]): string[] => [
    ...['exec', '--state', installation.stateDirectory, taskArn, '--'],
    ...command,
  ];

  it('runs a command, prints what it wrote and ends with its exit code', async () => {
    const { code, stdout, said } = await execOf(task, 'sh', '-c', 'echo "to $TERM"; echo two; exit 7');
    expect([code, stdout], said).toEqual([7, 'to xterm-256color\ntwo\n']);
    expect((await execOf(task, 'true')).code).toBe(0);
  });

  const execOf = async (taskArn: string, ...command: string[]) => {
    const session = begin(launcher, execArguments(taskArn, ...command));
    session.child.stdin.end();
    let stdout = '';
    session.child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    const code = await session.ended;
    return { code, stdout, said: session.said() };
  };

  it('brings a large output completely', async () => {
    const { code, stdout } = await execOf(task, 'seq', '1', '200000');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(200_001);
    expect(lines.findIndex((line, at) => at < 200_000 && line !== String(at + 1))).toBe(-1);
  });

  it('passes on what is piped in, and its end', async () => {
    const session = begin(
      launcher,
      execArguments(task, 'sh', '-c', 'stty -echo; echo ready; sort -r; echo over'),
    );
    await session.until('ready');
    session.child.stdin.end('a\nb\nc\n');
    expect(await session.ended).toBe(0);
    expect(session.said()).toContain('c\nb\na\nover\n');
  });

  it('runs as root, whoever the container’s user is, in the container that is named', async () => {
    const several = await run('user');
    const unnamed = await exec(several, '--', 'true');
    expect([unnamed.code, unnamed.stderr]).toEqual([1, expect.stringContaining('--container (main, side)')]);
    const named = await exec(several, '--container', 'main', '--', 'sh', '-c', 'id -u');
    expect([named.code, named.stdout]).toEqual([0, '0\n']);
    await ecs.stopTask({ task: several });
  });

  it('says what is wrong and what to do', async () => {
    const plain = await run('one', false);
    const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
      [
        'no such task',
        ['0'.repeat(32)],
        /There is no task 0+ in the cluster default. Running there: [0-9a-f]{32}/,
      ],
      ['no such cluster', [task, '--cluster', 'none'], /There is no cluster none/],
      ['a task without ECS Exec', [plain], /started without ECS Exec: start it with enableExecuteCommand/],
      ['no such container', [task, '--container', 'none'], /has no container none. It has: main/],
    ];
    for (const [what, args, message] of cases) {
      const { code, stderr } = await exec(...args);
      expect([what, code, stderr]).toEqual([what, 1, expect.stringMatching(message)]);
    }
    const missing = await execOf(task, '/no/such/program');
    expect([126, 127]).toContain(missing.code);
    expect(missing.said).toContain('no such file or directory');
  });

  it('is a terminal: prompt, size, resizing, Ctrl-C, exit code', async () => {
    const tty = join(directory, 'tty');
    const command = `tty > ${tty}; stty rows 33 cols 99; ${launcher} ${execArguments(task, 'sh').join(' ')}`;
    const session = begin('script', ['-qec', command, '/dev/null']);
    await session.until(/[#$] /);
    session.child.stdin.write('stty size\n');
    await session.until('33 99');
    execFileSync('stty', ['-F', readFileSync(tty, 'utf8').trim(), 'rows', '40', 'cols', '120']);
    // The size is a message of its own: whoever asks at once may be sooner.
    await waitFor('the new size', async () => {
      session.child.stdin.write('stty size\n');
      return session.said().includes('40 120') ? true : undefined;
    });
    // Said by what Ctrl-C is for, when it has the terminal.
    session.child.stdin.write('sh -c "echo go; exec sleep 1000"; echo slept\n');
    await session.until(/\ngo\r*\n/);
    session.child.stdin.write('\x03');
    session.child.stdin.write('echo $((40+2))\n');
    await session.until(/\n42\r*\n/);
    expect(session.said()).not.toMatch(/\nslept/);
    session.child.stdin.write('exit 5\n');
    expect(await session.ended).toBe(5);
  });

  it('kills what its client leaves alone', async () => {
    const session = begin(launcher, execArguments(task, 'sh', '-c', 'echo begun; exec sleep 4242'));
    await session.until('begun');
    session.child.kill('SIGTERM');
    await session.ended;
    await waitFor('the command to be gone', async () => {
      const { stdout } = await execOf(task, 'ps');
      return stdout.includes('sleep 4242') ? undefined : true;
    });
  });

  it('logs a session with its container’s output, also when its client leaves it', async () => {
    const group = '/ecs/exec';
    await installation.logs().createLogGroup({ logGroupName: group });
    await ecs.registerTaskDefinition({
      family: 'logged',
      containerDefinitions: [
        {
          name: 'main',
          image: testImageName,
          memory: 32,
          command: ['sleep', '3600'],
          stopTimeout: 2,
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': group,
              'awslogs-region': installation.environment.AWS_REGION ?? '',
              'awslogs-stream-prefix': 'x',
            },
          },
        },
      ],
    });
    const logged = await run('logged');
    expect((await execOf(logged, 'sh', '-c', 'echo "one $TERM"; seq 1 3')).code).toBe(0);
    const left = begin(launcher, execArguments(logged, 'sh', '-c', 'echo begun; exec sleep 4242'));
    await left.until('begun');
    left.child.kill('SIGTERM');
    await left.ended;
    const found = async (): Promise<readonly string[]> => {
      const logs = installation.logs();
      const { logStreams = [] } = await logs.describeLogStreams({
        ...{ logGroupName: group, logStreamNamePrefix: 'ecs-execute-command-' },
      });
      const said: string[] = [];
      for (const { logStreamName = '' } of logStreams) {
        const { events = [] } = await logs.getLogEvents({ logGroupName: group, logStreamName });
        said.push(events.map(({ message }) => message).join('|'));
      }
      return said.sort();
    };
    await waitFor(
      'both sessions to be logged',
      async () => {
        const [first, second] = await found();
        return first === 'begun' && second === 'one xterm-256color\n1\n2\n3' ? true : undefined;
      },
      () => installation.output,
    );
    await ecs.stopTask({ task: logged });
  });

  it('ends with its task', async () => {
    const short = await run('one');
    const session = begin(launcher, execArguments(short, 'sh', '-c', 'echo begun; sleep 1000'));
    await session.until('begun');
    await ecs.stopTask({ task: short });
    expect(await session.ended).not.toBe(0);
  });

  /** The plugin itself is in no package of npm or Debian: what the CLI would start it with is what can be seen. */
  it('gives the AWS CLI what it hands to session-manager-plugin', async () => {
    const started = join(directory, 'started.json');
    const plugin = join(directory, 'session-manager-plugin');
    writeFileSync(
      plugin,
      `#!/bin/sh
if [ "$1" = --version ]; then echo 1.2.707.0; exit; fi
case "$1" in AWS_SSM*) eval "printf %s \\"\\$$1\\"";; *) printf %s "$1";; esac > ${started}
printf '\\n%s' "$3" "$5" >> ${started}
`,
      { mode: 0o755 },
    );
    const command = ['ecs', 'execute-command', '--task', task, '--command', 'true', '--interactive'];
    const outcome = await catamaran(['aws', '--state', installation.stateDirectory, ...command], {
      PATH: `${directory}:${process.env.PATH}`,
    });
    expect(outcome.code, outcome.stderr).toBe(0);
    const [session = '', operation, parameters = ''] = readFileSync(started, 'utf8').split('\n');
    expect(JSON.parse(session)).toMatchObject({
      sessionId: expect.stringMatching(/^ecs-execute-command-/),
      streamUrl: expect.stringMatching(/^ws:\/\//),
      tokenValue: expect.any(String),
    });
    expect(operation).toBe('StartSession');
    const { tasks: [described] = [] } = await ecs.describeTasks({ tasks: [task] });
    const [container] = described?.containers ?? [];
    const id = task.split('/').at(-1);
    expect(JSON.parse(parameters)).toEqual({ Target: `ecs:default_${id}_${container?.runtimeId}` });
  });

  it('lets nobody in without a token', async () => {
    const { session } = await ecs.executeCommand({ task, command: 'sh', interactive: true });
    const socket = new WebSocket(session?.streamUrl ?? '');
    socket.on('open', () => socket.send(JSON.stringify({ TokenValue: 'guessed' })));
    const reason = await new Promise<string>((resolve) => {
      socket.on('close', (code, why) => resolve(`${code} ${why}`));
    });
    expect(reason).toMatch(/^1008 The token is unknown/);
  });
});
