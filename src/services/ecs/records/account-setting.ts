import type { Collection } from '../../../reconcile/index.ts';

/** `account-setting/<principal arn, url-encoded, or "default">/<name>` */
export interface AccountSettingRecord {
  readonly name: string;
  readonly value: string;
  readonly principalArn: string;
}
export const accountSettings: Collection<AccountSettingRecord> = {
  service: 'ecs',
  noun: 'account-setting',
  indexes: {},
};
