import { parseQuantity } from '../../quantity.ts';
import type { PlacedContainer, PlacedPod, PlacedSpec, ResourceList } from './objects.ts';

/** What a node tells of a container's resources. */
interface HeldContainer {
  readonly name?: string;
  readonly resources?: { readonly requests?: ResourceList };
  readonly allocatedResources?: ResourceList;
}

/**
 * A pod's spec with what its containers hold while they are resized: the most of what they ask for, were given and have. What
 * their node will never have counts for nothing. The spec itself where that says the same.
 */
export function heldSpec({ spec, status }: PlacedPod): PlacedSpec {
  const told: readonly HeldContainer[] = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
  ];
  if (told.length === 0) return spec;
  const isInfeasible = status?.conditions?.some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  );
  const held = (container: PlacedContainer): PlacedContainer => {
    const own = told.find(({ name }) => name === container.name);
    const has = own?.resources?.requests;
    if (has === undefined) return container;
    const asked = container.resources?.requests ?? {};
    const most = mostOf(isInfeasible ? [] : [asked], has, own?.allocatedResources ?? {});
    return isSame(most, asked) ? container : { ...container, resources: { requests: most } };
  };
  const containers = spec.containers.map(held);
  const initContainers = spec.initContainers?.map(held);
  const isUnchanged =
    containers.every((each, index) => each === spec.containers[index]) &&
    (initContainers?.every((each, index) => each === spec.initContainers?.[index]) ?? true);
  return isUnchanged ? spec : { ...spec, containers, ...(initContainers && { initContainers }) };
}

function mostOf(asked: readonly ResourceList[], ...others: readonly ResourceList[]): ResourceList {
  const most: Record<string, string> = {};
  for (const list of [...asked, ...others])
    for (const [name, text] of Object.entries(list))
      if (most[name] === undefined || nanosOf(text) > nanosOf(most[name])) most[name] = text;
  return most;
}

const isSame = (one: ResourceList, other: ResourceList): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(
    ([name, text]) => other[name] !== undefined && nanosOf(text) === nanosOf(other[name]),
  );

const nanosOf = (text: string): bigint => parseQuantity(text)?.nanos ?? 0n;
