/**
 * An installation: one state directory, and the few files in it that a person's commands and the running
 * server share. The one idea to know: `server.json` says who serves this state directory and where, and is
 * believed only while that very process (its id and its start time) lives; `credentials.json` is the root key,
 * `sealing-key.json` what secrets in the store are sealed with. A machine that has joined an installation elsewhere has
 * neither of the two, but `membership.json`.
 *
 * What else the state directory holds (the store, the events of CloudWatch Logs, the agents' memory) belongs to
 * the rooms that write it; their places are in `stateLayout`, so that no two rooms choose the same name.
 */
export { type RootCredentials, readCredentials, writeCredentials } from './credentials-file.ts';
export {
  type InstallationFile,
  type KnownInstallation,
  readInstallation,
  writeInstallation,
} from './installation-file.ts';
export { type MembershipFile, readMembership, writeMembership } from './membership-file.ts';
export { readSealingKey, writeSealingKey } from './sealing-key-file.ts';
export {
  isServerAlive,
  processStartTime,
  readServer,
  removeServerFile,
  type ServerFile,
  writeServerFile,
} from './server-file.ts';
export { defaultStateDirectory, type StateLayout, stateLayout } from './state-directory.ts';
