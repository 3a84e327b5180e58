/**
 * The machines of an installation: computers that carry its tasks. The one idea to know: a machine is a record, which
 * says where the others reach it, and an identity, as which its agents speak to the control plane; and it follows the
 * records that say what it has to carry (`record-feed.ts` tells, `record-replica.ts` keeps). While there is one machine
 * alone there is none of all that.
 */
export {
  findMachine,
  joinMachine,
  type MachineFacts,
  type MachineIdentities,
  type MembershipContext,
  machineOfUser,
  noteHome,
  noteMachine,
  removeMachine,
} from './membership.ts';
export { type FollowedCollection, openRecordFeed } from './record-feed.ts';
export { ackType, readRecordsMessage, recordsType } from './record-frames.ts';
export { RecordReplica } from './record-replica.ts';
export {
  type Architecture,
  type MachineRecord,
  machineIdOf,
  machineKey,
  machines,
  ownArchitecture,
} from './records.ts';
export { carriersOfNodes, namesOfOthers, networkedMachines } from './shared-network.ts';
