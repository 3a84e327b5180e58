import type { CreateServiceCommandInput } from '@aws-sdk/client-ecs';
import { loadElbReconcilers } from '../../elbv2/index.ts';
import { type Fleet, type FleetOptions, messages, openFleet } from './fleet.ts';
import { testNetwork } from './network.ts';
import { container, scope } from './room.ts';
import { addTargetGroup, allTargets, seeTarget } from './target-group.ts';

const network = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };

export interface Balanced extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly targetGroupArn: string;
  /** Without the group's ARN. */
  readonly said: () => (string | undefined)[];
  create(input?: Partial<CreateServiceCommandInput>): Promise<void>;
  /** What the balancer finds of every target that there is, as often as it looks. */
  sees(state: 'healthy' | 'unhealthy' | 'drained'): Promise<void>;
}

/** A fleet whose `web:1` and `web:2` are awsvpc definitions, and a target group for it. */
export async function openBalanced({
  delaySeconds = 20,
  isOfInstances = false,
  ...options
}: FleetOptions & {
  readonly delaySeconds?: number;
  readonly isOfInstances?: boolean;
} = {}): Promise<Balanced> {
  const fleet = await openFleet({
    ...options,
    alsoAtWork: loadElbReconcilers,
  });
  const definition = {
    networkMode: isOfInstances ? ('bridge' as const) : ('awsvpc' as const),
    containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })],
  };
  await fleet.room.addDefinition(definition);
  await fleet.room.addDefinition({ ...definition, family: 'next' });
  const targetGroupArn = await fleet.room.write((tx) =>
    addTargetGroup(tx, scope, { delaySeconds, targetType: isOfInstances ? 'instance' : 'ip' }),
  );
  return {
    ...{ fleet, targetGroupArn },
    said: () => messages(fleet.describe()).map((message) => message?.replaceAll(targetGroupArn, 'ARN')),
    create: (input) =>
      fleet.create({
        ...(!isOfInstances && { networkConfiguration: network }),
        desiredCount: 2,
        loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80 }],
        ...input,
      }),
    sees: (state) =>
      fleet.room.write((tx) => {
        for (const target of allTargets(tx)) {
          const isMeant = (target.drainsUntil !== undefined) === (state === 'drained');
          if (!isMeant) continue;
          seeTarget(
            ...([tx, scope, target] as const),
            state === 'unhealthy' ? { state, cause: 'code-mismatch', code: 502 } : { state },
          );
        }
      }),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}
