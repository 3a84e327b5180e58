/**
 * Requests through a load balancer of a VPC (one rule by path, and the default), against the same HAProxy with a
 * configuration as one would write it by hand, and against asking the target itself: in turns in the same run, by `wrk`.
 * Then what it takes until a new target gets its first request. Needs root and `wrk`. Prints one JSON line.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whyNoHaproxy } from '../src/network/balancer/open.ts';
import { fixed, forwardTo, group, listener, rule, target } from '../src/network/balancer/testing/plans.ts';
import { percentile, round } from './load.ts';

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
const { openMachine } = await import('../src/network/balancer/testing/haproxy.ts');

const connections = 32;
const seconds = 4;
const rounds = 3;
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

/** A HAProxy of its own in a namespace. */
async function haproxyIn(name: string, configuration: string): Promise<void> {
  const path = join(it.directory, `${name}.bench.cfg`);
  writeFileSync(path, common + configuration);
  const child: ChildProcess = it.machine
    .namespace(name)
    .run(() => spawn('haproxy', ['-f', path, '-db'], { stdio: 'ignore' }));
  cleanUp.defer(() => void child.kill('SIGKILL'));
}

await haproxyIn(
  targetAddress,
  `frontend web
  bind :80
  http-request return status 200 content-type text/plain string hello
`,
);
await haproxyIn(
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
}

async function load(address: string): Promise<Load> {
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
  };
}

const places = { balancer: nodeAddress, byHand: byHandAddress, direct: targetAddress } as const;
const found: Record<keyof typeof places, Load[]> = { balancer: [], byHand: [], direct: [] };
for (let index = 0; index < rounds; index += 1) {
  for (const name of ['balancer', 'byHand', 'direct'] as const) found[name].push(await load(places[name]));
}
const of = (name: keyof typeof places): Load => ({
  perSecond: round(
    percentile(
      found[name].map(({ perSecond }) => perSecond),
      0.5,
    ),
    0,
  ),
  p99Ms: round(
    percentile(
      found[name].map(({ p99Ms }) => p99Ms),
      0.5,
    ),
    2,
  ),
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
    ...{ connections, balancer, byHand, direct },
    ratioToByHand: round(balancer.perSecond / byHand.perSecond, 2),
    ratioToDirect: round(balancer.perSecond / direct.perSecond, 2),
    newTargetMs: round(percentile(waits, 0.5), 0),
    budget: { ratioToByHand: 0.95 },
  }),
);
