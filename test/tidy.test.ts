import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * Rules of the house that no linter knows. Each failure names file and line, and says what to do instead.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Where it holds. */
  readonly appliesTo: (path: string) => boolean;
  /** Strings and comments count too; otherwise only code does. */
  readonly alsoInText?: boolean;
}

const isTest = (path: string): boolean => /\.(test|suite)\.ts$|\/testing\/|\/conformance|^test\//.test(path);
const inProduct = (path: string): boolean => path.startsWith('src/') && !isTest(path);
const usesInjectedTime = (path: string): boolean => inProduct(path) && !path.startsWith('src/clock/');
const isTypeScript = (path: string): boolean => path.endsWith('.ts');

const rules: readonly Rule[] = [
  ...(
    [
      ['Date.now()', /\bDate\.now\b/, 'clock.now()'],
      ['new Date() without a time', /\bnew Date\(\s*\)/, 'new Date(clock.now())'],
      ['performance.now()', /\bperformance\.now\b/, 'clock.monotonic()'],
      // A socket's own idle timeout begins anew with each byte.
      ['setTimeout', /(?<!\b(?:client|session)\.)\bsetTimeout\s*\(/, 'clock.after() or clock.sleep()'],
      ['setInterval', /\bsetInterval\s*\(/, 'clock.after(), again and again'],
      ['timers/promises', /node:timers\/promises/, 'clock.sleep()'],
      ['AbortSignal.timeout', /\bAbortSignal\.timeout\b/, 'withTimeout(clock, ...)'],
      ['Math.random', /\bMath\.random\b/, 'random.float()'],
      [
        'crypto’s random functions',
        /\b(randomUUID|randomBytes|randomInt|getRandomValues)\b/,
        'random.bytes() or uuid(random)',
      ],
    ] as const
  ).map(([name, pattern, instead]) => ({
    name: `no ${name} outside src/clock`,
    pattern,
    instead: `use ${instead}, handed in as an argument`,
    appliesTo: usesInjectedTime,
    // An import is a string in the code.
    alsoInText: name === 'timers/promises',
  })),
  {
    name: 'no console',
    pattern: /\bconsole\.\w+\s*\(/,
    instead: 'use the Log or the Terminal that is handed in',
    appliesTo: inProduct,
  },
  {
    name: 'no markers for later',
    // Written so that this file does not find itself.
    pattern: new RegExp(
      `\\b(${['TO', 'FIX', 'X'].map((start, index) => start + ['DO', 'ME', 'XX'][index]).join('|')})\\b`,
    ),
    instead: 'do it now, or refuse by name what is not there yet',
    appliesTo: () => true,
    alsoInText: true,
  },
  {
    name: 'no paths of a developer’s machine',
    pattern: new RegExp(`/(${['home', 'Users', 'work'].join('|')})/[a-z][\\w-]*/|/tmp/node\\d`),
    instead: 'ask for the path, or make a folder of its own with mkdtemp',
    appliesTo: () => true,
    alsoInText: true,
  },
  {
    name: 'no package registries',
    pattern: /registry\.(npmjs|yarnpkg)\.(org|com)|"resolved":\s*"http/,
    instead: 'leave it to npm’s configuration',
    appliesTo: () => true,
    alsoInText: true,
  },
  {
    name: 'no skipped tests without a reason, no lonely ones',
    pattern: /\b(it|test|describe)\.(skip|only|todo)\b|\b[xf](it|describe)\s*\(/,
    instead: 'run it; where a machine can’t, use it.skipIf(condition) and say why in the test’s name',
    appliesTo: isTest,
  },
  {
    name: 'no compiler silenced without a reason',
    pattern: /@ts-(ignore|nocheck)|biome-ignore-all|eslint-disable/,
    instead: 'mend the type, or use a biome-ignore line with its reason',
    appliesTo: isTypeScript,
    alsoInText: true,
  },
];

/** Files that may be long, with the reason. */
const longFiles: Readonly<Record<string, string>> = {};
const maxLines = 500;

const leftoverNames = /(^|[/-])(utils?|helpers?|common|misc|manager|base)(\.ts$|\/|-|$)/;

describe('the source is tidy', () => {
  const files = sourceFiles();

  it.each(rules)('$name', ({ pattern, instead, appliesTo, alsoInText }) => {
    const found: string[] = [];
    for (const { path, text } of files) {
      if (!appliesTo(path)) continue;
      const searched = alsoInText || !isTypeScript(path) ? text : withoutText(text);
      searched.split('\n').forEach((line, index) => {
        if (pattern.test(line)) found.push(`${path}:${index + 1}: ${text.split('\n')[index]?.trim()}`);
      });
    }
    expectNone(found, instead);
  });

  it('has files that read in one sitting', () => {
    const long = files
      .filter(({ path }) => inProduct(path) && isTypeScript(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > maxLines && longFiles[path] === undefined)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(long, `split by what the parts are for, or explain it in longFiles\n${long.join('\n')}`).toEqual(
      [],
    );
  });

  it('explains only long files that are there', () => {
    const paths = new Set(files.map(({ path }) => path));
    expect(Object.keys(longFiles).filter((path) => !paths.has(path))).toEqual([]);
  });

  it('has no rooms and files for leftovers', () => {
    const found = files
      .map(({ path }) => path)
      .filter((path) => path.startsWith('src/') && leftoverNames.test(path));
    expectNone(found, 'name them after what they hold');
  });

  it('is found by the rules above when it is not', () => {
    const bad = "const a = Date.now(); // Date.now()\nconst b = 'Date.now()';";
    const [first, second] = withoutText(bad).split('\n');
    expect(first).toContain('Date.now()');
    expect(first).not.toContain('//');
    expect(second).not.toContain('Date.now()');
  });
});

/** Fails with what to do and one line for each. */
function expectNone(found: readonly string[], instead: string): void {
  if (found.length > 0) expect.fail(`${found.length} found; ${instead}:\n${found.join('\n')}`);
}

interface SourceFile {
  /** From the checkout's root. */
  readonly path: string;
  readonly text: string;
}

/** Everything that people write: sources, tests, configuration, documents. */
function sourceFiles(): readonly SourceFile[] {
  const folders = ['src', 'test', 'bench', 'docs', '.ci'];
  const single = ['catamaran', 'package.json', 'package-lock.json', 'README.md', 'CONTRIBUTING.md'];
  const paths: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isFile() && single.includes(entry.name)) paths.push(join(root, entry.name));
    if (!entry.isDirectory() || !folders.includes(entry.name)) continue;
    for (const inner of readdirSync(join(root, entry.name), { withFileTypes: true, recursive: true })) {
      if (inner.isFile()) paths.push(join(inner.parentPath, inner.name));
    }
  }
  return (
    paths
      // This file spells out what it looks for.
      .filter((path) => !/\.(png|svg|jpg|gif|ico|woff2?)$/.test(path) && !path.endsWith('test/tidy.test.ts'))
      .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))
  );
}

/** The code alone: comments and the insides of strings become spaces, lines stay where they are. */
function withoutText(source: string): string {
  const text = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g;
  return source.replace(text, (piece) => piece.replace(/[^\n]/g, ' '));
}
