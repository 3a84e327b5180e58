import type { Transaction } from '../../../reconcile/index.ts';
import { type DeploymentRecord, type ServiceRecord, serviceRevisions, services } from '../records.ts';
import { serviceRevisionKey } from '../service-history.ts';
import { serviceKey } from '../service-lookup.ts';
import { portOf } from './admissions.ts';
import { mainContainer } from './express-definition.ts';
import type { Site } from './site.ts';

/**
 * What the service stands behind is there: it, its first deployment and that one's revision are told of it, and its tasks
 * may start.
 * @param own The security group that was made for it.
 */
export async function admitService(
  { ecs, scope, express }: Site,
  targetGroup: string,
  own: string | undefined,
): Promise<void> {
  const key = serviceKey(scope, express.cluster, express.name);
  await ecs.state.transact((tx) => {
    const service = tx.get(services, key);
    if (service?.status !== 'ACTIVE' || !service.awaitsInfrastructure) return;
    const [primary] = service.deployments;
    if (primary === undefined) throw new Error(`Express service ${service.name} has no deployment`);
    const { awaitsInfrastructure: _awaits, ...rest } = service;
    const behind = standingBehind(portOf(tx, scope, express, primary) ?? 0, targetGroup, own);
    const admitted: ServiceRecord = {
      ...rest,
      ...behind(service),
      deployments: service.deployments.map((each): DeploymentRecord => ({ ...each, ...behind(each) })),
    };
    tx.put(services, key, admitted);
    noteRevision(tx, { scope, service }, primary, behind);
  });
}

type Placed = Pick<ServiceRecord, 'networkConfiguration' | 'loadBalancers'>;

const standingBehind =
  (containerPort: number, targetGroupArn: string, own: string | undefined) =>
  ({ networkConfiguration: network }: Placed): Placed => ({
    loadBalancers: [{ targetGroupArn, containerName: mainContainer, containerPort }],
    ...(network && {
      networkConfiguration: {
        ...network,
        securityGroups: network.securityGroups.length > 0 || !own ? network.securityGroups : [own],
      },
    }),
  });

function noteRevision(
  tx: Transaction,
  { scope, service }: { readonly scope: Site['scope']; readonly service: ServiceRecord },
  { serviceRevisionId }: DeploymentRecord,
  behind: (placed: Placed) => Placed,
): void {
  const key = serviceRevisionKey(scope, service, serviceRevisionId);
  const revision = tx.get(serviceRevisions, key);
  if (revision !== undefined) tx.put(serviceRevisions, key, { ...revision, ...behind(revision) });
}
