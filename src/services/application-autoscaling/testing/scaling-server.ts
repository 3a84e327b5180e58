import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import type { HttpRequest } from '@smithy/types';
import type { VirtualClock } from '../../../clock/index.ts';
import { createGateway } from '../../../gateway/index.ts';
import { rootOnly } from '../../../gateway/testing/root-only.ts';
import { signerOf } from '../../../gateway/testing/signing.ts';
import { silentLog } from '../../../log.ts';
import { startReconcilers } from '../../../reconcile/index.ts';
import {
  createCloudWatch,
  loadCloudWatchReconcilers,
  MemoryMetricStore,
  publishMetrics,
} from '../../cloudwatch/index.ts';
import { type Fleet, openFleet } from '../../ecs/testing/fleet.ts';
import { scope } from '../../ecs/testing/room.ts';
import { elbKey, targetGroups } from '../../elbv2/records.ts';
import { createAutoScaling, loadAutoScalingReconcilers } from '../index.ts';

export { scope } from '../../ecs/testing/room.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

/** A service `web` of ECS that is looked after, and what scales it, as users meet it: official SDKs over HTTP, on a virtual clock. */
export interface ScalingServer extends AsyncDisposable {
  readonly sdk: ApplicationAutoScaling;
  readonly cloudWatch: CloudWatch;
  readonly fleet: Fleet;
  readonly clock: VirtualClock;
  /** Moves time until everybody has nothing more to do. */
  advance(ms: number): Promise<void>;
  /** Whoever works on records forgets all that is not in one. */
  restart(): Promise<void>;
  /** Minutes in which the metric of `web` has this value. */
  minutesAt(name: 'CPUUtilization' | 'MemoryUtilization', value: number, minutes: number): Promise<void>;
  /** Registers `web`. @returns the target's ARN. */
  register(MinCapacity: number, MaxCapacity: number): Promise<string>;
  desired(): number;
  /** By paths, as labels name them: a target group that a load balancer sends to. */
  addTargetGroup(targetGroup: string, loadBalancer: string): Promise<void>;
  /** What was done, newest first: `cause: description status`. */
  told(more?: object): Promise<readonly string[]>;
}

/** How a request names `web`'s target. */
export const web = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/default/web',
  ScalableDimension: 'ecs:service:DesiredCount',
} as const;

const minuteMs = 60_000;

/** @param desiredCount Of `web`, which runs them all before the test begins. */
export async function startScaling(desiredCount = 2): Promise<ScalingServer> {
  const stack = new AsyncDisposableStack();
  const fleet = stack.use(await openFleet());
  const { ecs, store } = fleet.room;
  const { state, clock, random } = ecs;
  const metrics = stack.use(new MemoryMetricStore());
  const cloudWatchContext = { state, metrics, clock };
  const context = { state, clock, random, metrics, ensureServiceLinkedRole: async () => {} };
  const gateway = createGateway({
    services: [createCloudWatch(cloudWatchContext), createAutoScaling(context)],
    ...{ clock, random, log: silentLog },
    ...rootOnly(scope.accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const startWork = async () =>
    startReconcilers({
      ...{ state, store, clock, random, log: silentLog },
      reconcilers: [
        ...(await loadCloudWatchReconcilers(cloudWatchContext)),
        ...(await loadAutoScalingReconcilers(context)),
      ],
    });
  let reconcilers = await startWork();
  stack.defer(() => reconcilers.stop());
  const settings = (signingName: string) => {
    const signature = signerOf(signingName, credentials, scope.region);
    return {
      ...{ endpoint: `http://127.0.0.1:${port}`, region: scope.region, credentials, maxAttempts: 1 },
      // Signed with the test's time, which is the server's.
      signer: {
        sign: (request: HttpRequest) => signature.sign(request, { signingDate: new Date(clock.now()) }),
      },
    };
  };
  const sdk = new ApplicationAutoScaling(settings('application-autoscaling'));
  const cloudWatch = new CloudWatch(settings('monitoring'));
  stack.defer(() => {
    sdk.destroy();
    cloudWatch.destroy();
  });
  await fleet.create({ desiredCount });
  await fleet.until(() => fleet.describe().deployments?.[0]?.rolloutState === 'COMPLETED');

  const advance: ScalingServer['advance'] = async (ms) => {
    await reconcilers.idle();
    await clock.advance(ms);
    await reconcilers.idle();
  };
  return {
    ...{ sdk, cloudWatch, fleet, clock, advance },
    restart: async () => {
      await reconcilers.stop();
      reconcilers = await startWork();
      await advance(0);
    },
    minutesAt: async (name, value, minutes) => {
      for (let minute = 0; minute < minutes; minute++) {
        const dimensions = [
          { name: 'ClusterName', value: 'default' },
          { name: 'ServiceName', value: 'web' },
        ];
        const point = { namespace: 'AWS/ECS', name, dimensions, unit: 'Percent', value } as const;
        await publishMetrics(cloudWatchContext, scope, [{ ...point, timestamp: clock.now() }]);
        await advance(minuteMs);
      }
    },
    register: async (MinCapacity, MaxCapacity) => {
      const { ScalableTargetARN } = await sdk.registerScalableTarget({ ...web, MinCapacity, MaxCapacity });
      await advance(0);
      return ScalableTargetARN ?? '';
    },
    addTargetGroup: async (path, loadBalancer) => {
      const [, name = '', id = ''] = path.split('/');
      const arn = (of: string) => `arn:aws:elasticloadbalancing:${scope.region}:${scope.accountId}:${of}`;
      const healthCheck = { protocol: 'HTTP', port: 'traffic-port', interval: 30, timeout: 5 } as const;
      await fleet.room.write((tx) =>
        tx.put(targetGroups, elbKey(targetGroups, scope, id), {
          ...{ id, arn: arn(path), name, targetType: 'ip', protocol: 'HTTP', port: 80, vpcId: 'vpc-1' },
          healthCheck: { ...healthCheck, healthyThreshold: 5, unhealthyThreshold: 2 },
          use: { loadBalancerArn: arn(`loadbalancer/${loadBalancer}`), listenerCount: 1 },
          ...{ attributes: {}, createdAt: 0, tags: {} },
        }),
      );
    },
    desired: () => fleet.describe().desiredCount ?? 0,
    told: async (more = {}) => {
      const { ScalingActivities = [] } = await sdk.describeScalingActivities({
        ServiceNamespace: 'ecs',
        ...more,
      });
      return ScalingActivities.map(
        ({ Cause, Description, StatusCode }) => `${Cause}: ${Description} ${StatusCode}`,
      );
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
