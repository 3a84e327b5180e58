import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandFailure, checkExt4, makeExt4, runCommand } from '../../runtime/index.ts';
import { codeOf } from '../error-code.ts';

const MiB = 1_048_576;
/** An ext4 file system with a journal is not made smaller. */
const leastBytes = 16 * MiB;
/** What the machine keeps for itself: its records are on the same disk. */
const headroomBytes = 1_024 * MiB;
const setAsideMs = 120_000;
const growMs = 600_000;

/** Why a volume can't be made or grow, as a CSI driver says it. */
export class VolumeRefusal extends Error {
  override readonly name = 'VolumeRefusal';
  /** Of gRPC, e.g. `ResourceExhausted`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What is made when so much is asked for: whole MiB. */
export const imageBytes = (askedBytes: number): number =>
  Math.max(leastBytes, Math.ceil(askedBytes / MiB) * MiB);

/** Undefined: there is none. */
export async function sizeOfImage(image: string): Promise<number | undefined> {
  try {
    return (await stat(image)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes a file with an ext4 file system, all of whose blocks are set aside: it is there whole or not at all.
 * @throws {VolumeRefusal} The machine has no room for it.
 */
export async function makeImage(image: string, sizeBytes: number): Promise<void> {
  const unfinished = `${image}.new`;
  await rm(unfinished, { force: true });
  try {
    await setAside(unfinished, sizeBytes, sizeBytes);
    // What is discarded would be given back to the machine.
    await makeExt4(unfinished, { extended: ['nodiscard', 'lazy_itable_init=1', 'lazy_journal_init=1'] });
    await rename(unfinished, image);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The file alone: its file system grows when it is mounted. @throws {VolumeRefusal} The machine has no room for it. */
export const growImage = (image: string, fromBytes: number, toBytes: number): Promise<void> =>
  setAside(image, toBytes, toBytes - fromBytes);

async function setAside(file: string, sizeBytes: number, addedBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(file));
  const freeBytes = bavail * bsize;
  if (freeBytes - addedBytes < headroomBytes)
    throw new VolumeRefusal(
      'ResourceExhausted',
      `the machine has ${Math.floor(freeBytes / MiB)} MiB left, of which it keeps ${headroomBytes / MiB}: not enough for ${addedBytes / MiB} MiB`,
    );
  try {
    await runCommand('fallocate', ['--length', String(sizeBytes), file], { timeoutMs: setAsideMs });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new VolumeRefusal('ResourceExhausted', `the machine can't set the room aside: ${error.message}`);
  }
}

/** What is wrong and can be mended without asking is. @throws {Error} there is more. */
export async function checkImage(image: string, more: readonly string[] = []): Promise<void> {
  try {
    await checkExt4(image, more);
  } catch (error) {
    throw new Error(`'fsck' found errors on device ${image} but could not correct them`, { cause: error });
  }
}

/** Bytes that the file system in an image spans: less than the image, where that has grown. */
async function fileSystemBytes(image: string): Promise<number> {
  await using file = await open(image);
  const { buffer } = await file.read(Buffer.alloc(1_024), 0, 1_024, superblockAt);
  const blocks = BigInt(buffer.readUInt32LE(0x4)) + (BigInt(buffer.readUInt32LE(0x150)) << 32n);
  return Number(blocks << BigInt(10 + buffer.readUInt32LE(0x18)));
}

const superblockAt = 1_024;

/** Whether an image has grown and its file system has not. */
export async function isOutgrown(image: string): Promise<boolean> {
  const bytes = await sizeOfImage(image);
  return bytes !== undefined && (await fileSystemBytes(image)) < bytes;
}

/** Has the file system in an image that is not mounted fill it. */
export async function fillImage(image: string): Promise<void> {
  if (!(await isOutgrown(image))) return;
  await checkImage(image, ['-f']);
  await runCommand('resize2fs', [image], { timeoutMs: growMs });
}

/**
 * Has a file system that is mounted fill its device.
 * @returns false: the kernel does not let this process, which takes `CAP_SYS_RESOURCE`; `fillImage` can all the same.
 */
export async function fillDevice(device: string): Promise<boolean> {
  try {
    await runCommand('resize2fs', [device], { timeoutMs: growMs });
    return true;
  } catch (error) {
    if (error instanceof CommandFailure && error.message.includes('Permission denied to resize'))
      return false;
    throw error;
  }
}
