/**
 * Session Manager's channels, the protocol between a terminal somewhere and a process in a container: the frames as
 * amazon-ssm-agent and session-manager-plugin write them, both ends of a session's data channel, and the command
 * that it runs. What carries the frames (a WebSocket) and what they move (a terminal, a process) is handed in.
 *
 * The one idea to know: `DataChannel` makes a reliable stream of frames that may be lost, and knows nothing else;
 * `AgentChannel` and `ClientChannel` are the two ways to use one.
 *
 * What it refuses: sessions that forward ports.
 */
export { AgentChannel, type SessionEncryption } from './agent-channel.ts';
export { type AgentMessage, decodeAgentMessage, encodeAgentMessage } from './agent-message.ts';
export { ClientChannel } from './client-channel.ts';
export { joinCommand, splitCommand } from './command-line.ts';
export {
  channelClosed,
  messageSchemaVersion,
  messageTypes,
  openChannelInput,
  readAgentSessionState,
  readJson,
  readStartSession,
  readTaskComplete,
  type SessionRequest,
  startSession,
  type TerminalSize,
  taskComplete,
  textOf,
  tokenOf,
} from './payloads.ts';
export { dataKeyBytes, dataKeyContext } from './session-cipher.ts';
