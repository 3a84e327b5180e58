/**
 * Cold start to the first answer, and idle memory, against a bare Node HTTP server started in the same run.
 * Prints one JSON line.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, freePort, MeasuredCatamaran, median, residentMiB, untilAnswered } from './catamaran.ts';
import { round } from './load.ts';

const rounds = 7;
const settleMs = 3000;

const bareServer =
  "require('node:http').createServer((_, r) => r.end('ok')).listen(Number(process.argv[1]), '127.0.0.1')";

async function bare(): Promise<{ readyMs: number; idleMiB: number }> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ['-e', bareServer, String(port)], { stdio: 'ignore' });
  await untilAnswered(port, () => (child.exitCode === null ? undefined : 'the bare server ended'));
  const readyMs = performance.now() - began;
  await sleep(settleMs / 3);
  const idleMiB = residentMiB(child.pid ?? 0);
  child.kill('SIGKILL');
  await ended(child);
  return { readyMs, idleMiB };
}

async function catamaran(): Promise<{ readyMs: number; idleMiB: number }> {
  await using measured = await MeasuredCatamaran.start(await freePort());
  await sleep(settleMs);
  return { readyMs: measured.answeredAfterMs, idleMiB: residentMiB(measured.process.pid ?? 0) };
}

const ours: { readyMs: number; idleMiB: number }[] = [];
const floor: { readyMs: number; idleMiB: number }[] = [];
for (let index = 0; index < rounds; index += 1) {
  floor.push(await bare());
  ours.push(await catamaran());
  process.stderr.write(`start: ${index + 1} of ${rounds}\n`);
}
const readyMs = median(ours.map((run) => run.readyMs));
const bareReadyMs = median(floor.map((run) => run.readyMs));
const idleMiB = median(ours.map((run) => run.idleMiB));
const bareIdleMiB = median(floor.map((run) => run.idleMiB));
console.log(
  JSON.stringify({
    bench: 'start',
    rounds,
    readyMs: round(readyMs, 0),
    bareReadyMs: round(bareReadyMs, 0),
    readyRatio: round(readyMs / bareReadyMs, 2),
    idleMiB: round(idleMiB, 0),
    bareIdleMiB: round(bareIdleMiB, 0),
    idleRatio: round(idleMiB / bareIdleMiB, 2),
    budget: { readyMs: 300, idleMiB: 120 },
  }),
);
