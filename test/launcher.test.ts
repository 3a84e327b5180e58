import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * A checkout with the launcher, a main.ts that says how it was called, what writes it into one file, and an npm that
 * needs no network.
 */
let checkout: string;
let bin: string;
let npmLog: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'catamaran-launcher-'));
  bin = join(checkout, 'bin');
  npmLog = join(checkout, 'npm-calls');
  mkdirSync(join(checkout, 'src'));
  mkdirSync(bin);
  copyFileSync(fileURLToPath(new URL('../catamaran', import.meta.url)), join(checkout, 'catamaran'));
  writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
  writeFileSync(join(checkout, 'package-lock.json'), '{"lockfileVersion":3}');
  writeFileSync(join(checkout, 'src/main.ts'), 'console.log(JSON.stringify(process.argv.slice(2)));');
  writeFileSync(
    join(checkout, 'build-program.ts'),
    "import { copyFileSync } from 'node:fs';\ncopyFileSync(new URL('src/main.ts', import.meta.url), process.argv[2] + '/main.js');",
  );
  program('node', '#!/bin/sh\necho v20.20.2\n');
  program(
    'npm',
    `#!/bin/sh
echo "$*" >>'${npmLog}'
echo 'npm warn noise'
while [ $# -gt 0 ]; do if [ "$1" = --prefix ]; then prefix=$2; fi; last=$1; shift; done
sleep 0.2
mkdir -p "$prefix/node_modules"
case $last in
  node-*) package=\${last%@*}; mkdir -p "$prefix/node_modules/$package/bin"; ln -s '${process.execPath}' "$prefix/node_modules/$package/bin/node" ;;
esac
`,
  );
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function program(name: string, content: string): void {
  writeFileSync(join(bin, name), content);
  chmodSync(join(bin, name), 0o755);
}

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(
  args: readonly string[],
  options: { readonly file?: string; readonly path?: string; onStderr?(text: string): void } = {},
): Promise<Run> {
  const { file = join(checkout, 'catamaran'), path = `${bin}:/usr/bin:/bin` } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: '/', env: { PATH: path } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      options.onStderr?.(stderr);
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

/** What has been written of the source. */
const programs = (): readonly string[] =>
  readdirSync(join(checkout, '.toolchain/program'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** An hour after what is written of it: file systems may tell times coarsely. */
function changeSource(content: string): void {
  writeFileSync(join(checkout, 'src/main.ts'), content);
  const hourAgo = statSync(join(checkout, 'src/main.ts')).mtimeMs / 1000 - 3600;
  for (const name of programs()) {
    utimesSync(join(checkout, '.toolchain/program', name, 'begun'), hourAgo, hourAgo);
  }
}

/** What is being fetched or installed. */
const halfDone = (): readonly string[] =>
  readdirSync(join(checkout, '.toolchain')).filter((name) => name.includes('.'));

const npmCalls = (): readonly string[] =>
  existsSync(npmLog) ? readFileSync(npmLog, 'utf8').trim().split('\n') : [];

describe('the launcher', () => {
  it('fetches Node and the libraries once, saying why on stderr, and then nothing more', async () => {
    const first = await launch(['status', '--json']);
    expect(first.stdout).toBe('["status","--json"]\n');
    expect(first.stderr).toMatch(
      /fetching Node 24 .* because Catamaran needs Node 24 or newer \(found on PATH: v20\.20\.2\)/,
    );
    expect(first.stderr).toContain('installing the libraries');
    expect(first.stderr).not.toContain('npm warn');
    const second = await launch(['a b', '"c"']);
    expect(second).toEqual({ exitCode: 0, stdout: '["a b","\\"c\\""]\n', stderr: '' });
    expect(npmCalls()).toHaveLength(2);
    expect(npmCalls().every((call) => call.includes('--ignore-scripts'))).toBe(true);
    expect(
      readdirSync(join(checkout, '.toolchain'))
        .filter((name) => name !== 'compile-cache')
        .sort(),
    ).toEqual(['lock', 'node', 'program']);
  });

  it('uses a new enough Node of the machine', async () => {
    rmSync(join(bin, 'node'));
    symlinkSync(process.execPath, join(bin, 'node'));
    await launch([]);
    expect(npmCalls()).toHaveLength(1);
  });

  it('installs again when package-lock.json has changed', async () => {
    await launch([]);
    writeFileSync(join(checkout, 'package-lock.json'), '{"lockfileVersion":3,"x":1}');
    expect((await launch([])).stderr).toContain('installing the libraries');
    expect((await launch([])).stderr).toBe('');
  });

  it('writes the program anew when its source has changed, and lets the one before be', async () => {
    await launch([]);
    changeSource('console.log("changed");');
    expect(await launch([])).toEqual({ exitCode: 0, stdout: 'changed\n', stderr: '' });
    expect(programs()).toHaveLength(2);
    await launch([]);
    expect(programs()).toHaveLength(2);
  });

  it('removes programs that nobody runs any more', async () => {
    await launch([]);
    const [run = ''] = programs();
    changeSource('console.log("changed");');
    await launch([]);
    const unused = programs().find((name) => name !== run) ?? '';
    for (const name of [run, unused]) {
      const twoHoursAgo = statSync(join(checkout, '.toolchain/program', name)).mtimeMs / 1000 - 7200;
      utimesSync(join(checkout, '.toolchain/program', name), twoHoursAgo, twoHoursAgo);
    }
    const main = join(checkout, '.toolchain/program', run, 'main.js');
    const running = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)', main]);
    try {
      await once(running, 'spawn');
      changeSource('console.log("changed again");');
      expect((await launch([])).stdout).toBe('changed again\n');
      expect(programs()).toHaveLength(2);
      expect(programs()).toContain(run);
      expect(programs()).not.toContain(unused);
    } finally {
      running.kill();
    }
  });

  it('runs the source where the program cannot be written, and says so once', async () => {
    writeFileSync(join(checkout, 'build-program.ts'), 'console.error("no bundler"); process.exit(1);');
    const first = await launch(['x']);
    expect(first.stdout).toBe('["x"]\n');
    expect(first.stderr).toContain('no bundler');
    expect(first.stderr).toContain('Catamaran will start more slowly');
    expect(await launch(['y'])).toEqual({ exitCode: 0, stdout: '["y"]\n', stderr: '' });
  });

  it('works through a symbolic link', async () => {
    const link = join(bin, 'cat');
    symlinkSync('../catamaran', link);
    expect((await launch(['x'], { file: link })).stdout).toBe('["x"]\n');
  });

  it('installs once when several start together', async () => {
    const runs = await Promise.all([launch(['1']), launch(['2']), launch(['3'])]);
    expect(runs.map(({ exitCode, stdout }) => [exitCode, stdout.trim()])).toEqual([
      [0, '["1"]'],
      [0, '["2"]'],
      [0, '["3"]'],
    ]);
    expect(npmCalls()).toHaveLength(2);
  });

  it('waits for one that is installing, and takes over when that is killed', async () => {
    const npm = readFileSync(join(bin, 'npm'), 'utf8');
    program('npm', `#!/bin/sh\necho begun >>'${npmLog}'\nexec sleep 600\n`);
    const killed = spawn('sh', [join(checkout, 'catamaran')], {
      ...{ detached: true, stdio: 'ignore', env: { PATH: `${bin}:/usr/bin:/bin` } },
    });
    await expect.poll(npmCalls).toEqual(['begun']);
    program('npm', npm);
    let hasSaid = false;
    const waiting = launch(['x'], {
      onStderr: (text) => {
        if (hasSaid || !text.includes('another catamaran is installing')) return;
        hasSaid = true;
        process.kill(-(killed.pid ?? 0), 'SIGKILL');
      },
    });
    expect((await waiting).stdout).toBe('["x"]\n');
    expect(hasSaid).toBe(true);
    expect(npmCalls()).toHaveLength(3);
    expect(halfDone()).toEqual([]);
  });

  it('shows what npm said when it fails, and leaves nothing half done', async () => {
    await launch([]);
    writeFileSync(join(checkout, 'node_modules/kept'), '');
    writeFileSync(join(checkout, 'package-lock.json'), '{"lockfileVersion":3,"x":1}');
    program('npm', '#!/bin/sh\necho "npm error no network"\nexit 1\n');
    const failed = await launch([]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toContain('npm error no network');
    expect(failed.stderr).toContain('could not install the libraries');
    expect(existsSync(join(checkout, 'node_modules/kept'))).toBe(true);
    expect(halfDone()).toEqual([]);
  });

  it('says how to get npm when there is none', async () => {
    rmSync(join(bin, 'npm'));
    for (const tool of [
      'sh',
      'dirname',
      'uname',
      'mkdir',
      'cat',
      'rm',
      'mv',
      'cmp',
      'readlink',
      'cp',
      'sleep',
      'find',
      'flock',
    ]) {
      symlinkSync(existsSync(`/usr/bin/${tool}`) ? `/usr/bin/${tool}` : `/bin/${tool}`, join(bin, tool));
    }
    const failed = await launch([], { path: bin });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('npm is needed to fetch Node 24');
    expect(failed.stderr).toContain('apt-get install -y nodejs npm');
  });
});
