import type { LoadBalancer } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { findServiceTargetGroup } from '../../elbv2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import type { ServiceLoadBalancerRecord } from '../records.ts';
import {
  readAdvancedConfiguration,
  requireConsistent,
} from '../traffic-shift/read-advanced-configuration.ts';
import { requireContainerPort } from './container-port.ts';
import type { Exposed } from './exposed.ts';

const maxTargetGroups = 5;

/**
 * The target groups of a service or a task set, against its definition (Amazon ECS API reference, LoadBalancer).
 * @returns undefined when there is none.
 * @throws InvalidParameterException in AWS's words; what isn't built yet is refused by name.
 */
export function readLoadBalancers(
  reader: Reader,
  scope: Scope,
  { definition, launchType }: Exposed,
  asked: readonly LoadBalancer[] | undefined,
): readonly ServiceLoadBalancerRecord[] | undefined {
  if (asked === undefined || asked.length === 0) return undefined;
  if (asked.length > maxTargetGroups)
    throw invalidParameter(`load balancers can have at most ${maxTargetGroups} items.`);
  if (launchType === 'EXTERNAL')
    throw invalidParameter('The launch type EXTERNAL does not support load balancers.');
  const { networkMode = 'bridge' } = definition;
  const records = asked.map((one): ServiceLoadBalancerRecord => {
    if (one.loadBalancerName) {
      if (one.advancedConfiguration)
        throw invalidParameter('advancedConfiguration field is not allowed with ELBv1 loadBalancers');
      throw unsupported('A Classic Load Balancer (loadBalancerName)');
    }
    const { targetGroupArn = '', containerName = '', containerPort } = one;
    if (containerName === '' || containerPort === undefined)
      throw invalidParameter('Container name and container port can not be blank in load balancers.');
    requireContainerPort(definition, containerName, containerPort);
    const group = findServiceTargetGroup(reader, scope, targetGroupArn);
    if (group === undefined)
      throw invalidParameter(`The target group with targetGroupArn ${targetGroupArn} does not exist.`);
    if ((networkMode === 'awsvpc') !== (group.targetType === 'ip') || networkMode === 'none')
      throw invalidParameter(
        `The provided target group ${targetGroupArn} has target type ${group.targetType}, which is incompatible ` +
          `with the ${networkMode} network mode specified in the task definition.`,
      );
    const advancedConfiguration = readAdvancedConfiguration(reader, scope, one);
    if (group.loadBalancerArn === undefined)
      throw invalidParameter(
        `The target group with targetGroupArn ${targetGroupArn} does not have an associated load balancer.`,
      );
    const { targetType, protocol } = group;
    const isDatagrams = protocol === 'UDP' || protocol === 'TCP_UDP';
    return {
      ...{ targetGroupArn, containerName, containerPort },
      ...(targetType === 'instance' && isDatagrams && { transport: protocol }),
      ...given('advancedConfiguration', advancedConfiguration),
    };
  });
  requireConsistent(records);
  const places = records.map(({ targetGroupArn, containerPort }) => `${targetGroupArn} ${containerPort}`);
  if (new Set(places).size < places.length)
    throw invalidParameter('load balancers can not name a target group and a container port twice.');
  return records;
}
