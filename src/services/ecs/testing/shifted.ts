import type { CreateServiceCommandInput, DeploymentConfiguration } from '@aws-sdk/client-ecs';
import { serviceDeployments } from '../records.ts';
import { type Balanced, openBalanced } from './balanced.ts';
import type { FleetOptions } from './fleet.ts';
import { scope } from './room.ts';
import { addTargetGroup, addTrafficRules, allTargets, weightsOfRule } from './target-group.ts';

/** A service whose traffic is shifted between two target groups, `1` and `2`, by two rules. */
export interface Shifted extends AsyncDisposable {
  readonly balanced: Balanced;
  readonly groups: readonly [string, string];
  readonly rules: { readonly productionListenerRule: string; readonly testListenerRule: string };
  create(configuration?: DeploymentConfiguration, input?: Partial<CreateServiceCommandInput>): Promise<void>;
  /** What the rule for production traffic sends where, such as `1:100 2:0`. */
  production(): string;
  test(): string;
  /** The last digit of the groups that targets are in. */
  placesOfTargets(): readonly string[];
  /** The stages of its service deployments so far with what production traffic the target had then, of each of them. */
  trails(): readonly string[];
  /** Moves time and lets the balancer find every target healthy, until it is so. */
  until(predicate: () => boolean, deadlineMs?: number): Promise<void>;
}

export const infrastructureRole = 'arn:aws:iam::123456789012:role/shifter';

export async function openShifted(options: FleetOptions = {}): Promise<Shifted> {
  const balanced = await openBalanced({ delaySeconds: 5, ...options });
  const { fleet, targetGroupArn } = balanced;
  const { ecs } = fleet.room;
  const alternate = await fleet.room.write((tx) =>
    addTargetGroup(tx, scope, { id: '0000000000000002', delaySeconds: 5 }),
  );
  const groups = [targetGroupArn, alternate] as const;
  const rules = await fleet.room.write((tx) => addTrafficRules(tx, scope, groups));
  const trails = new Map<string, string[]>();
  const watching = ecs.state.subscribe(serviceDeployments, ({ before, after }) => {
    const { id = '', shift } = after ?? {};
    if (shift === undefined || shift.lifecycleStage === before?.shift?.lifecycleStage) return;
    const told = `${shift.lifecycleStage} ${shift.targetTraffic.production}`;
    trails.set(id, [...(trails.get(id) ?? []), told]);
  });
  return {
    ...{ balanced, groups, rules },
    create: (configuration = {}, input = {}) =>
      balanced.create({
        deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0, ...configuration },
        loadBalancers: [
          {
            ...{ targetGroupArn, containerName: 'app', containerPort: 80 },
            advancedConfiguration: {
              ...rules,
              ...{ alternateTargetGroupArn: alternate, roleArn: infrastructureRole },
            },
          },
        ],
        ...input,
      }),
    production: () => weightsOfRule(ecs.state, rules.productionListenerRule),
    test: () => weightsOfRule(ecs.state, rules.testListenerRule),
    placesOfTargets: () => allTargets(ecs.state).map(({ targetGroupId }) => targetGroupId.slice(-1)),
    trails: () => [...trails.values()].map((stages) => stages.join(', ')),
    until: async (predicate, deadlineMs = 120_000) => {
      for (let spentMs = 0; !predicate(); spentMs += 1_000) {
        if (spentMs >= deadlineMs)
          throw new Error(`Not within ${deadlineMs} ms; seen: ${JSON.stringify(fleet.deployment())}`);
        await balanced.sees('healthy');
        await ecs.clock.advance(1_000);
      }
    },
    [Symbol.asyncDispose]: () => {
      watching[Symbol.dispose]();
      return balanced[Symbol.asyncDispose]();
    },
  };
}
