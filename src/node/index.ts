/**
 * What runs on every machine: the ECS agent of a container instance. It speaks the public agent protocol (ACS, TCS
 * and the ECS API's state changes), so the official agent could stand here; it drives containers through `Runtime`,
 * so the engine could be another.
 *
 * The idea to know: each task has one owner that compares what is wanted with what the engine says and takes the
 * next idempotent steps (`tasks/task-machine.ts` decides, `tasks/task-owner.ts` carries out). What is remembered on
 * disk and what the containers' labels say is enough to go on after the process dies anywhere.
 *
 * It refuses by name what it cannot do: a task whose definition asks for more than this agent offers is reported
 * STOPPED with the reason and never runs in part.
 */
export { type Agent, startAgent } from './agent.ts';
export type { AgentCredentials } from './agent-credentials.ts';
export type {
  AgentOptions,
  AgentSeams,
  AgentSettings,
  AgentStatus,
  EnginePlaces,
  InstanceOptions,
  InterfacePlaces,
  LinkStatus,
  MetadataOptions,
} from './agent-options.ts';
export { Link as ControlPlaneLink } from './connection/link.ts';
/** Nothing of it is there before there is a node. */
export type { KubeProxy } from './kube-proxy/kube-proxy.ts';
export type { Kubelet } from './kubelet/kubelet.ts';
export type { NodeInterfaces } from './kubelet/pod-network/node-interfaces.ts';
export type { VpcPodNetwork, VpcPodNetworkOptions } from './kubelet/pod-network/pod-network.ts';
export type { PolicyAnswer, PolicyQuestion } from './network-policy/explain-policies.ts';
export type { PolicyAgent } from './network-policy/policy-agent.ts';

/** What carries the network of nodes of Kubernetes. */
export const loadPodNetworking = () => import('./pod-networking.ts');

export const loadKubelet = () => import('./kubelet/kubelet.ts');
export type {
  ApiAccess,
  KubeletOptions,
  KubeletSettings,
  MountedVolume,
  NodeDescription,
  PodDialer,
  PodIdentity,
  PodNetwork,
  PodVolumes,
} from './kubelet/kubelet-options.ts';
export { ownMountPoints, removeWithMounts } from './kubelet/volumes/mount-points.ts';
export { type InstanceOnMachine, Machine, MachineError } from './machine/machine.ts';
export type { HostedInstance, MachineSize } from './machine/shares.ts';
export { type LinkLocal, LinkLocalListener, linkLocalAddress } from './metadata/link-local.ts';
export { openProxyImage, type ProxyImage } from './service-connect/proxy-image.ts';
export { LocalVolumes, type VolumeId } from './volumes/local-volumes.ts';
export { VolumeRefusal } from './volumes/volume-image.ts';
