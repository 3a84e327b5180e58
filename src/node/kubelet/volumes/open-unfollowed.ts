import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Linux's own, which Node has no name for: what is opened is named and not touched, be it a pipe or a device. */
const pathOnly = 0o10_000_000;

/** Opens what has a name itself, also where that is a link, to be named by `pathOf`. What leads to the name is followed. */
export const openUnfollowed = (path: string): Promise<FileHandle> =>
  open(path, pathOnly | constants.O_NOFOLLOW);

/** Leads to what was opened, whatever has its name by now. */
export const pathOf = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`;

/**
 * Reads a file of a volume that containers may change meanwhile: no link leads out of it.
 * @param path Below `directory`.
 * @throws {Error} It is not there (`ENOENT`), is larger than that, no file, or a link is on its way.
 */
export async function readUnfollowed(directory: string, path: string, mostBytes: number): Promise<string> {
  let handle = await openUnfollowed(directory);
  try {
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      if (name === '..') throw new Error(`${path} leads out of its volume`);
      await using parent = handle;
      handle = await openUnfollowed(`${pathOf(parent)}/${name}`);
      if ((await handle.stat()).isSymbolicLink()) throw new Error(`${path} leads over a link`);
    }
    const found = await handle.stat();
    if (!found.isFile()) throw new Error(`${path} is no file`);
    const bytes = await firstBytes(pathOf(handle), mostBytes + 1);
    if (bytes.length > mostBytes) throw new Error(`${path} has more than ${mostBytes} bytes`);
    return bytes.toString('utf8');
  } finally {
    await handle.close();
  }
}

/** Not by the size that the file says: it may be another when it is read. */
async function firstBytes(path: string, most: number): Promise<Buffer> {
  await using file = await open(path);
  const chunks: Buffer[] = [];
  for await (const chunk of file.createReadStream({ end: most - 1, autoClose: false }))
    chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
