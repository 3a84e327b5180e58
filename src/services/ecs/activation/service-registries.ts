import type { ServiceRegistry } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { findRegistry } from '../../servicediscovery/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import type { ServiceRegistryRecord, StoredTaskDefinition } from '../records.ts';
import { requireContainerPort } from './container-port.ts';
import type { Exposed } from './exposed.ts';

/** Service quota "Tasks per service" with service discovery: as many as a service of Cloud Map has instances. */
export const maxDiscoveredTasks = 1_000;

/**
 * The registries of a service or a task set, against its definition's network mode and the records of Cloud Map's
 * service (Amazon ECS API reference, ServiceRegistry).
 * @returns undefined when there is none.
 * @throws InvalidParameterException
 */
export function readServiceRegistries(
  reader: Reader,
  scope: Scope,
  { definition, launchType }: Exposed,
  asked: readonly ServiceRegistry[] | undefined,
): readonly ServiceRegistryRecord[] | undefined {
  if (asked === undefined || asked.length === 0) return undefined;
  const [registry = {}, ...others] = asked;
  if (others.length > 0)
    throw invalidParameter(
      'Each service may be associated with one service registry. Multiple service registries for each service are not supported.',
    );
  if (launchType === 'EXTERNAL')
    throw invalidParameter('The launch type EXTERNAL does not support service discovery.');
  const { registryArn = '', containerName, containerPort, port } = registry;
  const found = findRegistry(reader, scope, registryArn);
  if (found === undefined) throw invalidParameter(`The service registry ${registryArn} does not exist.`);
  const record: ServiceRegistryRecord = {
    registryArn,
    ...given('containerName', containerName || undefined),
    ...given('containerPort', containerPort),
    ...given('port', port),
  };
  checkPorts(definition, record, found.recordTypes);
  return [record];
}

function checkPorts(
  definition: StoredTaskDefinition,
  record: ServiceRegistryRecord,
  recordTypes: readonly string[],
): void {
  const { registryArn, containerName, containerPort, port } = record;
  const refuse = (what: string) => invalidParameter(`${what} Registry: ${registryArn}`);
  const hasContainer = containerName !== undefined && containerPort !== undefined;
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw invalidParameter('port must be between 1 and 65535.');
  switch (definition.networkMode) {
    case 'none':
      throw refuse("Service discovery is not supported for networkMode 'none'.");
    case 'awsvpc': {
      const isHalf = (containerName === undefined) !== (containerPort === undefined);
      if (isHalf || (hasContainer && port !== undefined))
        throw refuse(
          "When specifying 'awsvpc' for networkMode, specify either 'containerName' and 'containerPort' or 'port', and not both.",
        );
      if (recordTypes.includes('SRV') && !hasContainer && port === undefined)
        throw refuse(
          "When specifying 'awsvpc' for networkMode and a type SRV DNS record, either 'containerName' and 'containerPort' or 'port' must be specified.",
        );
      const other = recordTypes.find((type) => type !== 'A' && type !== 'SRV');
      if (other === 'AAAA') throw unsupported('A service registry with a DNS record of type AAAA');
      if (other !== undefined)
        throw refuse(`A DNS record of type ${other} is not supported for service discovery.`);
      break;
    }
    default: {
      if (!hasContainer)
        throw refuse(
          "When specifying 'host' or 'bridge' for networkMode, values for 'containerName' and 'containerPort' must be specified from the task definition.",
        );
      if (port !== undefined)
        throw refuse("When specifying 'host' or 'bridge' for networkMode, 'port' can not be specified.");
      if (recordTypes.some((type) => type !== 'SRV'))
        throw refuse(
          "When specifying 'host' or 'bridge' for networkMode, the only supported type of DNS record is SRV.",
        );
    }
  }
  if (hasContainer) requireContainerPort(definition, containerName, containerPort);
}
