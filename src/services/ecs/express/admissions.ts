import { isDeepStrictEqual } from 'node:util';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { type DeploymentRecord, type ServiceRecord, taskDefinitions } from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { mainPortOf } from './express-definition.ts';
import type { Admission, ExpressServiceRecord } from './records.ts';

interface Deployed {
  readonly ecs: { readonly state: Reader };
  readonly scope: Scope;
  readonly express: ExpressServiceRecord;
  readonly service: ServiceRecord;
}

/**
 * Where the load balancer has to get through: the security groups and ports of all the service's deployments.
 * @param own The security group that was made for it, which stands for none.
 */
export function wantedAdmissions(
  { ecs, scope, express, service }: Deployed,
  own: string | undefined,
): readonly Admission[] {
  const admissions = service.deployments.flatMap((deployment) => {
    const port = portOf(ecs.state, scope, express, deployment);
    const groups = deployment.networkConfiguration?.securityGroups ?? [];
    const into = groups.length > 0 ? groups : own === undefined ? [] : [own];
    return port === undefined ? [] : into.map((securityGroupId) => ({ securityGroupId, port }));
  });
  return [...new Map(admissions.map((each) => [`${each.securityGroupId} ${each.port}`, each])).values()];
}

/** Whether the load balancer gets through where it has to, and nowhere else. */
export function isAdmitted(deployed: Deployed): boolean {
  const { admitted = [], securityGroup } = deployed.express.made;
  const sorted = (admissions: readonly Admission[]) =>
    admissions.map(({ securityGroupId, port }) => `${securityGroupId} ${port}`).sort();
  return isDeepStrictEqual(sorted(admitted), sorted(wantedAdmissions(deployed, securityGroup)));
}

export function portOf(
  reader: Reader,
  scope: Scope,
  { made }: ExpressServiceRecord,
  { loadBalancers = [], taskDefinition: { family, revision } }: DeploymentRecord,
): number | undefined {
  const exposed = loadBalancers.find(({ targetGroupArn }) => targetGroupArn === made.targetGroup);
  const definition = reader.get(taskDefinitions, taskDefinitionKey(scope, family, revision))?.definition;
  return exposed?.containerPort ?? (definition && mainPortOf(definition));
}
