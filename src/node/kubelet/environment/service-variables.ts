import type { KubernetesObject } from '../objects/object.ts';

/** As far as containers are told of it. */
export interface Service extends KubernetesObject {
  readonly spec?: {
    readonly clusterIP?: string;
    readonly ports?: readonly ServicePort[];
  };
}

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
}

/**
 * The variables by which a container finds the services that are there when it starts: the cluster's own API always, and
 * with `enableServiceLinks` those of its namespace, each in Kubernetes' form and in that of Docker's links.
 */
export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): ReadonlyMap<string, string> {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: of } = service.metadata;
    if (of === 'default' && name === 'kubernetes') {
      // One of the pod's own namespace with this name goes before the cluster's.
      if (!byName.has(name)) byName.set(name, service);
    } else if (of === namespace && enableServiceLinks) byName.set(name, service);
  }
  return new Map([...byName.values()].flatMap(variablesOf));
}

type Variable = readonly [name: string, value: string];

function variablesOf({ metadata, spec }: Service): readonly Variable[] {
  const { clusterIP = '', ports = [] } = spec ?? {};
  const [first] = ports;
  if (clusterIP === '' || clusterIP === 'None' || first === undefined) return [];
  const service = variableName(metadata.name);
  const named = ports.filter(({ name = '' }) => name !== '');
  return [
    [`${service}_SERVICE_HOST`, clusterIP],
    [`${service}_SERVICE_PORT`, String(first.port)],
    ...named.map(
      ({ name = '', port }): Variable => [`${service}_SERVICE_PORT_${variableName(name)}`, String(port)],
    ),
    [`${service}_PORT`, urlOf(clusterIP, first)],
    ...ports.flatMap((port) => linkVariables(service, clusterIP, port)),
  ];
}

function linkVariables(service: string, clusterIp: string, port: ServicePort): readonly Variable[] {
  const prefix = `${service}_PORT_${port.port}_${protocolOf(port)}`;
  return [
    [prefix, urlOf(clusterIp, port)],
    [`${prefix}_PROTO`, protocolOf(port).toLowerCase()],
    [`${prefix}_PORT`, String(port.port)],
    [`${prefix}_ADDR`, clusterIp],
  ];
}

const protocolOf = ({ protocol = 'TCP' }: ServicePort): string => protocol.toUpperCase();

const urlOf = (clusterIp: string, port: ServicePort): string =>
  `${protocolOf(port).toLowerCase()}://${clusterIp.includes(':') ? `[${clusterIp}]` : clusterIp}:${port.port}`;

const variableName = (name: string): string => name.replaceAll('-', '_').toUpperCase();
