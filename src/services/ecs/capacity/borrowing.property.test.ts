import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runTask } from '../operations/run-task.ts';
import { containerInstances, fargateHosts, tasks } from '../records.ts';
import { applyTaskReport, endDeprovisioning } from '../task-state.ts';
import { testNetwork } from '../testing/network.ts';
import { container, key, openRoom, scope } from '../testing/room.ts';

type Step =
  | { readonly type: 'EC2' | 'FARGATE'; readonly count: number }
  | { readonly type: 'stop'; which: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constantFrom('EC2' as const, 'FARGATE' as const),
    count: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({ type: fc.constant('stop' as const), which: fc.nat({ max: 20 }) }),
);

it('EC2 and Fargate tasks together never get more than the machine has, and all of it comes back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
      await using room = await openRoom();
      const size = { cpu: 2048, memoryMiB: 4096 };
      const own = await room.addInstance(size);
      const host = await room.addInstance({
        ...size,
        cluster: fargateHosts,
        attributes: {
          'catamaran.lender': `arn:aws:ecs:${scope.region}:${scope.accountId}:container-instance/default/${own.id}`,
        },
      });
      await room.addDefinition({
        family: 'small',
        containerDefinitions: [container({ cpu: 100, memory: 300 })],
      });
      await room.addDefinition({ family: 'site', networkMode: 'awsvpc', cpu: '256', memory: '512' });
      const network = { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } };
      const unstopped = () => room.tasksOf('default').filter(({ lastStatus }) => lastStatus !== 'STOPPED');
      const stop = (id: string) =>
        room.write((tx) => {
          applyTaskReport(
            tx,
            key(tasks, 'default', id),
            { status: 'STOPPED', containers: [] },
            room.call.now,
          );
          endDeprovisioning(tx, key(tasks, 'default', id), room.call.now);
        });
      const check = () => {
        const sum = (launchType?: string) =>
          unstopped()
            .filter((task) => launchType === undefined || task.launchType === launchType)
            .reduce(
              ({ cpu, memoryMiB }, { reserved }) => ({
                cpu: cpu + reserved.cpu,
                memoryMiB: memoryMiB + reserved.memoryMiB,
              }),
              { cpu: 0, memoryMiB: 0 },
            );
        const all = sum();
        expect(all.cpu).toBeLessThanOrEqual(size.cpu);
        expect(all.memoryMiB).toBeLessThanOrEqual(size.memoryMiB);
        const usedBy = (cluster: string, id: string) =>
          room.ecs.state.get(containerInstances, key(containerInstances, cluster, id));
        expect(usedBy('default', own.id)?.used).toMatchObject(all);
        expect(usedBy('default', own.id)?.lent ?? { cpu: 0, memoryMiB: 0 }).toEqual(sum('FARGATE'));
        expect(usedBy(fargateHosts, host.id)?.used).toMatchObject(sum('FARGATE'));
      };

      for (const step of steps) {
        if (step.type === 'stop') {
          const task = unstopped()[step.which];
          if (task) await stop(task.id);
        } else {
          const isFargate = step.type === 'FARGATE';
          await runTask(
            room.ecs,
            {
              taskDefinition: isFargate ? 'site:1' : 'small:1',
              launchType: step.type,
              count: step.count,
              ...(isFargate ? { networkConfiguration: network } : {}),
            },
            room.call,
          );
        }
        check();
      }
      for (const { id } of unstopped()) await stop(id);
      check();
    }),
    { numRuns: 40 },
  );
});
