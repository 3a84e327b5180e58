import { describe, expect, it } from 'vitest';
import { expectPlans, now, situation, written } from '../testing/plan-rows.ts';
import { deploymentRecord } from '../testing/service-record.ts';
import type { ServiceSnapshot } from './plan.ts';
import { planService } from './planner.ts';
import { schedulerSettings } from './scheduler-settings.ts';
import { eventMessages } from './service-events.ts';

describe('a first deployment', () => {
  expectPlans([
    ['starts all at once', '3 100/200', 'A', 'start 3 A'],
    ['waits for what it started', '3 100/200', 'A ppp', ''],
    ['waits until they are proven', '3 100/200', 'A huh', ''],
    ['completes when all are healthy', '3 100/200', 'A hhh', 'complete A; steady'],
    ['is complete at once with nothing to do', '0 100/200', 'A', 'complete A; steady'],
    ['starts a hundred at a time', '250 100/200', 'A', 'start 100 A'],
    ['replaces what ended', '3 100/200', 'A! hh', 'start 1 A'],
    ['replaces what is asked to stop, while there is room', '3 100/200', 'A! hhh-', 'start 1 A'],
    ['replaces it only when it is gone, without room', '3 0/100', 'A! hhh-', ''],
  ]);
});

describe('a rolling update', () => {
  expectPlans([
    ['starts as many new ones as the maximum allows', '3 100/200', 'A! hhh | B', 'start 3 B'],
    ['keeps the old ones until the new are proven', '3 100/200', 'A! hhh | B ppu', ''],
    ['stops an old one for each healthy new one', '3 100/200', 'A! hhh | B hpp', 'stop A1'],
    ['stops all the old ones together', '3 100/200', 'A! hhh | B hhh', 'stop A1 A2 A3'],
    ['goes on while stopping ones still take their places', '3 100/200', 'A! h-hh | B hpp', ''],
    ['ends when the last old one is gone', '3 100/200', 'A! | B hhh', 'drop A; complete B; steady'],
    ['stays while an old one is still stopping', '3 100/200', 'A! h- | B hhh', ''],
    ['with a minimum below stops old ones first', '4 50/100', 'A! hhhh | B', 'stop A1 A2'],
    ['then starts in their places', '4 50/100', 'A! hh | B', 'start 2 B'],
    ['rounds the maximum down', '3 100/150', 'A! hhh | B', 'start 1 B'],
    ['rounds the minimum up', '3 50/100', 'A! hhh | B', 'stop A1'],
    ['of one task makes room beside it', '1 100/200', 'A! h | B', 'start 1 B'],
    ['of one task waits for the new one', '1 100/200', 'A! h | B u', ''],
    ['of one task then stops the old', '1 100/200', 'A! h | B h', 'stop A1'],
    ['stops pending old ones freely', '3 100/200', 'A pph | B', 'stop A1 A2; start 3 B'],
    ['stops unhealthy old ones first', '4 75/125', 'A! hxhh | B p', 'stop A2'],
    ['keeps old ones that may still prove themselves', '3 100/200', 'A uuu | B ppp', ''],
    ['frees a place one at a time when all old ones are unhealthy', '2 50/100', 'A! xx | B', 'stop A1'],
    ['drains older ones alike when a newer one comes', '2 100/200', 'A! hh | B p | C', 'stop B1; start 1 C'],
    ['scaled in meanwhile stops what is too much', '1 100/200', 'A! hhh | B pp', 'stop B1 A1 A2'],
    ['drops what has nothing left', '2 100/200', 'A! hh | B | C p', 'start 1 C; drop B'],
  ]);

  it.each([
    ['75% of 2 is 2: nothing may stop', '2 75/100'],
    ['125% of 3 is 3: nothing may start', '3 100/125'],
  ])('says so in an event when nothing may move: %s', (_sentence, service) => {
    const tasks = service.startsWith('2') ? 'A! hh | B' : 'A! hhh | B';
    const snapshot = situation(service, tasks);
    expect(written(planService(snapshot))).toBe('tell was unable to stop');
    const events = [{ id: '1', createdAt: now - 1_000, message: `(service web) ${eventMessages.deadlock}` }];
    expect(written(planService(situation(service, tasks, { events })))).toBe('');
  });
});

describe('scaling', () => {
  expectPlans([
    ['out starts what is missing', '5 100/200', 'A! hhh', 'start 2 A'],
    ['in stops the oldest', '1 100/200', 'A! hhh', 'stop A1 A2'],
    ['in takes pending ones first', '2 100/200', 'A! hhp', 'stop A3'],
    ['to nothing stops all', '0 100/200', 'A! hh', 'stop A1 A2'],
  ]);

  it('in leaves what stays spread over zones, then instances', () => {
    const snapshot = situation('2 100/200', 'A! hhhh');
    const places = ['a/1', 'b/2', 'b/2', 'b/3'];
    const live = snapshot.live.map((each, place) => {
      const [availabilityZone = '', containerInstanceId = ''] = places[place]?.split('/') ?? [];
      return { ...each, availabilityZone, containerInstanceId };
    });
    expect(written(planService({ ...snapshot, live }))).toBe('stop A2 A3');
  });
});

