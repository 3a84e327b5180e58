/**
 * Writes what `src/main.ts` runs into few files, which Node reads in half the time of the thousand of src/:
 * `node build-program.ts FOLDER`, the folder somewhere in the checkout. What is loaded late stays in files of its own.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

const checkout = fileURLToPath(new URL('.', import.meta.url));
const [, , folder] = process.argv;
if (folder === undefined) throw new Error('Usage: node build-program.ts FOLDER');

/** A file finds what lies beside it in src/ from where it stands now. */
const placesInSource: Plugin = {
  name: 'places in src/',
  load(id) {
    if (!id.endsWith('.ts')) return undefined;
    const code = readFileSync(id, 'utf8');
    const place = `new URL(${JSON.stringify(relative(folder, id))}, import.meta.url).href`;
    return { code: code.replaceAll('import.meta.url', place), moduleType: 'ts' };
  },
};

/**
 * V8 keeps the whole text of a file, at two bytes a character from the first one that is not in Latin-1. In what is
 * left when comments are gone, such ones stand in texts and patterns, where they may be written by their number.
 */
const oneByteEach: Plugin = {
  name: 'one byte for each character',
  // Not `renderChunk`: what that gives is printed once more.
  generateBundle(_options, files) {
    for (const file of Object.values(files))
      if (file.type === 'chunk')
        file.code = file.code.replaceAll(
          /[^\0-\xff]/g,
          (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
  },
};

/** Packages of hundreds of files, for which the same holds. What they need themselves goes with them. */
const written = new Set(['@peculiar/x509', 'reflect-metadata']);

function isExternal(id: string, importer: string | undefined): boolean {
  const isPackage = !/^[./\0]/.test(id);
  return isPackage && (id.startsWith('node:') || !(written.has(id) || importer?.includes('/node_modules/')));
}

const bundle = await rolldown({
  input: join(checkout, 'src/main.ts'),
  platform: 'node',
  external: isExternal,
  plugins: [placesInSource, oneByteEach],
});
await bundle.write({
  ...{ dir: folder, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
  comments: { legal: true, jsdoc: false, annotation: false },
});
await bundle.close();
