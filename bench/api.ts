/**
 * Signed ECS reads and writes a second, with p99, against a bare Node HTTP server that answers the same number of
 * bytes, driven by the same generator in the same run. Prints one JSON line.
 */
import { spawn } from 'node:child_process';
import { ended, freePort, MeasuredCatamaran, untilAnswered } from './catamaran.ts';
import { type LoadResult, load, round } from './load.ts';
import { RequestMaker } from './sign.ts';

const connections = 32;
const reads = 60_000;
const writes = 15_000;
const maxMs = 20_000;

const bareServer = `
const body = Buffer.from(process.argv[2]);
require('node:http').createServer((request, response) => {
  request.on('data', () => {}).on('end', () => response.writeHead(200, { 'content-length': body.length }).end(body));
}).listen(Number(process.argv[1]), '127.0.0.1');`;

const port = await freePort();
await using catamaran = await MeasuredCatamaran.start(port);
const maker = new RequestMaker({
  port,
  region: catamaran.credentials.region,
  credentials: catamaran.credentials,
});

const say = (text: string): void => void process.stderr.write(`api: ${text}\n`);

/** The same signed request over and over: it stays valid for five minutes. */
const read = await maker.ecs('DescribeClusters', { clusters: ['default'] });
say('warming up');
await load({ port, connections, requests: Array<Buffer>(5000).fill(read), maxMs });
say('reading');
const readResult = await load({ port, connections, requests: Array<Buffer>(reads).fill(read), maxMs });

say('signing writes');
const writeRequests: Buffer[] = [];
for (let index = 0; index < writes; index += 1) {
  // Each write is a record of its own: what is measured is commits, not one record's contention.
  writeRequests.push(await maker.ecs('CreateCluster', { clusterName: `bench-${index}` }));
}
say('writing');
const writeResult = await load({ port, connections, requests: writeRequests, maxMs });

const floorPort = await freePort();
const answer = JSON.stringify({
  clusters: [{ clusterName: 'default' }],
  failures: [],
  padding: 'x'.repeat(400),
});
const floorServer = spawn(process.execPath, ['-e', bareServer, String(floorPort), answer], {
  stdio: 'ignore',
});
let floor: LoadResult;
try {
  await untilAnswered(floorPort, () => (floorServer.exitCode === null ? undefined : 'the bare server ended'));
  await load({ port: floorPort, connections, requests: Array<Buffer>(5000).fill(read), maxMs });
  say('floor');
  floor = await load({ port: floorPort, connections, requests: Array<Buffer>(reads).fill(read), maxMs });
} finally {
  floorServer.kill('SIGKILL');
  await ended(floorServer);
}

console.log(
  JSON.stringify({
    bench: 'api',
    connections,
    read: readResult,
    write: writeResult,
    floor,
    readRatio: round(readResult.perSecond / floor.perSecond, 3),
    writeRatio: round(writeResult.perSecond / floor.perSecond, 3),
    budget: { readsPerSecond: 10_000, writesPerSecond: 3000 },
  }),
);