describe('unhealthy tasks', () => {
  expectPlans([
    ['get their replacements first', '3 100/200', 'A! hhx', 'start 1 A for 1 unhealthy'],
    ['stay until those are healthy', '3 100/200', 'A! hhxp', ''],
    ['stop then', '3 100/200', 'A! hhxh', 'stop unhealthy A3'],
    ['stop one at a time where there is no room', '2 50/100', 'A! xx', 'stop unhealthy A1'],
    ['and not before the last has gone', '2 50/100', 'A! x-x', ''],
    ['are counted by none of the healthy ones', '2 50/150', 'A! xxh', 'stop unhealthy A1'],
  ]);
});

describe('a DRAINING instance', () => {
  expectPlans([
    ['loses its pending tasks at once', '2 100/200', 'A! hp~', 'stop A2; start 1 A'],
    ['keeps its running ones until replacements are healthy', '2 100/200', 'A! hh~', 'start 1 A'],
    ['loses them then', '2 100/200', 'A! hh~h', 'stop A2'],
    ['loses them first where there is no room', '2 50/100', 'A! hh~', 'stop A2'],
  ]);
});

describe('protected tasks', () => {
  expectPlans([
    ['are spared by scaling in', '1 100/200', 'A! h*hh', 'stop A2 A3'],
    ['do not count as healthy before they are', '1 50/200', 'A! p*ph', 'stop A2'],
    ['are spared by a deployment', '2 100/200', 'A! h*h | B hh', 'stop A2'],
    ['take their places meanwhile', '2 100/150', 'A! h*h* | B', 'start 1 B'],
    ['too many of them are told of', '1 100/200', 'A! h*h*', 'tell was unable to reach'],
    ['of an older deployment are told of', '1 100/200', 'A! h* | B h', 'tell was unable to reach'],
    ['without room for others too', '2 100/100', 'A! h*h* | B', 'tell was unable to reach'],
    ['are replaced when they are UNHEALTHY', '1 100/200', 'A! x*h', 'stop unhealthy A1'],
  ]);
  expectPlans([['are stopped with their service', '0 100/200', 'A! h*', 'stop A1']], { status: 'DRAINING' });

  it('are looked at again when their protection ends', () => {
    expect(planService(situation('1 100/200', 'A! h*h*')).lookAgainAfterMs).toBe(60_000);
  });
});

describe('steadiness', () => {
  expectPlans(
    [
      ['is told once', '3 100/200', 'A! hhh', ''],
      ['outlives a check without opinion', '3 100/200', 'A! huh', ''],
      ['ends with a task', '3 100/200', 'A! hh', 'start 1 A; unsteady'],
      ['ends with a new deployment', '3 100/200', 'A! hhh | B', 'start 3 B; unsteady'],
    ],
    { steadyAt: now - 10_000 },
  );
  expectPlans([['is told again after six hours', '3 100/200', 'A! hhh', 'steady']], {
    steadyAt: now - schedulerSettings.eventRepeatMs,
  });

  it('asks for a look when a task will have proven itself, and when it is to be told again', () => {
    expect(planService(situation('3 100/200', 'A huh')).lookAgainAfterMs).toBe(2_000);
    expect(planService(situation('1 100/200', 'A! h', { steadyAt: now })).lookAgainAfterMs).toBe(
      schedulerSettings.eventRepeatMs,
    );
    expect(planService(situation('3 100/200', 'A ppp')).lookAgainAfterMs).toBeUndefined();
  });
});

describe('a deleted service', () => {
  expectPlans(
    [
      ['stops everything, whatever the minimum', '0 100/200', 'A! hh | B px-', 'stop A1 A2 B1'],
      ['waits for them', '0 100/200', 'A! h-h-', ''],
      ['ends with the last', '0 100/200', 'A!', 'inactive'],
    ],
    { status: 'DRAINING' },
  );
  expectPlans([['starts nothing once it is INACTIVE', '3 100/200', 'A', '']], { status: 'INACTIVE' });
});

describe('tasks without a place', () => {
  const waiting = (capacityRevision: number): ServiceSnapshot => {
    const snapshot = situation('3 100/200', 'A h');
    const placement = { failures: 2, notBefore: now + 7_000, capacityRevision: 10 };
    return {
      ...snapshot,
      capacityRevision,
      service: { ...snapshot.service, deployments: [deploymentRecord('A', { placement })] },
    };
  };

  it('wait', () => {
    const plan = planService(waiting(10));
    expect(written(plan)).toBe('');
    expect(plan.lookAgainAfterMs).toBe(7_000);
  });

  it('are tried again as soon as an instance has changed', () => {
    expect(written(planService(waiting(11)))).toBe('start 2 A');
  });
});
