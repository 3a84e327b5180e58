import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Linux's own, which Node has no name for: what is opened is named and not touched, be it a pipe or a device. */
const pathOnly = 0o10_000_000;

/** Opens what has a name itself, also where that is a link, to be named by `pathOf`. What leads to the name is followed. */
export const openUnfollowed = (path: string): Promise<FileHandle> =>
  open(path, pathOnly | constants.O_NOFOLLOW);

/** Leads to what was opened, whatever has its name by now. */
export const pathOf = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`;
