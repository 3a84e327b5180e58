import type { SettingName } from '@aws-sdk/client-ecs';
import { SettingName as settingNames } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRoom, type TestRoom } from '../testing/room.ts';
import {
  deleteAccountSetting,
  listAccountSettings,
  putAccountSetting,
  putAccountSettingDefault,
} from './account-setting.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const root = 'arn:aws:iam::123456789012:root';
const put = (name: SettingName, value: string) => putAccountSetting(room.ecs, { name, value }, room.call);
const list = (input: object = {}) => listAccountSettings(room.ecs, input, room.call);

test('a setting is kept until it is deleted, then its default holds', async () => {
  const name = 'fargateTaskRetirementWaitPeriod';
  expect(await put(name, '14')).toEqual({ setting: { name, value: '14', principalArn: root, type: 'user' } });
  expect(list().settings).toEqual([{ name, value: '14', principalArn: root, type: 'user' }]);
  const { setting } = await deleteAccountSetting(room.ecs, { name }, room.call);
  expect(setting).toMatchObject({ name, value: '7' });
  expect(list().settings).toEqual([]);
});

test('the default for the account is the root user’s own', async () => {
  const name = 'taskLongArnFormat';
  await putAccountSettingDefault(room.ecs, { name, value: 'enabled' }, room.call);
  expect(list({ name }).settings).toMatchObject([{ name, value: 'enabled', principalArn: root }]);
});

test('effective settings are all of them, ten a page', () => {
  const first = list({ effectiveSettings: true });
  const second = list({ effectiveSettings: true, nextToken: first.nextToken });
  const names = [...(first.settings ?? []), ...(second.settings ?? [])].map(({ name }) => name);
  expect(first.settings).toHaveLength(10);
  expect(names).toEqual(Object.values(settingNames).sort());
  expect(second.nextToken).toBeUndefined();
});

test('settings are filtered by name, then by value', async () => {
  await put('containerInsights', 'disabled');
  expect(list({ name: 'containerInsights', value: 'disabled' }).settings).toHaveLength(1);
  expect(list({ name: 'containerInsights', value: 'enabled' }).settings).toEqual([]);
  expect(() => list({ value: 'enabled' })).toThrow(/also specify an account setting name/);
});

describe('refusals', () => {
  test.each([
    ['serviceLongArnFormat', 'disabled'],
    ['containerInsights', 'on'],
    ['fargateTaskRetirementWaitPeriod', '8'],
    ['guardDutyActivate', 'on'],
  ] as const)('%s can not be %s', async (name, value) => {
    await expect(put(name, value)).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  test.each([
    ['awsvpcTrunking', 'enabled'],
    ['containerInsights', 'enhanced'],
    ['tagResourceAuthorization', 'off'],
    ['fargateFIPSMode', 'enabled'],
    ['defaultLogDriverMode', 'blocking'],
  ] as const)('%s %s would have no effect yet', async (name, value) => {
    await expect(put(name, value)).rejects.toMatchObject({
      code: 'UnsupportedFeatureException',
      message: expect.stringContaining(`${name} ${value}`),
    });
  });

  test('an unknown name is answered with the known ones', () => {
    expect(() => list({ name: 'unknown' })).toThrow(
      /^unknown should be one of \[awsvpcTrunking, containerInsights, /,
    );
    expect(() => list({ name: 'toString' })).toThrow(/^toString should be one of/);
  });

  test('a principal that does not exist has no settings', () => {
    expect(() => list({ principalArn: 'arn:aws:iam::123456789012:user/eve' })).toThrow(/does not exist/);
    expect(list({ principalArn: root }).settings).toEqual([]);
  });
});
