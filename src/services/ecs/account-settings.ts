import type { SettingName } from '@aws-sdk/client-ecs';
import { type Reader, type RecordKey, recordKey } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { invalidParameter, unsupported } from './errors.ts';
import { accountSettings } from './records.ts';

/**
 * Account settings: what each may be, what it is when nobody set it, and which values Catamaran can honour.
 * A principal's own setting wins over the account's, which is the root user's.
 */
interface SettingRule {
  readonly values: readonly string[];
  readonly default: string;
  /** Values that are AWS's but would have no effect here yet. */
  readonly unsupported?: readonly string[];
  /** AWS sets it; nobody else can. */
  readonly isManaged?: boolean;
}

/** ARNs are long, as for every account since 2021; the old format can't be asked for any more. */
const longArns: SettingRule = { values: ['enabled'], default: 'enabled' };
const notYet: SettingRule = {
  values: ['enabled', 'disabled'],
  default: 'disabled',
  unsupported: ['enabled'],
};

const rules: Readonly<Record<SettingName, SettingRule>> = {
  awsvpcTrunking: notYet,
  containerInsights: {
    values: ['enabled', 'disabled', 'enhanced'],
    default: 'disabled',
    unsupported: ['enabled', 'enhanced'],
  },
  containerInstanceLongArnFormat: longArns,
  defaultLogDriverMode: {
    values: ['blocking', 'non-blocking'],
    default: 'non-blocking',
    unsupported: ['blocking'],
  },
  fargateEventWindows: notYet,
  fargateFIPSMode: notYet,
  // Nothing retires a task here, so whatever it is to wait for, it waits.
  fargateTaskRetirementWaitPeriod: { values: ['0', '7', '14'], default: '7' },
  guardDutyActivate: { values: ['on', 'off'], default: 'off', isManaged: true },
  serviceLongArnFormat: longArns,
  // On for every account since 29 March 2024.
  tagResourceAuthorization: { values: ['on', 'off'], default: 'on', unsupported: ['off'] },
  taskLongArnFormat: longArns,
};

const isSettingName = (name: string): name is SettingName => Object.hasOwn(rules, name);

export const settingNames: readonly SettingName[] = Object.keys(rules).filter(isSettingName).sort();

/** @throws InvalidParameterException there is no such setting. */
export function readSettingName(name: string | undefined): SettingName {
  if (name !== undefined && isSettingName(name)) return name;
  throw invalidParameter(`${name ?? 'name'} should be one of [${settingNames.join(', ')}]`);
}

/**
 * @throws InvalidParameterException the setting has no such value, or can't be set by users.
 * @throws UnsupportedFeatureException the value would have no effect.
 */
export function validateSettingValue(name: SettingName, value: string | undefined): string {
  const rule = rules[name];
  if (rule.isManaged) throw invalidParameter(`The setting ${name} is managed by AWS and cannot be changed.`);
  if (value === undefined || !rule.values.includes(value))
    throw invalidParameter(
      `Invalid value '${value ?? ''}' for ${name}. It must be one of [${rule.values.join(', ')}].`,
    );
  if (rule.unsupported?.includes(value)) throw unsupported(`The account setting ${name} ${value}`);
  return value;
}

export function isManagedSetting(name: SettingName): boolean {
  return rules[name].isManaged === true;
}

/** What holds for a principal: its own setting, else the account's, else the default. */
export function effectiveAccountSetting(
  reader: Reader,
  scope: Scope,
  principalArn: string,
  name: SettingName,
): string {
  const own = reader.get(accountSettings, settingKey(scope, principalArn, name));
  const ofAccount = own ?? reader.get(accountSettings, settingKey(scope, rootArn(scope), name));
  return ofAccount?.value ?? rules[name].default;
}

export function settingKey(scope: Scope, principalArn: string, name: SettingName): RecordKey {
  const principal = encodeURIComponent(principalArn);
  return recordKey(accountSettings, scope.accountId, scope.region, principal, name);
}

export const rootArn = ({ accountId }: Scope): string => `arn:aws:iam::${accountId}:root`;
