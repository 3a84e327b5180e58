import type { Clock } from '../clock/index.ts';
import {
  type RootCredentials,
  readCredentials,
  readMembership,
  readServer,
  type ServerFile,
} from '../installation/index.ts';
import { OperatorClient } from './operator-api.ts';
import { CommandError } from './terminal.ts';

/** A running Catamaran and the right to use it. */
export interface Connection {
  readonly server: ServerFile;
  readonly credentials: RootCredentials;
}

/** @throws {CommandError} nothing serves this state directory. */
export function connect(stateDirectory: string): Connection {
  const membership = readMembership(stateDirectory);
  if (membership !== undefined) {
    throw new CommandError(
      `This is machine ${membership.machineId} of the installation at ${membership.endpoint}: ask there`,
    );
  }
  const server = readServer(stateDirectory);
  if (server === undefined) {
    throw new CommandError(
      `Catamaran is not running on ${stateDirectory}. Start it with: ./catamaran up --detach` +
        ` (another state directory: --state DIR or CATAMARAN_STATE)`,
    );
  }
  const credentials = readCredentials(stateDirectory);
  if (credentials === undefined) {
    throw new CommandError(`Catamaran runs on ${stateDirectory}, but its credentials.json is missing`);
  }
  return { server, credentials };
}

export function operatorClient(stateDirectory: string, clock: Clock): OperatorClient {
  const { server, credentials } = connect(stateDirectory);
  return new OperatorClient(server, credentials, clock);
}
