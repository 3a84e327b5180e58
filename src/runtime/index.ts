/**
 * Running containers on one machine. The one idea to know: `Runtime` (runtime.ts) is a list of idempotent steps; who
 * calls them, in which order and how often is the node side's business. Two drivers keep the contract, checked by one
 * suite (conformance.ts): `docker` over the Engine's API, `sim` in memory under a given clock.
 *
 * Policy is refused here: no restarts, no dependencies, no pull behaviour. What a machine can't do is refused by a
 * `RuntimeError` that says what to do about it.
 */
export { busyboxLayer } from './busybox-layer.ts';
export { type DiskUse, directoryUse, noDiskUse } from './disk-use.ts';
export {
  type DockerRuntime,
  type DockerRuntimeOptions,
  type FoundEngine,
  findEngine,
  type GvisorOffer,
  gvisorOffer,
  isGvisorRuntime,
  madeImageLabels,
  offerGvisor,
  openDockerRuntime,
  type PurgedEngine,
  startEngine,
} from './docker/index.ts';
export { checkExt4, makeExt4 } from './ext4.ts';
export {
  type ImageArchiveSpec,
  type ImageConfig,
  imageArchive,
  imageId,
  tar,
} from './image-archive.ts';
export { unpackImage } from './image-files.ts';
export type { OutputStream } from './line-splitter.ts';
export { isWithin, type MountEntry, mountTable } from './mount-table.ts';
export type {
  AttachOptions,
  CommandOptions,
  ContainerAttachment,
  ContainerCommand,
  ContainerStreams,
  ContainerTerminal,
  ExecResult,
  OutputChunk,
  TerminalOptions,
} from './process.ts';
export { findProgram, programLayer } from './program-layer.ts';
export { CommandFailure, runCommand } from './run-command.ts';
export type {
  CgroupLimits,
  Container,
  ContainerHealth,
  ContainerLimits,
  ContainerNetwork,
  ContainerSpec,
  ContainerStatus,
  GvisorSupport,
  HealthCheck,
  Image,
  Mount,
  OutputLine,
  PortMapping,
  PrivateNetwork,
  RegistryAuth,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  RuntimeLimit,
  Sandbox,
  SandboxDisk,
  SandboxDiskSpace,
  SandboxDiskSupport,
  SandboxNetwork,
  SandboxSpec,
} from './runtime.ts';
export { isEngineAway, RuntimeError, type RuntimeErrorCode } from './runtime-error.ts';
export type { BlockIoCount, ContainerDiskUse, ContainerStats, InterfaceStats } from './usage.ts';
