import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandError } from './terminal.ts';

/**
 * Sets a section of one of the AWS CLI's files; every other line stays as it is. The file appears in one step, for its
 * owner alone.
 * @throws {CommandError} it can't be read or written.
 */
export function writeProfileSection(
  path: string,
  section: string,
  values: Readonly<Record<string, string>>,
): void {
  const before = read(path);
  const text = withSection(before, section, values);
  const draft = `${path}.${process.pid}.new`;
  try {
    makeFolder(dirname(path));
    writeFileSync(draft, text, { mode: 0o600 });
    // Also when a draft was left by a process that had this id.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new CommandError(`Cannot write ${path}`, { cause });
  }
}

/** Node's own recursion never ends where nothing can be made, such as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new CommandError(`Cannot read ${path}`, { cause });
  }
}

/** `text` with the section's settings replaced, or the section at its end. */
export function withSection(text: string, section: string, values: Readonly<Record<string, string>>): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const settings = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  const start = lines.findIndex((line) => headingOf(line) === section);
  if (start === -1) {
    const gap = lines.length > 0 && lines.at(-1) !== '' ? [''] : [];
    return `${[...lines, ...gap, `[${section}]`, ...settings].join('\n')}\n`;
  }
  const following = lines.findIndex((line, index) => index > start && headingOf(line) !== undefined);
  const end = following === -1 ? lines.length : following;
  // What people wrote into the section besides, such as `output`, stays.
  const others = lines.slice(start + 1, end).filter((line) => !(settingOf(line) in values));
  return `${[...lines.slice(0, start + 1), ...settings, ...others, ...lines.slice(end)].join('\n')}\n`;
}

const headingOf = (line: string): string | undefined => /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
const settingOf = (line: string): string => /^([\w-]+)\s*=/.exec(line)?.[1] ?? '';
