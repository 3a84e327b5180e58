/**
 * The commands that a person types. The one idea to know: a command is a customer of the public API like any
 * other program, found through the state directory's `server.json`; whatever must happen inside this process
 * (serving, asking the Engine) comes in through `Composition`, so nothing here knows the rooms that do it.
 *
 * Answers go to stdout; progress, questions and errors to stderr wherever stdout carries an answer. With
 * `--json` stdout carries one JSON object and nothing else.
 */
export type {
  BalancerChoice,
  Composition,
  EngineDescription,
  EngineDoor,
  FargateIsolation,
  GvisorState,
  JoinedOptions,
  PurgeReport,
  RunningMachine,
  RunningServer,
  ServerOptions,
  VpcPlace,
} from './composition.ts';
export type {
  InvitationResponse,
  JoinResponse,
  MachineDescription,
  MachinesResponse,
} from './machine-api.ts';
export type {
  ExplainPacketRequest,
  ExplainPacketResponse,
  NetworkResponse,
  ResolvedName,
  VpcDescription,
} from './network-api.ts';
export {
  type AccountsResponse,
  type AddInstanceRequest,
  type BalancerLogsResponse,
  type EventsResponse,
  type ExplainResponse,
  type InstanceDescription,
  type InterruptSpotResponse,
  type ListInstancesResponse,
  type NewAccountResponse,
  type NodeDescription,
  type OperatorError,
  operatorPaths,
  type ShutdownResponse,
  type SignInResponse,
  type StatusResponse,
} from './operator-api.ts';
export { run } from './run.ts';
export { type CallCredentials, signedCall } from './signed-call.ts';
export { CommandError } from './terminal.ts';
