import type { Flow, ServicePlan, Targets } from '../../network/index.ts';

/**
 * Which UDP flows lead elsewhere than the services of a node do now; undefined: none can. Their ends never say goodbye, so
 * the kernel would lead a client to a target that is gone for as long as the client goes on.
 * @param nodeAddress Where node ports are.
 */
export function staleFlows(
  before: readonly ServicePlan[],
  after: readonly ServicePlan[],
  nodeAddress: string,
): ((flow: Flow) => boolean) | undefined {
  const [was, is] = [addressesOf(before, nodeAddress), addressesOf(after, nodeAddress)];
  const changed = new Map<string, ReadonlySet<string>>();
  for (const address of new Set([...was.keys(), ...is.keys()])) {
    const now = is.get(address) ?? new Set<string>();
    const gone = [...(was.get(address) ?? [])].some((target) => !now.has(target));
    if (gone) changed.set(address, now);
  }
  if (changed.size === 0) return undefined;
  return ({ protocol, destination, receiver, port }) => {
    const targets = changed.get(destination);
    if (protocol !== 'udp' || targets === undefined || receiver === destination) return false;
    return !targets.has(`${receiver}:${port}`);
  };
}

/** Of UDP: the targets behind each address that somebody may ask. */
function addressesOf(
  plans: readonly ServicePlan[],
  nodeAddress: string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { protocol, clusterIp, externalIps, nodePort, internal, external } of plans) {
    if (protocol !== 'udp') continue;
    put(clusterIp, internal);
    for (const address of externalIps) put(address, external);
    if (nodePort !== undefined) put(nodeAddress, external);
  }
  return found;

  function put(address: string, targets: Targets): void {
    const known = found.get(address) ?? new Set<string>();
    found.set(address, known);
    if (typeof targets !== 'string')
      for (const target of targets) known.add(`${target.address}:${target.port}`);
  }
}
