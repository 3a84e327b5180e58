import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askEngine, footprint, tracesOf } from '../footprint.ts';
import { launcher, waitFor } from '../installation.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catamaran-e2e-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface RunningDemo {
  readonly child: ChildProcess;
  readonly temporary: string;
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<number | null>;
}

/** In a process group of its own, as a terminal would start it, with its state where the test can look. */
async function start(name: string, ...options: readonly string[]): Promise<RunningDemo> {
  const temporary = join(folder, name);
  await mkdir(temporary);
  const child = spawn(launcher, ['demo', '--json', ...options], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code));
  });
  return { child, temporary, output: () => output, ended };
}

/** Those of the demo's image, named for its state directory. */
async function imagesLike(word: string): Promise<string[]> {
  const images = (await askEngine('GET', '/images/json')) as { RepoTags: string[] | null }[];
  return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(word));
}

it('deploys on both hulls, prints exactly one JSON object with its facts, and leaves nothing', async () => {
  const demo = await start('whole');
  expect(await demo.ended, demo.output().stderr).toBe(0);
  const { stdout } = demo.output();
  expect(stdout.trim().split('\n')).toHaveLength(1);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ ok: true, totalMs: expect.any(Number) });
  const { ecs, eks } = report;
  expect(ecs.taskDefinitions).toHaveLength(2);
  expect(ecs.answers).toHaveLength(6);
  expect(new Set(ecs.answers.map(({ taskArn }: { taskArn: string }) => taskArn)).size).toBe(6);
  for (const { answer, revision } of ecs.answers) expect(answer).toContain(`hello from revision ${revision}`);
  expect(ecs.logs.length).toBeGreaterThanOrEqual(3);
  expect(eks.pods).toHaveLength(4);
  for (const { requests, firstAnswerMs, oneMoreMs, capacityMs, memory } of [ecs, eks]) {
    expect(requests, demo.output().stderr).toMatchObject({ failed: 0 });
    expect(Object.keys(requests.byRevision)).toEqual(['1', '2']);
    for (const ms of [firstAnswerMs, oneMoreMs, capacityMs]) expect(ms).toBeGreaterThan(0);
    expect(memory.usedBytes).toBeGreaterThan(100_000);
  }
  expect(ecs.identity).toEqual({
    ...{ role: 'demo-task', isFound: true },
    decisions: { 'logs:FilterLogEvents': 'allowed', 'ecs:DeleteCluster': 'denied' },
  });
  expect(eks.identity).toEqual({
    ...{ role: 'demo-pod', isFound: true },
    decisions: { 'logs:FilterLogEvents': 'allowed', 'eks:DeleteCluster': 'denied' },
  });
  expect(eks.addresses.application).toBeGreaterThan(4);
  expect([ecs.addresses.public, eks.addresses.public]).toEqual([2, 3]);
  expect(eks.monthlyCost.total - ecs.monthlyCost.total).toBeCloseTo(73 + 3.65);
  expect(demo.output().stderr).not.toContain('FAILED');
  expect(report.steps.map(({ name }: { name: string }) => name)).toContain('clean up');
  for (const { ms } of report.steps) expect(ms).toEqual(expect.any(Number));
  expect(readdirSync(demo.temporary)).toEqual([]);
}, 360_000);

it.each<[moment: string, line: RegExp, ...options: string[]]>([
  ['its tasks start', /ok +create a service/],
  ['its rolling update', /ok +update the service/],
  ['its pods start', /ok +create a Deployment/, '--only', 'eks'],
])(
  'cleans everything up when Ctrl-C comes while %s',
  async (moment, line, ...options) => {
    const demo = await start(moment.replaceAll(' ', '-'), ...options);
    const { child } = demo;
    try {
      await waitFor(
        `the demo to print ${line}`,
        async () => {
          if (child.exitCode !== null) throw new Error(`It ended: ${demo.output().stderr}`);
          return line.test(demo.output().stderr) ? true : undefined;
        },
        () => demo.output().stderr,
      );
      const [stateName = ''] = readdirSync(demo.temporary);
      const traces = tracesOf(join(demo.temporary, stateName));
      expect(readFileSync(join(demo.temporary, stateName, 'server.json'), 'utf8')).toContain('"pid"');
      expect(await imagesLike(stateName.toLowerCase())).toHaveLength(1);
      process.kill(-(child.pid ?? 0), 'SIGINT');
      expect(await demo.ended, demo.output().stderr).toBe(130);

      const { stdout, stderr } = demo.output();
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: expect.any(String) });
      expect(stderr).toMatch(/ok +clean up/);
      expect(stderr).toContain('Interrupted.');
      expect(await footprint(traces)).toEqual([]);
      expect(await imagesLike(stateName.toLowerCase())).toEqual([]);
      expect(readdirSync(demo.temporary)).toEqual([]);
      // Whoever lost its parent is there until somebody has reaped it.
      await waitFor('its processes to be gone', async () => {
        try {
          process.kill(-(child.pid ?? 0), 0);
          return undefined;
        } catch (error) {
          expect(error).toMatchObject({ code: 'ESRCH' });
          return true;
        }
      });
    } finally {
      if (child.exitCode === null) child.kill('SIGKILL');
    }
  },
  300_000,
);
