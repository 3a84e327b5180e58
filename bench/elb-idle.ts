/**
 * Ten thousand idle connections through a load balancer, half of them at each of its two nodes, by HAProxy and by Node:
 * how soon they are there, what each costs a proxy in memory, whether new requests and requests on the idle ones are
 * answered beside them. Needs root. Prints one JSON line.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { whyNoHaproxy } from '../src/network/balancer/open.ts';
import { group } from '../src/network/balancer/testing/plans.ts';
import { round } from './load.ts';

const why = await whyNoHaproxy();
if (why !== undefined) throw new Error(`Cannot run this bench: ${why}`);
const [haproxy, nodejs, { processesBelow }, { proxiesBelow }] = await Promise.all([
  import('../src/network/balancer/testing/haproxy.ts'),
  import('../src/network/balancer/testing/nodejs.ts'),
  import('../src/network/balancer/haproxy/process.ts'),
  import('../src/network/balancer/nodejs/proxy-process.ts'),
]);

const connections = 10_000;
const asked = 500;
// A proxy keeps a descriptor in reserve for each connection; where a process may have 20,000, one alone holds no 10,000.
const nodeAddresses = ['10.0.1.5', '10.0.2.5'];

/** Opens all, says so; then asks on some of them, and how many were closed meanwhile. */
const client = `
  const { connect } = require('node:net');
  const [, addresses, count, asked] = process.argv;
  const nodes = addresses.split(',');
  const sockets = [];
  let closed = 0;
  const open = () => new Promise((resolve, reject) => {
    const socket = connect(80, nodes[sockets.length % nodes.length], () => resolve(socket));
    socket.on('error', reject);
    socket.on('close', () => { closed += 1; });
    sockets.push(socket);
  });
  const ask = (socket) => new Promise((resolve) => {
    socket.once('data', (data) => resolve(String(data).startsWith('HTTP/1.1 200')));
    socket.once('close', () => resolve(false));
    socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n');
  });
  (async () => {
    while (sockets.length < Number(count)) await Promise.all(Array.from({ length: 100 }, open));
    console.log('open');
    for await (const _ of require('node:readline').createInterface({ input: process.stdin })) {
      const answers = await Promise.all(sockets.slice(-Number(asked)).map(ask));
      console.log(JSON.stringify({ closed, answered: answers.filter(Boolean).length }));
      process.exit();
    }
  })();
`;

async function measure(
  openMachine: typeof haproxy.openMachine,
  pidsOf: (directory: string) => readonly number[],
) {
  await using it = await openMachine();
  const targets = [await it.serve('10.0.1.20')];
  await it.balancers.apply(it.plan({ targetGroups: [group('one', { targets })] }));
  await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
  const memory = (): number => Math.max(...pidsOf(it.directory).map(residentKiB));
  const before = memory();
  const began = performance.now();
  const args = ['-e', client, nodeAddresses.join(), String(connections), String(asked)];
  const child = it.machine
    .namespace('client')
    .run(() => spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: opened } = await lines.next();
  if (opened !== 'open') throw new Error(`The client could not open ${connections} connections`);
  const openMs = performance.now() - began;
  const beganAsking = performance.now();
  for (let count = 0; count < 50; count += 1) {
    const address = nodeAddresses[count % nodeAddresses.length];
    if ((await it.curl(`http://${address}/`)) !== '10.0.1.20') throw new Error('A new request failed');
  }
  const curlMs = (performance.now() - beganAsking) / 50;
  const after = memory();
  child.stdin.write('ask\n');
  const { value: said = '{}' } = await lines.next();
  const { closed, answered } = JSON.parse(said) as { readonly closed: number; readonly answered: number };
  return {
    ...{ openSeconds: round(openMs / 1_000, 1), closed, answered },
    residentMiB: round(before / 1_024, 1),
    kibPerConnection: round(((after - before) * nodeAddresses.length) / connections, 1),
    newRequestMs: round(curlMs, 1),
  };
}

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const byHaproxy = await measure(haproxy.openMachine, (directory) =>
  processesBelow(directory).map(({ pid }) => pid),
);
const byNode = await measure(
  () => nodejs.openMachine(),
  (directory) => proxiesBelow(directory).map(({ pid }) => pid),
);
console.log(JSON.stringify({ bench: 'elb-idle', connections, asked, haproxy: byHaproxy, node: byNode }));
