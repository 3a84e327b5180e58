import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  defaultStateDirectory,
  processStartTime,
  readCredentials,
  readInstallation,
  readServer,
  removeServerFile,
  stateLayout,
  writeCredentials,
  writeInstallation,
  writeServerFile,
} from './index.ts';

let state: string;
beforeEach(() => {
  state = join(mkdtempSync(join(tmpdir(), 'catamaran-installation-')), 'state');
});
afterEach(() => rmSync(join(state, '..'), { recursive: true, force: true }));

const server = { endpoint: 'http://127.0.0.1:4566', port: 4566, version: '1.0.0', startedAt: 5 };
const credentials = { accountId: '1', region: 'r', accessKeyId: 'k', secretAccessKey: 's' };

describe('the state directory', () => {
  it.each([
    [{ HOME: '/home-of/x' }, '/home-of/x/.local/state/catamaran'],
    [{ HOME: '/home-of/x', XDG_STATE_HOME: '/state' }, '/state/catamaran'],
    [{ HOME: '/home-of/x', XDG_STATE_HOME: '/state', CATAMARAN_STATE: '/mine' }, '/mine'],
  ])('with %j is %s', (env, directory) => {
    expect(defaultStateDirectory(env)).toBe(directory);
  });
});

describe('installation.json', () => {
  it('of a version without VPCs keeps its id, and lacks public addresses', () => {
    expect(readInstallation(state)).toBeUndefined();
    const installation = { id: '0123456789ab', publicCidr: '198.18.7.0/24' };
    writeInstallation(state, installation);
    expect(readInstallation(state)).toEqual(installation);
    const path = stateLayout(state).installation;
    writeFileSync(path, JSON.stringify({ id: '0123456789ab', privateCidr: '10.231.0.0/16' }));
    expect(readInstallation(state)).toEqual({ id: '0123456789ab' });
    writeFileSync(path, '{}');
    expect(() => readInstallation(state)).toThrow('id is expected');
  });
});

describe('server.json', () => {
  it('is written for its owner alone, read while the process lives, and removed', () => {
    expect(readServer(state)).toBeUndefined();
    writeServerFile(state, server);
    expect(readServer(state)).toMatchObject({ ...server, pid: process.pid });
    expect(statSync(stateLayout(state).server).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    removeServerFile(state);
    expect(readServer(state)).toBeUndefined();
  });

  it('of a process that is gone, or whose id another has now, is not believed', () => {
    writeServerFile(state, server);
    const path = stateLayout(state).server;
    const written = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...written, startTime: 'another' }));
    expect(readServer(state)).toBeUndefined();
    const ended = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(path, JSON.stringify({ ...written, pid: ended.pid }));
    expect(readServer(state)).toBeUndefined();
  });

  it('says what to do when it is damaged', () => {
    writeServerFile(state, server);
    writeFileSync(stateLayout(state).server, '{');
    expect(() => readServer(state)).toThrow('it is not JSON; remove it');
  });

  it('tells processes apart by their start', () => {
    expect(processStartTime(process.pid)).toMatch(/\d/);
    expect(processStartTime(process.pid)).toBe(processStartTime(process.pid));
    expect(processStartTime(999_999_999)).toBeUndefined();
  });
});

describe('credentials.json', () => {
  it('is written for its owner alone and read back', () => {
    expect(readCredentials(state)).toBeUndefined();
    writeCredentials(state, credentials);
    expect(readCredentials(state)).toEqual(credentials);
    expect(statSync(stateLayout(state).credentials).mode & 0o777).toBe(0o600);
  });

  it('without a secret is refused', () => {
    writeCredentials(state, credentials);
    writeFileSync(stateLayout(state).credentials, JSON.stringify({ ...credentials, secretAccessKey: '' }));
    expect(() => readCredentials(state)).toThrow('secretAccessKey are expected');
  });
});
