/**
 * The languages that AWS clients speak: awsJson 1.0 and 1.1, restJson1, query, ec2Query and rpc-v2-cbor. Bytes to a typed
 * input, output or refusal to bytes, for any service.
 *
 * The one idea to know: the official SDK's modules carry the complete schemas of their service, so a
 * `ServiceModel` is read from the module and every reader and writer is compiled from a schema, once, when it
 * is first needed. Nothing here knows an operation by name; where services differ in how they refuse, it is
 * an entry of the table in `service-rules.ts`.
 *
 * `acs.ts` and `tcs.ts` are the messages of the ECS agent's two protocols, as types.
 *
 * What it refuses: streamed members and event streams, bodies that do not fit the schema (in AWS's words),
 * and operations that the SDK does not know.
 */
export type {
  AcsAgentMessages,
  AcsAttachment,
  AcsContainer,
  AcsDockerConfig,
  AcsElasticNetworkInterface,
  AcsLinuxParameters,
  AcsPayload,
  AcsProxyListener,
  AcsRoleCredentials,
  AcsServerMessages,
  AcsServiceConnectConfig,
  AcsServiceConnectProxy,
  AcsTask,
  AcsTaskIdentifier,
  AcsTaskManifest,
  AcsVolume,
  Frame,
} from './acs.ts';
export { serviceConnectAttachment } from './acs.ts';
export type { AuthenticationFailure } from './authentication.ts';
export { authenticationRefusal } from './authentication.ts';
export type { Codec, OpenedRequest } from './codec.ts';
export type { CodecChoice } from './create-codec.ts';
export { createCodecs } from './create-codec.ts';
export { HttpRoutes } from './http-routes.ts';
export { plainRefusal } from './plain-refusal.ts';
export { isRecord } from './record.ts';
export { Refusal } from './refusal.ts';
export type { OperationModel, ProtocolName, ServiceModel } from './service-model.ts';
export { readServiceModel } from './service-model.ts';
export type { AccessDenied, CodeAndStatus, ServiceRules } from './service-rules.ts';
export { rulesOf, signingNameByMarks } from './service-rules.ts';
export type {
  TcsAgentMessages,
  TcsContainerHealth,
  TcsContainerMetric,
  TcsMetadata,
  TcsServerMessages,
  TcsServiceConnectMetrics,
  TcsStatsSet,
  TcsTaskMetric,
} from './tcs.ts';
export type { WireAnswer, WireRequest } from './wire.ts';
