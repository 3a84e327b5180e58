import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServer } from '../installation/index.ts';
import { aws } from './commands/aws.ts';
import { events } from './commands/events.ts';
import { up } from './commands/up.ts';
import type { Composition } from './composition.ts';
import { run } from './run.ts';
import { shellQuote } from './shell.ts';
import { announceServer, fakeComposition } from './testing/fake-composition.ts';
import { type RecordedTerminal, recordedTerminal } from './testing/recorded-terminal.ts';

let folder: string;
let state: string;
let terminal: RecordedTerminal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catamaran-cli-'));
  state = join(folder, 'state');
  terminal = recordedTerminal({ env: { CATAMARAN_STATE: state, PATH: process.env.PATH, HOME: folder } });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const command = (args: readonly string[], bent: Partial<Composition> = {}): Promise<number> =>
  run(args, fakeComposition(bent), terminal);

describe('the command line', () => {
  it('shows help with examples, everywhere', async () => {
    for (const args of [
      ['--help'],
      ['up', '--help'],
      ['aws', '--help'],
      ['instance', '--help'],
      ['test', '--help'],
    ]) {
      expect(await command(args)).toBe(0);
    }
    expect(await command([])).toBe(0);
    expect(terminal.out().match(/Examples:/g)).toHaveLength(6);
    expect(terminal.err()).toBe('');
  });

  it('says its version', async () => {
    expect(await command(['--version'])).toBe(0);
    expect(terminal.out()).toBe('1.2.3\n');
  });

  it('suggests the command that was meant', async () => {
    expect(await command(['statsu'])).toBe(2);
    expect(terminal.err()).toContain('Did you mean status?');
  });

  it.each([
    [['up', '--port', '70000']],
    [['up', '--port', 'x']],
    [['instance', 'add', '--cpu', '0']],
    [['down', 'extra']],
  ])('refuses %j', async (args) => {
    expect(await command(args)).toBe(2);
    expect(terminal.err()).toContain('error:');
  });

  it('says what to do when nothing runs', async () => {
    for (const args of [
      ['env'],
      ['status'],
      ['events'],
      ['instance', 'list'],
      ['aws', 'ecs', 'list-clusters'],
    ]) {
      expect(await command(args)).toBe(1);
    }
    expect(
      terminal.err().match(/Catamaran is not running on .*\. Start it with: \.\/catamaran up --detach/g),
    ).toHaveLength(5);
    expect(terminal.out()).toBe('');
  });
});

