import { isIP } from 'node:net';
import { selects } from '../../../label-selector.ts';
import type { Reader } from '../../../reconcile/index.ts';
import { services, siblingKey } from '../../controllers/collections.ts';
import { ModelError, type WantedTarget } from '../model.ts';
import type { Opening } from '../security-groups.ts';
import { type BalancedService, type BalancedServicePort, nodeTargets, podTargets } from '../targets.ts';
import type { IngressRule, TargetGroupBinding } from './objects.ts';

/** What a binding sends to is not there: nothing is registered. */
export interface NoBackend {
  readonly missing: string;
}

/**
 * The targets of a binding (AWS Load Balancer Controller, "TargetGroupBinding"): pods, or a node port of the nodes that it selects.
 * @param key The binding's record's. @throws {ModelError} what is there can't be targets.
 */
export function bindingTargets(
  reader: Reader,
  key: string,
  { metadata, spec: { serviceRef, nodeSelector } }: TargetGroupBinding,
  targetType: 'instance' | 'ip',
): readonly WantedTarget[] | NoBackend {
  const serviceKey = siblingKey(key, services, serviceRef.name);
  const service: BalancedService | undefined = reader.get(services, serviceKey);
  const named = `${metadata.namespace}/${serviceRef.name}`;
  if (service === undefined) return { missing: `Service "${named}" not found` };
  const ports: readonly BalancedServicePort[] = service.spec.ports ?? [];
  const port = ports.find(
    (each) => each.name === serviceRef.port || String(each.port) === String(serviceRef.port),
  );
  if (port === undefined) return { missing: `unable to find port ${serviceRef.port} on service ${named}` };
  if (targetType === 'ip') {
    if (nodeSelector !== undefined)
      throw new ModelError('TargetGroupBinding cannot set NodeSelector when TargetType is ip');
    return podTargets(reader, serviceKey, port, metadata.name);
  }
  const { nodePort } = port;
  if (nodePort === undefined)
    throw new ModelError(
      `service type must be either 'NodePort' or 'LoadBalancer' for instance TargetGroup: ${named}`,
    );
  return nodeTargets(reader, key, nodePort, nodeSelector && selects(nodeSelector));
}

const allPorts = { FromPort: 0, ToPort: 65_535 } as const;

/** What the networking of bindings lets in to nodes and pods. @throws {ModelError} */
export function openingsOf({ spec: { networking } }: TargetGroupBinding): readonly Opening[] {
  return (networking?.ingress ?? []).flatMap(({ from = [], ports = [] }) => {
    const places = ports.length === 0 ? [{}] : ports;
    return from.flatMap((peer) => {
      const source = sourceOf(peer);
      return places.map((place) => ({ ...placeOf(place), from: source }));
    });
  });
}

function sourceOf({ ipBlock, securityGroup }: NonNullable<IngressRule['from']>[number]): Opening['from'] {
  if ((ipBlock === undefined) === (securityGroup === undefined))
    throw new ModelError('each peer of networking has either an ipBlock or a securityGroup');
  if (securityGroup !== undefined) return { GroupId: securityGroup.groupID };
  const { cidr = '' } = ipBlock ?? {};
  if (isIP(cidr.replace(/\/\d+$/, '')) !== 4) throw new ModelError(`${cidr} is no block of IPv4 addresses`);
  return { CidrIp: cidr };
}

function placeOf({ protocol = 'TCP', port }: NonNullable<IngressRule['ports']>[number]) {
  const IpProtocol = protocol === 'UDP' ? ('udp' as const) : ('tcp' as const);
  if (port === undefined) return { IpProtocol, ...allPorts };
  if (!/^\d+$/.test(String(port)))
    throw new ModelError(`ports of networking are numbers here, not names: ${port}`);
  return { IpProtocol, FromPort: Number(port), ToPort: Number(port) };
}
