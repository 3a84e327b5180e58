import type { Clock } from '../../clock/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { clusterFigures } from '../../services/ecs/index.ts';
import { balancerTotals, groupHosts, type TrafficSink } from '../../services/elbv2/index.ts';
import type { ApiRequests } from './api-requests.ts';
import { exposition, type Family, type Labels, type Sample } from './exposition.ts';
import { processFamilies } from './process.ts';

export interface PageParts {
  readonly reader: Reader;
  readonly apiRequests: ApiRequests;
  readonly traffic: Pick<TrafficSink, 'carried'>;
  readonly clock: Clock;
}

/**
 * Everything that is counted, as it is now. Labels come from records and models alone, so there are as many series as
 * there are things.
 */
export async function prometheusPage({ reader, apiRequests, traffic, clock }: PageParts): Promise<string> {
  return exposition([
    ...(await processFamilies(clock)),
    ...apiRequests.families(),
    ...ecsFamilies(reader),
    ...balancerFamilies(reader, traffic),
  ]);
}

function ecsFamilies(reader: Reader): readonly Family[] {
  const clusters = clusterFigures(reader).map(({ scope, cluster, ...figures }) => ({
    ...figures,
    labels: { ...scopeLabels(scope), cluster },
  }));
  const services = clusters.flatMap(({ labels, services }) =>
    services.map(({ service, ...counts }) => ({ ...counts, labels: { ...labels, service } })),
  );
  return [
    {
      name: 'catamaran_ecs_tasks',
      help: 'Tasks by cluster and lastStatus; STOPPED ones as long as DescribeTasks shows them.',
      type: 'gauge',
      samples: clusters.flatMap(({ labels, tasks }) => byLabel(labels, 'last_status', tasks)),
    },
    {
      name: 'catamaran_ecs_container_instances',
      help: 'Registered container instances by cluster and status.',
      type: 'gauge',
      samples: clusters.flatMap(({ labels, containerInstances }) =>
        byLabel(labels, 'status', containerInstances),
      ),
    },
    {
      name: 'catamaran_ecs_service_desired_tasks',
      help: 'desiredCount of a service.',
      type: 'gauge',
      samples: services.map(({ labels, desired }) => ({ labels, value: desired })),
    },
    {
      name: 'catamaran_ecs_service_running_tasks',
      help: 'runningCount of a service.',
      type: 'gauge',
      samples: services.map(({ labels, running }) => ({ labels, value: running })),
    },
    {
      name: 'catamaran_ecs_service_pending_tasks',
      help: 'pendingCount of a service.',
      type: 'gauge',
      samples: services.map(({ labels, pending }) => ({ labels, value: pending })),
    },
  ];
}

function balancerFamilies(reader: Reader, traffic: PageParts['traffic']): readonly Family[] {
  const balancers = balancerTotals(reader, traffic.carried()).map(({ scope, loadBalancer, ...totals }) => ({
    ...totals,
    labels: { ...scopeLabels(scope), load_balancer: loadBalancer },
  }));
  return [
    {
      name: 'catamaran_load_balancer_requests_total',
      help: 'Requests for which an application load balancer chose a target, since the process began.',
      type: 'counter',
      samples: balancers.map(({ labels, requests }) => ({ labels, value: requests })),
    },
    {
      name: 'catamaran_load_balancer_responses_total',
      help: 'Responses by the class of their status, and by who gave them: a target, or the load balancer (elb).',
      type: 'counter',
      samples: balancers.flatMap(({ labels, responses }) =>
        Object.entries(responses).flatMap(([source, counts]) =>
          byLabel({ ...labels, source }, 'code', counts),
        ),
      ),
    },
    {
      name: 'catamaran_load_balancer_processed_bytes_total',
      help: 'Bytes from and to clients of an application load balancer.',
      type: 'counter',
      samples: balancers.map(({ labels, bytes }) => ({ labels, value: bytes })),
    },
    {
      name: 'catamaran_target_group_hosts',
      help: 'Registered targets by target group and health; those that are neither are not counted.',
      type: 'gauge',
      samples: groupHosts(reader).flatMap(({ scope, targetGroup, healthy, unhealthy }) =>
        byLabel({ ...scopeLabels(scope), target_group: targetGroup }, 'state', { healthy, unhealthy }),
      ),
    },
  ];
}

function byLabel(labels: Labels, name: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([label, value]) => ({ labels: { ...labels, [name]: label }, value }));
}

function scopeLabels({ accountId, region }: { readonly accountId: string; readonly region: string }): Labels {
  return { account_id: accountId, region };
}
