import { seededRandom, systemClock } from '../../clock/index.ts';
import {
  type RootCredentials,
  removeServerFile,
  writeCredentials,
  writeServerFile,
} from '../../installation/index.ts';
import type { Composition, EngineDescription, RunningServer } from '../composition.ts';

const engine: EngineDescription = { name: 'docker', version: '20.10.24', address: 'unix:///run/test.sock' };

const testCredentials: RootCredentials = {
  accountId: '111122223333',
  region: 'us-east-1',
  accessKeyId: 'AKIATEST',
  secretAccessKey: "se'cret/+",
};

/** A composition whose server is two files in the state directory. */
export function fakeComposition(bent: Partial<Composition> = {}): Composition {
  return {
    version: '1.2.3',
    clock: systemClock({ keepsProcessAlive: true }),
    random: seededRandom(1),
    engine: {
      find: async () => engine,
      start: async () => engine,
      gvisor: async () => ({ state: 'offered' }),
      offerGvisor: async () => {},
    },
    loadServer: () => {},
    startServer: async ({ stateDirectory, port }) =>
      announceServer(stateDirectory, `http://127.0.0.1:${port}`),
    startJoined: async () => {
      throw new Error('Nothing is joined in tests of commands');
    },
    ownAddress: async () => '192.0.2.2',
    purge: async () => ({ containers: 0, networks: 0, volumes: 0 }),
    makeBusyboxImage: async () => {},
    removeImage: async () => {},
    ...bent,
  };
}

/** Writes what a server at `endpoint` writes, as this process. */
export function announceServer(stateDirectory: string, endpoint: string): RunningServer {
  const server = { endpoint, port: Number(new URL(endpoint).port), version: '1.2.3', startedAt: 1 };
  writeServerFile(stateDirectory, server);
  writeCredentials(stateDirectory, testCredentials);
  let resolveStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    resolveStopped = resolve;
  });
  return {
    server: { ...server, pid: process.pid, startTime: '' },
    credentials: testCredentials,
    engine,
    whyNoVpcs: undefined,
    loadBalancers: 'HAProxy 2.6.12',
    stopped,
    stop: async () => {
      removeServerFile(stateDirectory);
      resolveStopped();
    },
  };
}
