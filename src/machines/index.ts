/**
 * The machines of an installation: computers that carry its tasks. The one idea to know: a machine is a record, which
 * says where the others reach it, and an identity, as which its agents speak to the control plane. While there is one
 * machine alone there is neither.
 */
export { type MachineRecord, machineIdOf, machineKey, machines } from './records.ts';
export { networkedMachines } from './shared-network.ts';
