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
  plugins: [placesInSource],
});
await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' });
await bundle.close();