describe('up', () => {
  it('serves until it is interrupted, and says how to use it', async () => {
    const interruption = new AbortController();
    const composition = fakeComposition();
    const serving = up(
      {
        port: 4599,
        host: '127.0.0.1',
        state,
        detach: false,
        fargateIsolation: 'auto',
        vpcs: 'auto',
        loadBalancers: 'auto',
      },
      { composition, terminal, signal: interruption.signal },
    );
    await expect.poll(() => terminal.out()).toContain('Stop it with Ctrl-C');
    expect(readServer(state)?.port).toBe(4599);
    expect(terminal.out()).toMatch(
      /endpoint +http:\/\/127\.0\.0\.1:4599\n +region +us-east-1\n +account +111122223333\n/,
    );
    expect(terminal.out()).toContain(`eval "$(./catamaran env --state ${state})"`);
    expect(terminal.out()).not.toContain("se'cret");
    interruption.abort();
    expect(await serving).toBe(0);
    expect(readServer(state)).toBeUndefined();
  });

  it('ends a start under way when it is interrupted', async () => {
    const interruption = new AbortController();
    let isStarting = false;
    const composition = fakeComposition({
      startServer: ({ signal }) => {
        isStarting = true;
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const serving = up(
      {
        port: 4599,
        host: '127.0.0.1',
        state,
        detach: false,
        fargateIsolation: 'auto',
        vpcs: 'auto',
        loadBalancers: 'auto',
      },
      { composition, terminal, signal: interruption.signal },
    );
    await expect.poll(() => isStarting).toBe(true);
    interruption.abort(new Error('Interrupted'));
    await expect(serving).rejects.toThrow('Interrupted');
  });

  it('refuses a second server on one state directory', async () => {
    announceServer(state, 'http://127.0.0.1:4599');
    expect(await command(['up'])).toBe(1);
    expect(terminal.err()).toContain(
      `already serves ${state}: process ${process.pid} at http://127.0.0.1:4599`,
    );
  });

  it('takes no directory that holds something else, and no file', async () => {
    const occupied = join(folder, 'occupied');
    mkdirSync(occupied);
    writeFileSync(join(occupied, 'thesis.txt'), '');
    expect(await command(['up', '--state', occupied])).toBe(1);
    expect(terminal.err()).toContain(`${occupied} is not a state directory of Catamaran and not empty`);
    const file = join(occupied, 'thesis.txt');
    expect(await command(['up', '--state', file])).toBe(1);
    expect(terminal.err()).toContain(`${file} is a file`);
    expect(await command(['login', 'ada', '--state', file])).toBe(1);
    expect(terminal.err()).toContain(`Catamaran is not running on ${file}`);
    expect(await command(['up', '--state', ''])).toBe(2);
    expect(readdirSync(occupied)).toEqual(['thesis.txt']);
  });

  it('takes no region that can be no part of a host name', async () => {
    for (const region of ['bad region', 'US-EAST-1', 'eu-west-', '']) {
      expect(await command(['up', '--region', region])).toBe(2);
      expect(terminal.err()).toContain(`argument '${region}' is invalid. A region is small letters`);
    }
  });
});

describe('down', () => {
  it('is content when nothing runs', async () => {
    expect(await command(['down'])).toBe(0);
    expect(await command(['down', '--purge'])).toBe(0);
    expect(terminal.out()).toContain('is not running');
    expect(terminal.out()).toContain('There is nothing to remove');
  });

  it('--purge removes what a stopped installation left', async () => {
    await announceServer(state, 'http://127.0.0.1:4599').stop();
    const purged: string[] = [];
    const purge: Composition['purge'] = async (directory) => {
      purged.push(directory);
      return { containers: 3, networks: 1, volumes: 0 };
    };
    expect(await command(['down', '--purge'], { purge })).toBe(0);
    expect(purged).toEqual([state]);
    expect(terminal.out()).toContain('3 containers, 1 networks, 0 volumes');
  });

  it('--purge leaves directories alone that are none of ours', async () => {
    writeFileSync(join(folder, 'precious'), '');
    expect(await command(['down', '--purge', '--state', folder])).toBe(1);
    expect(terminal.err()).toContain('is not a state directory of Catamaran: nothing was removed');
    expect(existsSync(join(folder, 'precious'))).toBe(true);
  });
});

describe('env', () => {
  it('prints what a shell can evaluate, whatever the secret holds', async () => {
    announceServer(state, 'http://127.0.0.1:4599');
    expect(await command(['env'])).toBe(0);
    const script = `${terminal.out()}\nenv | grep ^AWS_ | sort`;
    const seen = execFileSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, AWS_PROFILE: 'other', AWS_SESSION_TOKEN: 'stale' },
    });
    expect(seen.trim().split('\n')).toEqual([
      'AWS_ACCESS_KEY_ID=AKIATEST',
      'AWS_DEFAULT_REGION=us-east-1',
      'AWS_DISABLE_HOST_PREFIX_INJECTION=true',
      'AWS_ENDPOINT_URL=http://127.0.0.1:4599',
      'AWS_REGION=us-east-1',
      "AWS_SECRET_ACCESS_KEY=se'cret/+",
    ]);
    expect(terminal.err()).toBe('');
  });

  it('quotes any text for a shell', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', "'", '"', '$', '`', '\\', ';', '\n', '*', '!', 'é'),
    });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const quoted = texts.map((each) => shellQuote(`x${each}`)).join(' ');
        const seen = execFileSync('sh', ['-c', `printf '%s\\0' ${quoted}`], { encoding: 'utf8' });
        expect(seen.split('\0').slice(0, -1)).toEqual(
          texts.length === 0 ? [''] : texts.map((each) => `x${each}`),
        );
      }),
      { numRuns: 20 },
    );
  });
});

describe('aws', () => {
  function installAws(version: string): string {
    const path = join(folder, 'aws');
    const log = join(folder, 'called');
    writeFileSync(
      path,
      `#!/bin/sh\nif [ "$1" = --version ]; then echo aws-cli/${version}; exit 0; fi\n` +
        `echo "$*" >'${log}'\necho "$AWS_SECRET_ACCESS_KEY $AWS_PROFILE" >>'${log}'\nexit 42\n`,
    );
    chmodSync(path, 0o755);
    return log;
  }
  const call = (...args: readonly string[]) => callOn(`${folder}:/usr/bin:/bin`, ...args);
  const callOn = (PATH: string, ...args: readonly string[]) => {
    const env = { ...terminal.env, PATH, AWS_PROFILE: 'other' };
    const context = {
      composition: fakeComposition(),
      terminal: { ...terminal, env },
      signal: new AbortController().signal,
    };
    return aws(args, { state }, context);
  };

  it('runs the AWS CLI with the endpoint as an option and the keys in the environment', async () => {
    announceServer(state, 'http://127.0.0.1:4599');
    const log = installAws('2.20.0');
    expect(await call('ecs', 'list-clusters')).toBe(42);
    expect(readFileSync(log, 'utf8')).toBe(
      "--endpoint-url http://127.0.0.1:4599 ecs list-clusters\nse'cret/+ \n",
    );
    expect(terminal.err()).toBe('');
    await call('ecs', 'list-clusters', '--endpoint-url', 'http://other');
    expect(readFileSync(log, 'utf8')).toContain('ecs list-clusters --endpoint-url http://other\n');
  });

  it('says once that an old one would talk to the real AWS', async () => {
    announceServer(state, 'http://127.0.0.1:4599');
    installAws('2.9.19');
    await call('sts', 'get-caller-identity');
    await call('sts', 'get-caller-identity');
    expect(terminal.err().match(/2\.9\.19 ignores AWS_ENDPOINT_URL/g)).toHaveLength(1);
  });

  it('looks for another one after one behind which there is nothing any more', async () => {
    announceServer(state, 'http://127.0.0.1:4599');
    installAws('2.20.0');
    const [shims, behind] = [join(folder, 'shims'), join(folder, 'behind')];
    mkdirSync(shims);
    writeFileSync(behind, '#!/bin/sh\n[ "$1" != --version ] || echo aws-cli/2.21.0\n', { mode: 0o755 });
    writeFileSync(join(shims, 'aws'), `#!/bin/sh\nexec '${behind}' "$@"\n`, { mode: 0o755 });
    const identify = () => callOn(`${shims}:${folder}:/usr/bin:/bin`, 'sts', 'get-caller-identity');
    expect(await identify()).toBe(0);
    rmSync(behind);
    expect(await identify()).toBe(127);
    expect(await identify()).toBe(42);
  });
});

