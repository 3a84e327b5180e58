import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  readInstallation,
  readMembership,
  removeServerFile,
  stateLayout,
  writeInstallation,
  writeServerFile,
} from '../../installation/index.ts';
import type { Composition } from '../composition.ts';
import { run } from '../run.ts';
import { fakeComposition } from '../testing/fake-composition.ts';
import { type RecordedTerminal, recordedTerminal } from '../testing/recorded-terminal.ts';

const answer = {
  ...{ machineId: 'm-1', homeMachineId: 'm-0', accountId: '111122223333', region: 'eu-west-1' },
  ...{ publicCidr: '198.18.7.0/24', accessKeyId: 'AKIA1', secretAccessKey: 'secret' },
};

let folder: string;
let state: string;
let server: Server;
let asked: string[];
let token: string;
let terminal: RecordedTerminal;
beforeEach(async () => {
  folder = mkdtempSync(pathOf(tmpdir(), 'catamaran-join-'));
  state = pathOf(folder, 'state');
  asked = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${request.url} ${body}`);
    response.end(JSON.stringify(request.method === 'DELETE' ? { id: 'm-1' } : answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = { accessKeyId: 'ASIA0', secretAccessKey: 'other', sessionToken: 'long' };
  const invitation = { endpoint, region: 'eu-west-1', ...key };
  token = Buffer.from(JSON.stringify(invitation)).toString('base64url');
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A machine that begins and is stopped at once. */
const starting: Partial<Composition> = {
  startJoined: async ({ stateDirectory }) => {
    const file = { endpoint: 'http://192.0.2.1:4566', port: 4566, version: '1.2.3', startedAt: 1 };
    writeServerFile(stateDirectory, file);
    return {
      ...{ server: { ...file, pid: process.pid, startTime: '' }, machineId: 'm-1' },
      engine: { name: 'docker', version: '1', address: '' },
      stopped: Promise.resolve(),
      stop: async () => removeServerFile(stateDirectory),
    };
  },
};

const command = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> => {
  terminal = recordedTerminal({
    env: { CATAMARAN_STATE: state, PATH: process.env.PATH, HOME: folder, ...env },
  });
  return run(args, fakeComposition(starting), terminal);
};

describe('join', () => {
  it('exchanges its invitation once for a key of the machine’s own, for its owner’s eyes alone', async () => {
    expect(await command(['join', '--cluster', 'blue'], { CATAMARAN_JOIN_TOKEN: token })).toBe(0);
    expect(terminal.out()).toContain('This computer is machine m-1.');
    expect(terminal.out() + terminal.err()).not.toContain('secret');
    const { id = '', ...installation } = readInstallation(state) ?? {};
    expect(installation).toEqual({ publicCidr: '198.18.7.0/24' });
    expect(readMembership(state)).toMatchObject({ machineId: 'm-1', accessKeyId: 'AKIA1', cluster: 'blue' });
    expect(statSync(stateLayout(state).membership).mode & 0o777).toBe(0o600);
    expect(readFileSync(stateLayout(state).membership, 'utf8')).not.toContain('ASIA0');
    const body = { installationId: id, address: '192.0.2.2', version: '1.2.3' };
    expect(asked).toEqual([expect.stringMatching(/^POST \/_catamaran\/machines /)]);
    expect(JSON.parse(asked[0]?.split(' ').slice(2).join(' ') ?? '')).toMatchObject(body);

    expect(await command(['join'])).toBe(0);
    expect(asked).toHaveLength(1);
    expect(await command(['up'])).toBe(1);
    expect(terminal.err()).toContain('start it with ./catamaran join');
    expect(await command(['status'])).toBe(1);
    expect(terminal.err()).toContain('This is machine m-1 of the installation at http://127.0.0.1');
  });

  it('says what is missing', async () => {
    expect(await command(['join'])).toBe(1);
    expect(terminal.err()).toContain('./catamaran machine invite');
    expect(await command(['join'], { CATAMARAN_JOIN_TOKEN: 'e30' })).toBe(1);
    expect(terminal.err()).toContain('CATAMARAN_JOIN_TOKEN is no invitation');
    writeInstallation(state, { id: '0123456789ab', publicCidr: '198.18.7.0/24' });
    expect(await command(['join'], { CATAMARAN_JOIN_TOKEN: token })).toBe(1);
    expect(terminal.err()).toContain('of an installation of its own');
    expect(asked).toEqual([]);
  });
});

describe('leave', () => {
  it('tells the control plane, then removes what is here', async () => {
    expect(await command(['leave'])).toBe(1);
    expect(terminal.err()).toContain('no machine that has joined');
    await command(['join'], { CATAMARAN_JOIN_TOKEN: token });
    expect(await command(['leave'])).toBe(0);
    expect(asked[1]).toMatch(/^DELETE \/_catamaran\/machines\/m-1/);
    expect(terminal.out()).toContain('m-1 has left');
  });

  it('removes nothing where nobody hears of it; down --purge does', async () => {
    await command(['join'], { CATAMARAN_JOIN_TOKEN: token });
    // As where nobody listens, but that nobody else can come to listen there.
    server.on('connection', (socket) => socket.destroy());
    server.closeAllConnections();
    expect(await command(['leave'])).toBe(1);
    expect(terminal.err()).toContain('./catamaran machine remove m-1');
    expect(existsSync(stateLayout(state).membership)).toBe(true);
    expect(await command(['down', '--purge'])).toBe(0);
    expect(terminal.out()).toContain('./catamaran machine remove m-1');
  });
});
