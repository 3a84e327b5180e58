/**
 * Requests through a load balancer of a VPC (one rule by path, and the default), against HAProxy with a configuration as
 * one would write it by hand, and against asking the target itself: in turns in the same run, by `wrk`, with the
 * processor time that a request takes of each proxy. Then what it takes until a new target gets its first request.
 * `--load-balancers node` asks for the other driver, as of `up`. Needs root, HAProxy and `wrk`. Prints one JSON line.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { whyNoHaproxy } from '../src/network/balancer/open.ts';
import { commandLineOf, processIds } from '../src/network/balancer/processes.ts';
import { fixed, forwardTo, group, listener, rule, target } from '../src/network/balancer/testing/plans.ts';
import { percentile, round } from './load.ts';

const { values } = parseArgs({
  options: { 'load-balancers': { type: 'string' }, json: { type: 'boolean' } },
});
const isNode = values['load-balancers'] === 'node';

const run = promisify(execFile);
const why = await whyNoHaproxy();
if (why !== undefined) throw new Error(`Cannot run this bench: ${why}`);
await run('wrk', ['-v']).catch((error: NodeJS.ErrnoException) => {
  // It says its version and ends with 1.
  if (error.code === 'ENOENT')
    throw new Error(
      'Cannot run this bench: wrk is not installed; install it (Debian, Ubuntu: apt-get install wrk)',
    );
});
const { nodeAddresses } = await import('../src/network/balancer/testing/machine.ts');
const { openMachine } = isNode
  ? await import('../src/network/balancer/testing/nodejs.ts')
  : await import('../src/network/balancer/testing/haproxy.ts');

const connections = 32;
const seconds = 2;
const rounds = 7;
const newTargets = 10;
const [nodeAddress] = nodeAddresses;
const targetAddress = '10.0.1.20';
const byHandAddress = '10.0.1.21';

await using it = await openMachine();
await using cleanUp = new AsyncDisposableStack();

const common = `global
  nbthread 2
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
`;

/**
 * A HAProxy of its own in a namespace, and in a session of its own as a node's: the kernel gives processor time to sessions.
 * @returns its process id.
 */
async function haproxyIn(name: string, configuration: string): Promise<number> {
  const path = join(it.directory, `${name}.bench.cfg`);
  writeFileSync(path, common + configuration);
  const child: ChildProcess = it.machine
    .namespace(name)
    .run(() => spawn('haproxy', ['-f', path, '-db'], { stdio: 'ignore', detached: true }));
  cleanUp.defer(() => void child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error(`HAProxy does not begin with ${path}`);
  return child.pid;
}

const targetPid = await haproxyIn(
  targetAddress,
  `frontend web
  bind :80
  http-request return status 200 content-type text/plain string hello
`,
);
const byHandPid = await haproxyIn(
  byHandAddress,
  `frontend web
  bind :80
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port 80
  unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid
  unique-id-header X-Request-Id
  acl is_version path /version
  http-request return status 200 content-type text/plain string one if is_version
  default_backend targets
backend targets
  balance roundrobin
  option httpchk GET /
  server one ${targetAddress}:80 check inter 1s
`,
);
const targetGroups = [group('one', { targets: [target(targetAddress)] })];
const rules = [
  rule(1, fixed('one'), [{ field: 'path-pattern', patterns: ['/version'] }]),
  rule('default', forwardTo('one')),
];
const planned = it.plan({ listeners: [listener({ rules })], targetGroups });
await it.balancers.apply(planned);
await it.until(() => it.stateOf(`${targetAddress}:80`) === 'healthy');

interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of the proxy. */
  readonly processorUs: number;
}

/** What processes have computed so far, all their threads together. */
function processorUs(pids: readonly number[]): number {
  return pids
    .flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`),
    )
    .reduce((sum, path) => sum + Number(readFileSync(path, 'utf8').split(' ')[0]) / 1_000, 0);
}

async function load(address: string, pids: readonly number[]): Promise<Load> {
  const before = processorUs(pids);
  const { stdout } = await it.machine.namespace('client').run(() =>
    run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', `http://${address}/`], {
      timeout: (seconds + 20) * 1_000,
    }),
  );
  const [, latency = '', unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  const perMs = { us: 0.001, ms: 1, s: 1_000 }[unit as 'us' | 'ms' | 's'];
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Not all was well: ${stdout}`);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p99Ms: Number(latency) * perMs,
    processorUs: (processorUs(pids) - before) / Number(/(\d+) requests in/.exec(stdout)?.[1]),
  };
}

const nodePids = processIds().filter(
  (pid) => pid !== targetPid && pid !== byHandPid && commandLineOf(pid)?.some(isOfTheBalancers),
);

function isOfTheBalancers(word: string): boolean {
  return word.startsWith(it.directory);
}

type Measured = readonly [address: string, pids: readonly number[]];
const places = {
  balancer: [nodeAddress, nodePids],
  byHand: [byHandAddress, [byHandPid]],
  direct: [targetAddress, [targetPid]],
} satisfies Record<string, Measured>;
const found: Record<keyof typeof places, Load[]> = { balancer: [], byHand: [], direct: [] };
for (let index = 0; index < rounds; index += 1) {
  for (const name of ['balancer', 'byHand', 'direct'] as const) {
    const [address, pids] = places[name];
    found[name].push(await load(address, pids));
  }
}
const middle = (name: keyof typeof places, what: keyof Load, digits: number): number =>
  round(
    percentile(
      found[name].map((each) => each[what]),
      0.5,
    ),
    digits,
  );
const of = (name: keyof typeof places): Load => ({
  perSecond: middle(name, 'perSecond', 0),
  p99Ms: middle(name, 'p99Ms', 2),
  processorUs: middle(name, 'processorUs', 1),
});

const waits: number[] = [];
for (let index = 0; index < newTargets; index += 1) {
  const added = await it.serve('10.0.2.20', undefined, 8_000 + index);
  const began = performance.now();
  await it.balancers.apply({ ...planned, targetGroups: [group('one', { targets: [added] })] });
  await it.until(() => it.stateOf(`10.0.2.20:${added.port}`) === 'healthy');
  waits.push(performance.now() - began);
}

const [balancer, byHand, direct] = [of('balancer'), of('byHand'), of('direct')];
console.log(
  JSON.stringify({
    bench: 'elb',
    ...{ driver: isNode ? 'node' : 'haproxy', connections, balancer, byHand, direct },
    ratioToByHand: round(balancer.perSecond / byHand.perSecond, 2),
    processorRatioToByHand: round(balancer.processorUs / byHand.processorUs, 2),
    ratioToDirect: round(balancer.perSecond / direct.perSecond, 2),
    newTargetMs: round(percentile(waits, 0.5), 0),
    budget: { ratioToByHand: 0.95 },
  }),
);
