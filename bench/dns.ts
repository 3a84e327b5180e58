/**
 * Answers of a VPC's resolver on one thread over loopback, by UDP, for each second of that thread's CPU time (which other
 * programs of the machine don't change): an address, eight addresses of sixty, and a name that isn't there, against a
 * socket that sends back what it gets, and the same without any socket, in the same run. Prints one JSON line.
 */
import { createSocket } from 'node:dgram';
import { Worker } from 'node:worker_threads';
import { encode } from 'dns-packet';
import { systemClock, systemRandom } from '../src/clock/index.ts';
import { silentLog } from '../src/log.ts';
import { readQuery } from '../src/network/dns/query.ts';
import { resolveHere } from '../src/network/dns/resolution.ts';
import { writeAnswer } from '../src/network/dns/response.ts';
import { Forwarder, openDnsServer } from '../src/network/index.ts';
import { type DnsFound, type DnsQuestion, findVpcName } from '../src/topology/index.ts';

const seconds = 2;
/** At 1,024 questions a second each, more than one thread answers. */
const sockets = 400;

const instances = Array.from({ length: 60 }, (_, index) => `10.0.0.${index}`);
const vpc = {
  region: 'us-east-1',
  cidrs: ['10.0.0.0/16'],
  privateAddressOf: () => undefined,
  instanceAddress: () => undefined,
};

function lookup(question: DnsQuestion): DnsFound {
  if (question.name !== 'web.svc.local') return findVpcName(question, vpc);
  const records = instances.map((data) => ({ name: question.name, ttl: 10, type: 'A', data }) as const);
  return { kind: 'records', records, atMost: 8 };
}

async function answersPerCpuSecond(port: number, message: Uint8Array): Promise<number> {
  const workerData = { port, message, sockets, seconds };
  const client = new Worker(new URL('./dns/client.ts', import.meta.url), { workerData });
  const before = process.threadCpuUsage();
  const perSecond = await new Promise<number>((resolve, reject) =>
    client.once('message', resolve).once('error', reject),
  );
  const { user, system } = process.threadCpuUsage(before);
  return (perSecond * seconds) / ((user + system) / 1e6);
}

/** From the question's bytes to the answer's, without the kernel. */
function composedPerCpuSecond(message: Uint8Array): number {
  const bytes = Buffer.from(message);
  const count = 100_000;
  const before = process.threadCpuUsage();
  for (let index = 0; index < count; index += 1) {
    const query = readQuery(bytes);
    if (query === undefined || 'rcode' in query) throw new Error('The question of the bench is wrong');
    const here = resolveHere(query, '10.0.0.1', lookup, random);
    if (here.kind !== 'own') throw new Error('The question of the bench is not ours');
    writeAnswer(query, here.answer, 512);
  }
  const { user, system } = process.threadCpuUsage(before);
  return count / ((user + system) / 1e6);
}

const question = (name: string): Uint8Array =>
  new Uint8Array(encode({ type: 'query', id: 1, flags: 0x0100, questions: [{ name, type: 'A' }] }));

const clock = systemClock();
const random = systemRandom();
using forwarder = new Forwarder({ clock, random, servers: [] });
await using server = await openDnsServer({
  sockets: [{ type: 'udp', host: '127.0.0.1', port: 0 }],
  lookup,
  forwarder,
  clock,
  random,
  log: silentLog,
});
const echo = createSocket('udp4', (message, { port, address }) => echo.send(message, port, address));
await new Promise<void>((resolve) => echo.bind(0, '127.0.0.1', resolve));

const [port = 0] = server.ports;
const measured = {
  echo: await answersPerCpuSecond(echo.address().port, question('ip-10-0-1-10.ec2.internal')),
  address: await answersPerCpuSecond(port, question('ip-10-0-1-10.ec2.internal')),
  eightOfSixty: await answersPerCpuSecond(port, question('web.svc.local')),
  composed: composedPerCpuSecond(question('ip-10-0-1-10.ec2.internal')),
  absent: await answersPerCpuSecond(port, question('ip-10-9-1-10.ec2.internal')),
};
echo.close();
const whole = Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, Math.round(value)]));
const ratio = Number((measured.address / measured.echo).toFixed(2));
console.log(JSON.stringify({ bench: 'dns', answersPerCpuSecond: whole, ratioToEcho: ratio }));
