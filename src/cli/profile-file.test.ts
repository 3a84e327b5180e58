import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withSection, writeProfileSection } from './profile-file.ts';

const values = { region: 'eu-west-1', endpoint_url: 'http://127.0.0.1:4566' };
const section = '[profile ada]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:4566\n';

describe('a section of a profile file', () => {
  it.each([
    ['an empty file', '', section],
    ['the end', '[default]\nregion = x\n', `[default]\nregion = x\n\n${section}`],
    ['its place', '[profile ada]\nregion = old\n[other]\na = b\n', `${section}[other]\na = b\n`],
    [
      'what stood in it besides',
      '[profile ada]\nregion=old\noutput = text\n# mine\n',
      `${section}output = text\n# mine\n`,
    ],
    ['a file that does not end with a line end', '[default]', `[default]\n\n${section}`],
  ])('goes to %s', (_, before, after) => {
    expect(withSection(before, 'profile ada', values)).toBe(after);
    expect(withSection(after, 'profile ada', values)).toBe(after);
  });

  it('takes no other section for its own', () => {
    const before = '[profile ada2]\nregion = x\n[ada]\nregion = y\n';
    expect(withSection(before, 'profile ada', values)).toBe(`${before}\n${section}`);
  });
});

describe('the file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'catamaran-profile-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is for its owner alone, also where it was not', () => {
    const path = join(folder, 'aws', 'credentials');
    writeProfileSection(path, 'ada', { aws_access_key_id: 'AKIA' });
    expect(readFileSync(path, 'utf8')).toBe('[ada]\naws_access_key_id = AKIA\n');
    writeFileSync(path, 'x = y\n', { mode: 0o644 });
    writeProfileSection(path, 'ada', { aws_access_key_id: 'AKIB' });
    expect(readFileSync(path, 'utf8')).toBe('x = y\n\n[ada]\naws_access_key_id = AKIB\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'aws')).mode & 0o777).toBe(0o700);
  });

  it('where no folder can be made is told by its name', () => {
    const path = join(folder, 'a', 'b', 'config');
    writeProfileSection(path, 'ada', values);
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
    expect(() => writeProfileSection('/proc/a/b/config', 'ada', values)).toThrow(
      'Cannot write /proc/a/b/config',
    );
  });

  it('that can’t be read is told by its name', () => {
    expect(() => writeProfileSection(folder, 'ada', {})).toThrow(`Cannot read ${folder}`);
  });
});
