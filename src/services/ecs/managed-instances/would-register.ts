import type { Reader } from '../../../reconcile/index.ts';
import { instanceType, shareOf } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { daemonDemand, groupOfDaemon, type WantedDaemon } from '../daemons/on-instance.ts';
import { attributesOf, machineAttribute } from '../placement/instance.ts';
import { misfit } from '../placement/misfit.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  fargateHosts,
  type InstanceResource,
  type ManagedProviderRecord,
} from '../records.ts';
import { nothingUsed, reserve } from '../reservation.ts';
import type { CapacityGround } from './capacity-ground.ts';
import { launchedAttributes } from './registered.ts';

/**
 * What an instance would be if it were launched, with its daemons on it; undefined: they don't fit. All agents of a machine offer the same: what one of them has registered
 * tells of the next. Those of the control plane's machine, that is, where Managed Instances are.
 */
export function wouldRegister(
  reader: Reader,
  scope: Scope,
  { cluster, name }: Pick<ManagedProviderRecord, 'cluster' | 'name'>,
  daemons: readonly WantedDaemon[],
): CapacityGround['wouldBe'] {
  const sample = reader
    .byIndex(containerInstances, 'registeredByCluster', `${scope.accountId}/${scope.region}/${fargateHosts}`)
    .map(({ value }) => value)
    .find((host) => !attributesOf(host).has(machineAttribute));
  if (sample === undefined) return () => undefined;
  const offered = sample.attributes.filter(({ name: each }) => isOfAgent(each));
  return ({ type: { name: typeName }, zone }) => {
    const type = instanceType(typeName);
    const architecture = attributesOf(sample).get('ecs.cpu-architecture') ?? type?.architecture;
    if (type === undefined || type.architecture !== architecture) return undefined;
    const share = shareOf(type);
    const size = new Map([
      ['CPU', share.cpu],
      ['MEMORY', share.memoryMiB],
    ]);
    const launched = launchedAttributes({ instanceType: typeName, availabilityZone: zone });
    const empty: ContainerInstanceRecord = {
      ...{ id: '', cluster, status: 'ACTIVE', version: 1, registeredAt: 0, agentConnected: true },
      ...{ versionInfo: sample.versionInfo, capacityProviderName: name, isManaged: true },
      registeredResources: sample.registeredResources
        .filter((resource) => resource.name !== 'GPU')
        .map((resource): InstanceResource => {
          const integerValue = size.get(resource.name);
          return integerValue === undefined ? resource : { ...resource, integerValue };
        }),
      attributes: [...offered, ...launched],
      ...{ used: nothingUsed, taskCount: 0, groups: [], seqNum: 0, tags: [] },
    };
    let filled: ContainerInstanceRecord | undefined = empty;
    for (const wanted of daemons) {
      const demand = daemonDemand(wanted);
      const group = groupOfDaemon(wanted.daemon.name);
      filled =
        filled && misfit(filled, demand) === undefined
          ? reserve(filled, { group, reserved: demand })
          : undefined;
    }
    return filled;
  };
}

const isOfAgent = (attribute: string): boolean =>
  /^(?:com\.amazonaws\.ecs\.|ecs\.capability\.)/.test(attribute) ||
  ['ecs.cpu-architecture', 'ecs.os-type', 'ecs.os-family'].includes(attribute);