describe('commands that ask the server', () => {
  const requests: { method: string; url: string; authorization: string; body: string }[] = [];
  let answer: { status: number; body: object };
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '' } = request;
      requests.push({ method, url, body, authorization: request.headers.authorization ?? '' });
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
    });
  });
  const instance = {
    id: 'i1',
    name: 'blue',
    cluster: 'c',
    status: 'ACTIVE',
    availabilityZone: 'us-east-1b',
    agentConnected: true,
    cpu: 1024,
    memory: 512,
    runningTasksCount: 2,
  };

  beforeEach(async () => {
    requests.length = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    announceServer(state, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('events prints a line for each, with what changed', async () => {
    const event = (kind: string, resource: string, detail: object) => ({
      'detail-type': kind,
      source: 'aws.ecs',
      time: '2026-01-15T12:00:05Z',
      resources: [`arn:aws:ecs:us-east-1:1:${resource}`],
      detail,
    });
    const told = [
      event('ECS Task State Change', 'task/default/4f', { lastStatus: 'RUNNING', desiredStatus: 'RUNNING' }),
      event('ECS Task State Change', 'task/default/4f', { lastStatus: 'STOPPED', stoppedReason: 'a drill' }),
      event('ECS Service Action', 'service/default/web', { eventName: 'X_FAILURE', reason: 'RESOURCE:CPU' }),
      event('ECS Container Instance State Change', 'container-instance/default/i', {
        ...{ status: 'ACTIVE', agentConnected: false, runningTasksCount: 1, pendingTasksCount: 0 },
      }),
      event('CloudWatch Alarm State Change', 'alarm:fast', { state: { value: 'ALARM', reason: 'too fast' } }),
      event('Boat Moved', 'boat/blue', { speed: 3 }),
    ];
    answer = { status: 200, body: { events: told, next: 6 } };
    expect(await command(['events', '-n', '6'])).toBe(0);
    expect(requests).toMatchObject([{ method: 'GET', url: '/_catamaran/events?limit=6' }]);
    expect(terminal.out().split('\n')).toEqual([
      '12:00:05  Task State Change                task/default/4f  RUNNING (wanted: RUNNING)',
      '12:00:05  Task State Change                task/default/4f  STOPPED (a drill)',
      '12:00:05  Service Action                   service/default/web  X_FAILURE: RESOURCE:CPU',
      '12:00:05  Container Instance State Change  container-instance/default/i  ACTIVE, agent disconnected, 1 running, 0 pending',
      '12:00:05  Alarm State Change               fast  ALARM: too fast',
      '12:00:05  Boat Moved                       boat/blue  {"speed":3}',
      '',
    ]);
  });

  it('events goes on with those that come, as JSON when asked, until it is interrupted', async () => {
    const interrupt = new AbortController();
    const event = {
      'detail-type': 'x',
      source: 's',
      time: '2026-01-15T12:00:05Z',
      resources: [],
      detail: {},
    };
    answer = { status: 200, body: { events: [event], next: 7 } };
    const following = events(
      { state, follow: true, limit: 50, json: true },
      {
        composition: fakeComposition({}),
        terminal,
        signal: interrupt.signal,
      },
    );
    while (requests.length < 3) await new Promise((resolve) => setImmediate(resolve));
    interrupt.abort();
    expect(await following).toBe(0);
    expect(requests[2]?.url).toBe('/_catamaran/events?after=7&limit=100&waitMs=4000');
    expect(JSON.parse(terminal.out().split('\n')[0] ?? '')).toEqual(event);
  });

  it('status prints one JSON object, and signs its request', async () => {
    const status = {
      pid: 7,
      version: '1.2.3',
      endpoint: 'e',
      region: 'r',
      accountId: 'a',
      state,
      startedAt: 1,
      memoryBytes: 1,
      engine: {
        name: 'docker',
        version: '20',
        address: 'unix',
        isConnected: false,
        limits: ['no privileged containers'],
      },
      fargate: {
        asked: 'auto',
        isolation: 'runc',
        why: 'there is no gVisor',
        storage: 'storage has no limit',
      },
      network: {
        isEnforced: true,
        loadBalancers: 'HAProxy 2.6.12',
        publicCidr: '198.18.7.0/24',
        defaultVpc: {
          ...{ vpcId: 'vpc-1', cidr: '172.31.0.0/16', securityGroupId: 'sg-1' },
          subnets: [{ subnetId: 'subnet-1', cidr: '172.31.0.0/20', availabilityZone: 'us-east-1a' }],
        },
      },
      machines: [],
      counts: { clusters: 1, services: 2, containerInstances: 1, tasks: { RUNNING: 3 } },
      nodes: { count: 2, cpu: 819, memory: 4_096 },
    };
    answer = { status: 200, body: status };
    expect(await command(['status', '--json'])).toBe(0);
    expect(JSON.parse(terminal.out())).toEqual(status);
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/_catamaran/status' });
    expect(requests[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/us-east-1\/catamaran\/aws4_request, /,
    );
    expect(await command(['status'])).toBe(0);
    expect(terminal.out()).toMatch(/nodes +2, with 819 CPU units and 4096 MiB\n.*\n.*tasks +3 RUNNING/);
    expect(terminal.out()).toContain('(does not answer)');
    expect(terminal.out()).toMatch(/subnet +subnet-1 \(172\.31\.0\.0\/20\) in us-east-1a/);
    expect(terminal.out()).toContain('no privileged containers');
    expect(terminal.out()).toMatch(
      /fargate +isolated by runc[\s\S]*Fargate: there is no gVisor\nFargate: storage has no limit\n/,
    );
  });

  const node = {
    ...{ id: 'i-1', name: 'ip-10-0-0-4', cluster: 'harbor', nodegroup: 'green', instanceType: 't3.small' },
    ...{ availabilityZone: 'us-east-1a', status: 'READY', cpu: 409, memory: 2_048 },
  };

  it('instance add sends what was asked for', async () => {
    answer = { status: 200, body: instance };
    const sizes = ['--cpu', '1024', '--memory', '512', '--zone', 'us-east-1b'];
    expect(await command(['instance', 'add', '--cluster', 'c', ...sizes])).toBe(0);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      cluster: 'c',
      cpu: 1024,
      memory: 512,
      availabilityZone: 'us-east-1b',
    });
    expect(terminal.out()).toMatch(/^ID +NAME .*\ni1 +blue +c +us-east-1b +ACTIVE +yes +1024 +512 +2\n$/);
  });

  it('spot interrupt names the task, or means all', async () => {
    answer = { status: 200, body: { taskArns: ['arn:one'] } };
    expect(await command(['spot', 'interrupt', 'one'])).toBe(0);
    expect(terminal.out()).toContain('arn:one');
    answer = { status: 200, body: { taskArns: [] } };
    expect(await command(['spot', 'interrupt'])).toBe(0);
    expect(terminal.out()).toContain('No task runs on Fargate Spot');
    expect(requests.map(({ body }) => JSON.parse(body ?? ''))).toEqual([{ task: 'one' }, {}]);
  });

  it('account create prints the key once, for a shell', async () => {
    answer = {
      status: 200,
      body: { accountId: '444455556666', accountName: 'harbor', accessKeyId: 'AKIA1', secretAccessKey: "s'" },
    };
    expect(await command(['account', 'create', 'harbor'])).toBe(0);
    expect(terminal.out()).toContain(
      "export AWS_ACCESS_KEY_ID=AKIA1\nexport AWS_SECRET_ACCESS_KEY='s'\\'''\n",
    );
    expect(terminal.out()).toMatch(/\nunset .*AWS_SESSION_TOKEN/);
    expect(terminal.err()).toContain('Account 444455556666 (harbor)');
    expect(terminal.err()).not.toContain("s'");
    answer = { status: 200, body: { accounts: [{ accountId: '1' }, { accountId: '2', accountName: 'b' }] } };
    expect(await command(['account', 'list'])).toBe(0);
    expect(terminal.out()).toMatch(/1 {2}\(the installation's first\)\n2 {2}b\n$/);
  });

  it('login writes a profile and prints no secret', async () => {
    const arn = 'arn:aws:iam::111122223333:user/crew/ada';
    answer = {
      status: 200,
      body: { arn, accessKeyId: 'ASIA1', secretAccessKey: 'hidden', sessionToken: 'token', expiresAt: 0 },
    };
    expect(await command(['login', 'ada', '--duration', '900'])).toBe(0);
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toEqual({ principal: 'ada', durationSeconds: 900 });
    expect(terminal.out() + terminal.err()).not.toMatch(/hidden|token/);
    expect(terminal.out()).toContain(`${arn} until 1970-01-01T00:00:00.000Z, as profile catamaran-ada`);
    const config = readFileSync(join(folder, '.aws', 'config'), 'utf8');
    expect(config).toMatch(/^\[profile catamaran-ada\]\nregion = us-east-1\nendpoint_url = http:\/\/127/);
    expect(readFileSync(join(folder, '.aws', 'credentials'), 'utf8')).toBe(
      '[catamaran-ada]\naws_access_key_id = ASIA1\naws_secret_access_key = hidden\naws_session_token = token\n',
    );
    const asked = requests.length;
    for (const profile of ['', 'a b', 'a]', 'a\nb']) {
      expect(await command(['login', 'ada', '--profile', profile])).toBe(1);
      expect(terminal.err()).toContain(`Invalid --profile ${JSON.stringify(profile)}`);
    }
    expect(requests).toHaveLength(asked);
    expect(readFileSync(join(folder, '.aws', 'config'), 'utf8')).toBe(config);
  });

  it('explain tells what decides, and ends with 3 when it denies', async () => {
    const statement = { policyType: 'identity', policy: 'deploy', number: 1, effect: 'Allow' };
    const common = { principal: 'arn:ada', missingKeys: ['ecs:cluster'] };
    answer = {
      status: 200,
      body: {
        ...{ ...common, decision: 'implicitDeny', reason: 'because no identity-based policy allows it' },
        statements: [
          { ...statement, verdict: 'another resource' },
          { ...statement, group: 'crew', verdict: 'applies' },
        ],
      },
    };
    const asked = ['explain', 'ada', 'ecs:RunTask', '--context', 'a:b=1', '--context', 'a:b=2=3'];
    expect(await command(asked)).toBe(3);
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toEqual({
      ...{ principal: 'ada', action: 'ecs:RunTask', resource: '*', context: { 'a:b': ['1', '2=3'] } },
    });
    expect(terminal.out()).toBe(
      'DENIED: arn:ada is not authorized to perform: ecs:RunTask on resource: * because no identity-based policy ' +
        'allows it\nStatements about this action:\n  Allow  policy deploy, statement 1: another resource\n' +
        '  Allow  policy deploy of group crew, statement 1: applies\n' +
        'Asked for and not given (--context key=value): ecs:cluster\n',
    );
    answer = { status: 200, body: { ...common, decision: 'allowed', statements: [] } };
    expect(await command(asked)).toBe(0);
    answer = {
      status: 200,
      body: { ...common, decision: 'allowed', reason: 'because it asks for no permission', statements: [] },
    };
    expect(await command(['explain', 'ada', 'sts:GetCallerIdentity'])).toBe(0);
    expect(terminal.out()).toContain(
      'may perform sts:GetCallerIdentity on * because it asks for no permission\n',
    );
    expect(await command(['explain', 'ada', 'ecs:RunTask', '--context', 'nothing'])).toBe(1);
    expect(terminal.err()).toContain('Invalid --context nothing: key=value is expected');
  });

  it('instance remove finds the instance by its name', async () => {
    answer = { status: 200, body: { instances: [instance], nodes: [node], ...instance } };
    expect(await command(['instance', 'remove', 'blue'])).toBe(0);
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /_catamaran/instances',
      'DELETE /_catamaran/instances/i1',
    ]);
    expect(await command(['instance', 'remove', 'blue', '--force'])).toBe(0);
    expect(requests.at(-1)?.url).toBe('/_catamaran/instances/i1?force=true');
    expect(await command(['instance', 'remove', 'green'])).toBe(1);
    expect(terminal.err()).toContain('There is no instance green');
    expect(await command(['instance', 'remove', node.name])).toBe(1);
    expect(terminal.err()).toContain(
      'is a node of the Kubernetes cluster harbor: make its node group smaller',
    );
  });

  it('instance list shows nodes of Kubernetes with what they hold of the machine', async () => {
    const roomless = {
      ...node,
      id: 'i-2',
      name: undefined,
      status: 'NO_ROOM',
      problem: 'half a core is free',
    };
    const body = { instances: [instance], nodes: [node, roomless] };
    answer = { status: 200, body };
    expect(await command(['instance', 'list'])).toBe(0);
    expect(terminal.out()).toMatch(
      /\ni1 +blue .*\n\nNodes of Kubernetes clusters:\nID +NAME +CLUSTER .*\ni-1 +ip-10-0-0-4 +harbor +green +t3.small +us-east-1a +READY +409 +2048\ni-2 +- .*\ni-2: half a core is free\n$/,
    );
    expect(await command(['instance', 'list', '--json'])).toBe(0);
    expect(JSON.parse(terminal.out().split('\n').at(-2) ?? '')).toEqual(JSON.parse(JSON.stringify(body)));
  });

  it('say what the server said when it refuses', async () => {
    answer = { status: 400, body: { message: 'There is no room' } };
    expect(await command(['instance', 'add'])).toBe(1);
    expect(terminal.err()).toContain('There is no room');
  });
});
