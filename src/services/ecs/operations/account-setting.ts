import type {
  DeleteAccountSettingCommandInput,
  DeleteAccountSettingResponse,
  ListAccountSettingsCommandInput,
  ListAccountSettingsResponse,
  PutAccountSettingCommandInput,
  PutAccountSettingDefaultCommandInput,
  PutAccountSettingDefaultResponse,
  PutAccountSettingResponse,
  Setting,
  SettingName,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import {
  effectiveAccountSetting,
  isManagedSetting,
  readSettingName,
  rootArn,
  settingKey,
  settingNames,
  validateSettingValue,
} from '../account-settings.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { page } from '../pagination.ts';
import { accountSettings } from '../records.ts';

/** For the caller, or for the principal that the root user names. The root user's own is the account's. */
export async function putAccountSetting(
  ecs: EcsContext,
  input: PutAccountSettingCommandInput,
  call: Call,
): Promise<PutAccountSettingResponse> {
  return { setting: await putSetting(ecs, input, readPrincipal(input.principalArn, call), call) };
}

/** For everybody in the account who has no setting of their own. */
export async function putAccountSettingDefault(
  ecs: EcsContext,
  input: PutAccountSettingDefaultCommandInput,
  call: Call,
): Promise<PutAccountSettingDefaultResponse> {
  return { setting: await putSetting(ecs, input, rootArn(call), call) };
}

async function putSetting(
  ecs: EcsContext,
  input: PutAccountSettingDefaultCommandInput,
  principalArn: string,
  call: Call,
): Promise<Setting> {
  const name = readSettingName(input.name);
  const value = validateSettingValue(name, input.value);
  await ecs.state.transact((tx) =>
    tx.put(accountSettings, settingKey(call, principalArn, name), { name, value, principalArn }),
  );
  return { name, value, principalArn, type: 'user' };
}

/** Answers what holds without it. */
export async function deleteAccountSetting(
  ecs: EcsContext,
  input: DeleteAccountSettingCommandInput,
  call: Call,
): Promise<DeleteAccountSettingResponse> {
  const name = readSettingName(input.name);
  const principalArn = readPrincipal(input.principalArn, call);
  await ecs.state.transact((tx) => {
    const key = settingKey(call, principalArn, name);
    if (tx.get(accountSettings, key)) tx.delete(accountSettings, key);
  });
  const value = effectiveAccountSetting(ecs.state, call, principalArn, name);
  return { setting: { name, value, principalArn, type: 'user' } };
}

/** What was set for the principal or, with `effectiveSettings`, what holds for it. */
export function listAccountSettings(
  ecs: EcsContext,
  input: ListAccountSettingsCommandInput,
  call: Call,
): ListAccountSettingsResponse {
  const principalArn = readPrincipal(input.principalArn, call);
  if (input.value !== undefined && input.name === undefined)
    throw invalidParameter('You must also specify an account setting name to filter by value.');
  const names: readonly SettingName[] =
    input.name === undefined ? settingNames : [readSettingName(input.name)];
  const settings = names
    .flatMap((name): Setting[] => {
      const type = isManagedSetting(name) ? 'aws_managed' : 'user';
      const own = ecs.state.get(accountSettings, settingKey(call, principalArn, name));
      if (own) return [{ name, value: own.value, principalArn, type }];
      if (input.effectiveSettings !== true) return [];
      const value = effectiveAccountSetting(ecs.state, call, principalArn, name);
      return [{ name, value, principalArn, type }];
    })
    .filter((setting) => input.value === undefined || setting.value === input.value);
  const { items, nextToken } = page(settings, (setting) => setting.name ?? '', {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: 10,
    maxSize: 10,
  });
  return { settings: [...items], ...(nextToken && { nextToken }) };
}

/** The root user is the only principal there is, so only it can have settings. */
function readPrincipal(principalArn: string | undefined, call: Call): string {
  if (principalArn === undefined || principalArn === call.principal.arn) return call.principal.arn;
  if (principalArn === rootArn(call)) return principalArn;
  throw invalidParameter(`The principal ${principalArn} does not exist in account ${call.accountId}.`);
}
