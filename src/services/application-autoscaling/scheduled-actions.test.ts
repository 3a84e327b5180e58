import type { PutScheduledActionCommandInput } from '@aws-sdk/client-application-auto-scaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScalingServer, startScaling, web } from './testing/scaling-server.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let server: ScalingServer;
beforeEach(async () => {
  server = await startScaling(2);
  await server.register(1, 10);
});
afterEach(() => server[Symbol.asyncDispose]());

const put = (ScheduledActionName: string, more: Partial<PutScheduledActionCommandInput>) =>
  server.sdk.putScheduledAction({ ...web, ScheduledActionName, ...more });
const described = async () =>
  (await server.sdk.describeScheduledActions({ ServiceNamespace: 'ecs' })).ScheduledActions ?? [];

describe('a scheduled action', () => {
  it('sets the bounds of its target at its times, and the service follows', async () => {
    // The clock begins at midnight.
    await put('open', {
      Schedule: 'cron(0 8 * * ? *)',
      ScalableTargetAction: { MinCapacity: 5, MaxCapacity: 8 },
    });
    await put('close', {
      Schedule: 'cron(0 20 * * ? *)',
      ScalableTargetAction: { MaxCapacity: 2, MinCapacity: 0 },
    });
    await server.advance(7 * hourMs);
    expect(server.desired()).toBe(2);
    await server.advance(hourMs + minuteMs);
    expect(server.desired()).toBe(5);
    // In one moment: in any order.
    expect((await server.told()).toSorted()).toEqual([
      'minimum capacity was set to 5: Setting desired count to 5. Successful',
      'scheduled action name open was triggered: Setting min capacity to 5 and max capacity to 8 Successful',
    ]);
    await server.advance(12 * hourMs);
    expect(server.desired()).toBe(2);
    expect((await server.told())[0]).toBe(
      'maximum capacity was set to 2: Setting desired count to 2. Successful',
    );
    const { ScalableTargets } = await server.sdk.describeScalableTargets({ ServiceNamespace: 'ecs' });
    expect(ScalableTargets).toMatchObject([{ MinCapacity: 0, MaxCapacity: 2 }]);
    await server.advance(12 * hourMs);
    expect(server.desired()).toBe(5);
  });

  it('runs once at its time', async () => {
    await put('once', { Schedule: 'at(2026-01-01T01:00:00)', ScalableTargetAction: { MinCapacity: 4 } });
    await server.advance(hourMs);
    expect(server.desired()).toBe(4);
    await server.fleet.update({ desiredCount: 2 });
    await server.advance(48 * hourMs);
    expect(server.desired()).toBe(2);
  });

  it('waits while scheduled scaling is suspended, and does not make up for it', async () => {
    await server.sdk.registerScalableTarget({ ...web, SuspendedState: { ScheduledScalingSuspended: true } });
    await put('often', { Schedule: 'rate(1 hour)', ScalableTargetAction: { MinCapacity: 4 } });
    await server.advance(3.5 * hourMs);
    await server.sdk.registerScalableTarget({ ...web, SuspendedState: { ScheduledScalingSuspended: false } });
    await server.advance(minuteMs);
    expect(server.desired()).toBe(2);
    await server.advance(hourMs);
    expect(server.desired()).toBe(4);
  });

  it('fails where its bounds would cross the target’s', async () => {
    await put('high', { Schedule: 'rate(1 hour)', ScalableTargetAction: { MinCapacity: 11 } });
    await server.advance(hourMs + minuteMs);
    expect(server.desired()).toBe(2);
    const { ScalingActivities } = await server.sdk.describeScalingActivities({ ServiceNamespace: 'ecs' });
    expect(ScalingActivities).toMatchObject([
      {
        StatusCode: 'Failed',
        StatusMessage:
          'Failed to set min capacity to 11. Reason: Maximum capacity cannot be less than minimum capacity',
      },
    ]);
  });

  it('changes what is given of it; start and end that are not given go', async () => {
    const StartTime = new Date('2026-02-01T00:00:00Z');
    await put('daily', {
      ...{ Schedule: 'cron(0 8 * * ? *)', Timezone: 'Europe/Berlin', StartTime },
      ScalableTargetAction: { MinCapacity: 4 },
    });
    const [before] = await described();
    expect(before).toEqual({
      ...{
        ...web,
        ScheduledActionName: 'daily',
        Schedule: 'cron(0 8 * * ? *)',
        Timezone: 'Europe/Berlin',
        StartTime,
      },
      ...{ ScalableTargetAction: { MinCapacity: 4 }, CreationTime: expect.any(Date) },
      ScheduledActionARN: expect.stringMatching(
        /^arn:aws:autoscaling:eu-west-1:123456789012:scheduledAction:[0-9a-f-]{36}:resource\/ecs\/service\/default\/web:scheduledActionName\/daily$/,
      ),
    });
    await put('daily', { ScalableTargetAction: { MaxCapacity: 6 } });
    const { StartTime: _, ...rest } = before ?? {};
    expect(await described()).toEqual([{ ...rest, ScalableTargetAction: { MaxCapacity: 6 } }]);
  });

  it('goes with its target, or alone', async () => {
    await put('a', { Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } });
    await put('b', { Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } });
    await server.sdk.deleteScheduledAction({ ...web, ScheduledActionName: 'a' });
    expect((await described()).map(({ ScheduledActionName }) => ScheduledActionName)).toEqual(['b']);
    await expect(
      server.sdk.deleteScheduledAction({ ...web, ScheduledActionName: 'a' }),
    ).rejects.toMatchObject({
      name: 'ObjectNotFoundException',
      message: expect.stringMatching(/^No scheduled action found for .*, scheduled action name: a$/),
    });
    await server.sdk.deregisterScalableTarget(web);
    expect(await described()).toEqual([]);
  });

  const daily = { Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } };
  it.each([
    [{ ScalableTargetAction: daily.ScalableTargetAction }, 'A Schedule is required'],
    [{ ...daily, Schedule: 'cron(0 8 * * * *)' }, 'is not valid'],
    [{ ...daily, Schedule: 'at(2025-01-01T00:00:00)' }, 'has no time that is still to come'],
    [{ ...daily, Timezone: 'Atlantis' }, 'Timezone Atlantis is not known'],
    [
      { ...daily, EndTime: new Date('2026-03-01'), StartTime: new Date('2026-03-02') },
      'StartTime must be before',
    ],
    [{ Schedule: daily.Schedule }, 'A ScalableTargetAction with'],
    [
      { ...daily, ScalableTargetAction: { MinCapacity: 3, MaxCapacity: 2 } },
      'cannot be less than minimum capacity',
    ],
    [{ ...daily, ScheduledActionName: 'a/b' }, 'scheduledActionName'],
    [{ ...daily, ScheduledActionName: ' a' }, 'scheduledActionName'],
  ])('%j is refused', async (more: Partial<PutScheduledActionCommandInput>, message) => {
    await expect(put('x', more)).rejects.toMatchObject({
      ...{ name: 'ValidationException', message: expect.stringContaining(message) },
    });
    expect(await described()).toEqual([]);
  });
});
