import { systemClock, systemRandom } from '../clock/index.ts';
import { silentLog } from '../log.ts';
import { openState } from '../reconcile/index.ts';
import { createSealer, sealingKeyBytes } from '../sealing/index.ts';
import { createAcm } from '../services/acm/index.ts';
import { createAutoScaling } from '../services/application-autoscaling/index.ts';
import { alarmReadings, createCloudWatch, MemoryMetricStore } from '../services/cloudwatch/index.ts';
import { createEc2 } from '../services/ec2/index.ts';
import { createEcs, noInfrastructure } from '../services/ecs/index.ts';
import { createEks } from '../services/eks/index.ts';
import { createElb } from '../services/elbv2/index.ts';
import { createEventBridge, MemoryEventLog } from '../services/events/index.ts';
import { createIam } from '../services/iam/index.ts';
import { createKms } from '../services/kms/index.ts';
import { createLogs, MemoryEventStore } from '../services/logs/index.ts';
import type { OperationTable } from '../services/service.ts';
import { createCloudMap } from '../services/servicediscovery/index.ts';
import { createSsmMessages } from '../services/ssmmessages/index.ts';
import { createSts } from '../services/sts/index.ts';
import { openMemoryStore } from '../store/index.ts';

/**
 * The tables that the gateway serves, by the service's name: the same rooms as in `server.ts`, over a store in
 * memory. Nothing is opened on disk, and no Engine is asked.
 */
export async function operationTables(): Promise<Readonly<Record<string, OperationTable>>> {
  const clock = systemClock();
  const random = systemRandom();
  await using store = openMemoryStore({ clock });
  await using state = await openState(store, { clock });
  await using events = new MemoryEventStore();
  await using metrics = new MemoryMetricStore();
  await using eventLog = new MemoryEventLog();
  const ecs = createEcs({
    state,
    clock,
    random,
    log: silentLog,
    pollEndpoints: () => ({ acs: '', tcs: '' }),
    alarmReadings,
    assumeTaskRole: () => undefined,
    infrastructure: noInfrastructure,
    infrastructureRoleObstacle: () => undefined,
    roleOfInstanceProfile: () => undefined,
    ensureServiceLinkedRole: async () => {},
    publishMetrics: async () => {},
    sessions: createSsmMessages({ clock, random, log: silentLog, endpoint: () => '' }).sessions,
    publicCidr: '198.18.0.0/24',
  });
  const iam = createIam({
    ...{ state, clock, random, sealer: createSealer(random.bytes(sealingKeyBytes), random) },
    firstAccountId: '',
    ownKeys: () => undefined,
    isHolderAlive: () => true,
    linkedResources: () => [],
  });
  return {
    'Amazon ECS': await ecs.service.loadOperations(),
    'Amazon EKS': await createEks({
      ...{ state, clock, random, publicCidr: '198.18.0.0/24' },
      controlPlaneOf: () => undefined,
      whyNotAssumed: () => undefined,
      machineArchitecture: () => 'x86_64',
      grantDataKey: () => ({ type: 'missing' }),
      otherMachines: () => [],
    }).loadOperations(),
    'Amazon EC2': await createEc2({
      ...{ state, clock, random },
      publicCidr: '198.18.0.0/24',
    }).service.loadOperations(),
    'Amazon CloudWatch Logs': await createLogs({ state, events, clock, random }).loadOperations(),
    'Amazon CloudWatch': await createCloudWatch({ state, metrics, clock }).loadOperations(),
    'Amazon EventBridge': await createEventBridge({
      ...{ state, eventLog, clock, random },
      log: silentLog,
      writeToLogGroup: async () => false,
    }).loadOperations(),
    'AWS Cloud Map': await createCloudMap({
      ...{ state, clock, random },
      hasVpc: () => false,
    }).loadOperations(),
    'Application Auto Scaling': await createAutoScaling({
      ...{ state, clock, random, metrics },
      ensureServiceLinkedRole: async () => {},
    }).loadOperations(),
    'AWS Certificate Manager': await createAcm({
      ...{ state, clock, random, usersOf: () => [] },
      sealer: createSealer(random.bytes(sealingKeyBytes), random),
    }).loadOperations(),
    'AWS Key Management Service (KMS)': await createKms({
      ...{ state, clock, random, sealer: createSealer(random.bytes(sealingKeyBytes), random) },
      ...{ whyNotPermitted: () => undefined, whyNotPolicy: () => undefined },
    }).loadOperations(),
    'Elastic Load Balancing v2': await createElb({
      ...{ state, clock, random, sealer: createSealer(random.bytes(sealingKeyBytes), random) },
      publicCidr: '198.18.0.0/24',
      writeLogObject: () => {},
      hasCertificate: () => false,
      ensureServiceLinkedRole: async () => {},
    }).loadOperations(),
    'AWS Identity and Access Management (IAM)': await iam.service.loadOperations(),
    'AWS STS': await createSts(iam).loadOperations(),
  };
}
