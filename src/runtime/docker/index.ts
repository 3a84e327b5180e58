/**
 * The runtime over the Docker Engine API (1.41 or newer, also Podman's), spoken plainly over its unix socket: no CLI,
 * no client library. The one idea to know: the Engine has containers but no sandboxes, so a sandbox is a record (an
 * empty volume with labels), a cgroup and maybe a pause container (sandboxes.ts). What the engine of a machine can't
 * do is probed once and said (probe.ts); asking for it is refused by name.
 */

export {
  DockerRuntime,
  type DockerRuntimeOptions,
  openDockerRuntime,
  type PurgedEngine,
} from './docker-runtime.ts';
export { type StartEngineOptions, startEngine } from './engine-process.ts';
export { type EngineAddress, type FoundEngine, findEngine } from './engine-socket.ts';
export { isGvisorRuntime } from './gvisor.ts';
export { madeImageLabels } from './labels.ts';
export { type GvisorOffer, gvisorOffer, offerGvisor } from './offer-gvisor.ts';
