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
export {
  type CgroupLimits,
  type Container,
  type ContainerHealth,
  type ContainerLimits,
  type ContainerNetwork,
  type ContainerSpec,
  type ContainerStatus,
  type GvisorSupport,
  type HealthCheck,
  type Image,
  type Mount,
  type OutputLine,
  type PortMapping,
  type PrivateNetwork,
  type RegistryAuth,
  type Runtime,
  RuntimeError,
  type RuntimeErrorCode,
  type RuntimeEvent,
  type RuntimeInfo,
  type RuntimeLimit,
  type Sandbox,
  type SandboxDisk,
  type SandboxDiskSpace,
  type SandboxDiskSupport,
  type SandboxNetwork,
  type SandboxSpec,
} from './runtime.ts';
export type { BlockIoCount, ContainerDiskUse, ContainerStats, InterfaceStats } from './usage.ts';
