import { readFile } from 'node:fs/promises';

export interface MountEntry {
  readonly path: string;
  /** `<major>:<minor>` of the file system: the same wherever it is mounted. */
  readonly device: string;
  /** What is mounted, e.g. `/dev/loop3`. */
  readonly source: string;
}

/** What is mounted in this process's mount namespace, in the order in which it was. */
export async function mountTable(): Promise<readonly MountEntry[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    // How many optional fields come before it differs.
    const dash = fields.indexOf('-', 6);
    const [device = '', path = '', source = ''] = [fields[2], fields[4], fields[dash + 2]].map(unescaped);
    return dash === -1 ? [] : [{ path, device, source }];
  });
}

const unescaped = (text = ''): string =>
  text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

export const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`);
