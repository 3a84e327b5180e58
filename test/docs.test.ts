import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What the documents promise about themselves: every relative link leads to a file, and to a heading in it. */
const root = fileURLToPath(new URL('..', import.meta.url));

describe('the documents', () => {
  it('link to what is there', () => {
    const broken = documents().flatMap((path) =>
      linksOf(readFileSync(path, 'utf8'))
        .filter(({ target }) => !leadsSomewhere(path, target))
        .map(({ target, line }) => `${relative(root, path)}:${line} links to ${target}`),
    );
    if (broken.length > 0) expect.fail(`${broken.length} links lead nowhere:\n${broken.join('\n')}`);
  });

  it('are read as they are', () => {
    const text =
      'See [a](a.md#b) and\n[web](https://example.com/).\n```sh\n[no](no.md)\n```\n![picture](p.png)';
    expect(linksOf(text)).toEqual([
      { target: 'a.md#b', line: 1 },
      { target: 'p.png', line: 6 },
    ]);
    expect(anchorsOf('# One\n\n## Two, and `three`\n')).toEqual(new Set(['one', 'two-and-three']));
  });
});

function documents(): readonly string[] {
  const beside = readdirSync(root).filter((name) => name.endsWith('.md'));
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
  return [...beside, ...below].map((name) => join(root, name));
}

/** Links to places of this checkout; code blocks are not text. */
function linksOf(text: string): readonly { readonly target: string; readonly line: number }[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
  return prose
    .split('\n')
    .flatMap((line, index) =>
      Array.from(line.matchAll(/\]\(([^)\s]+)\)/g), (match) => ({ target: match[1] ?? '', line: index + 1 })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(path)) return false;
  return anchor === undefined || anchorsOf(readFileSync(path, 'utf8')).has(anchor);
}

/** How Markdown renderers name the headings of a document. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}
