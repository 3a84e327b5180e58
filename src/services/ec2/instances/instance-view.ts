import type { Instance, Reservation } from '@aws-sdk/client-ec2';
import { tagList } from '../input/tags.ts';
import type { Scope } from '../records.ts';
import { zoneId } from '../zones.ts';
import type { InstanceRecord } from './instance-record.ts';

/** An instance in a reservation of its own. What EC2's have and a machine has not (an image, a type, a subnet) is left out. */
export function reservationView({ accountId }: Scope, instance: InstanceRecord): Reservation {
  return {
    ReservationId: instance.reservationId,
    OwnerId: accountId,
    Groups: [],
    Instances: [instanceView(instance)],
  };
}

function instanceView(instance: InstanceRecord): Instance {
  const { id, availabilityZone, architecture, terminatedAt } = instance;
  const common: Instance = {
    InstanceId: id,
    State: stateOf(instance),
    LaunchTime: new Date(instance.launchedAt),
    AmiLaunchIndex: 0,
    Placement: {
      AvailabilityZone: availabilityZone,
      AvailabilityZoneId: zoneId(availabilityZone),
      Tenancy: 'default',
    },
    Monitoring: { State: 'disabled' },
    ...(architecture !== undefined && {
      Architecture: architecture as NonNullable<Instance['Architecture']>,
    }),
    PlatformDetails: 'Linux/UNIX',
    NetworkInterfaces: [],
    SecurityGroups: [],
    Tags: tagList(instance.tags),
  };
  if (terminatedAt === undefined) return { ...common, PrivateIpAddress: instance.address };
  return {
    ...common,
    StateTransitionReason: `User initiated (${new Date(terminatedAt).toISOString().slice(0, 19).replace('T', ' ')} GMT)`,
    StateReason: {
      Code: 'Client.UserInitiatedShutdown',
      Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
    },
  };
}

/** It runs from its registration on, until that is taken back. */
export function stateOf({ terminatedAt }: InstanceRecord): Required<NonNullable<Instance['State']>> {
  return terminatedAt === undefined ? { Code: 16, Name: 'running' } : { Code: 48, Name: 'terminated' };
}
