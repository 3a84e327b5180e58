import { expect, it } from 'vitest';
import { startReconcilers } from '../../../reconcile/index.ts';
import { createService, updateService } from '../operations/service.ts';
import { serviceDeployments, serviceRevisions } from '../records.ts';
import { fakeAgent } from '../testing/fake-agent.ts';
import { openRoom } from '../testing/room.ts';
import { serviceDeployment } from './service-deployment.ts';
import { serviceDeploymentRetention } from './service-deployment-retention.ts';

it('forgets service deployments 90 days after their end, but not the current one nor what it still shows', async () => {
  await using room = await openRoom();
  const { ecs, call } = room;
  await room.addInstance();
  await room.addDefinition();
  const reconcilers = startReconcilers({
    ...{ state: ecs.state, store: room.store, clock: ecs.clock, random: ecs.random, log: ecs.log },
    reconcilers: [serviceDeployment(ecs), serviceDeploymentRetention(ecs), fakeAgent(ecs)],
  });
  const kept = () => [
    [...ecs.state.list(serviceDeployments)].length,
    [...ecs.state.list(serviceRevisions)].length,
  ];
  const dayMs = 24 * 3_600_000;
  try {
    await createService(ecs, { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 1 }, call);
    await ecs.clock.advance(dayMs);
    await updateService(ecs, { service: 'web', forceNewDeployment: true }, call);
    await ecs.clock.advance(89 * dayMs - 60_000);
    expect(kept()).toEqual([2, 2]);
    // The first has ended 90 days ago; the second still names its revision as where it came from.
    await ecs.clock.advance(120_000);
    expect(kept()).toEqual([1, 2]);
    await ecs.clock.advance(100 * dayMs);
    expect(kept()).toEqual([1, 2]);
    await updateService(ecs, { service: 'web', forceNewDeployment: true }, call);
    await ecs.clock.advance(2 * dayMs);
    // The second has gone with the first's revision; its own is where the third came from.
    expect(kept()).toEqual([1, 2]);
  } finally {
    await reconcilers.stop();
  }
});
