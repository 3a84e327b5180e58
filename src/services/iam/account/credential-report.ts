import type { GenerateCredentialReportResponse, GetCredentialReportResponse } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { entityArn, rootArn } from '../arn.ts';
import type { IamContext } from '../context.ts';
import { reportExpired, reportNotPresent } from '../errors.ts';
import {
  type AccessKeyRecord,
  accessKeyKey,
  accessKeys,
  lastUseKey,
  lastUses,
  prefixOf,
  type UserRecord,
  users,
} from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';
import { accountCreatedAt } from './account-age.ts';
import { rootKeysOf } from './root-keys.ts';

/** So long a report is given out, and no other one made (IAM user guide, "Generate credential reports"). */
const validMs = 4 * 3_600_000;

/** As AWS's report has them. */
const columns = [
  ...['user', 'arn', 'user_creation_time'],
  ...['password_enabled', 'password_last_used', 'password_last_changed', 'password_next_rotation'],
  'mfa_active',
  ...['access_key_1_active', 'access_key_1_last_rotated', 'access_key_1_last_used_date'],
  ...['access_key_1_last_used_region', 'access_key_1_last_used_service'],
  ...['access_key_2_active', 'access_key_2_last_rotated', 'access_key_2_last_used_date'],
  ...['access_key_2_last_used_region', 'access_key_2_last_used_service'],
  ...['cert_1_active', 'cert_1_last_rotated', 'cert_2_active', 'cert_2_last_rotated'],
] as const;

interface Report {
  readonly generatedAt: number;
  readonly content: Uint8Array;
}

/**
 * The credential reports of accounts, in memory: who asks after a start is told to have one made. One for each account
 * that asks.
 */
export class CredentialReports {
  readonly #iam: IamContext;
  readonly #reports = new Map<string, Report>();

  constructor(iam: IamContext) {
    this.#iam = iam;
  }

  /** Callers ask until it is COMPLETE, as they do of AWS, where it takes its time. */
  generate({ accountId, now }: Pick<Call, 'accountId' | 'now'>): GenerateCredentialReportResponse {
    const known = this.#reports.get(accountId);
    if (known !== undefined && now - known.generatedAt < validMs) return { State: 'COMPLETE' };
    const content = new TextEncoder().encode(credentialReport(this.#iam, accountId));
    this.#reports.set(accountId, { generatedAt: wholeSecond(now), content });
    return { State: 'STARTED', Description: 'No report exists. Starting a new report generation task' };
  }

  /** @throws {Refusal} ReportNotPresent, ReportExpired. */
  get({ accountId, now }: Pick<Call, 'accountId' | 'now'>): GetCredentialReportResponse {
    const report = this.#reports.get(accountId);
    if (report === undefined)
      throw reportNotPresent('No report exists for this account. Generate one first.');
    const { generatedAt, content } = report;
    if (now - generatedAt >= validMs)
      throw reportExpired('The last report is too old. Generate another one.');
    return { Content: content, ReportFormat: 'text/csv', GeneratedTime: new Date(generatedAt) };
  }
}

function credentialReport(iam: IamContext, accountId: string): string {
  const { state } = iam;
  const all = [...state.list(users, prefixOf(users, accountId))].map(({ value }) => value);
  const rows = [rootRow(iam, accountId), ...all.map((user) => userRow(state, accountId, user))];
  return [columns.join(','), ...rows.map((row) => row.join(','))].join('\n');
}

function rootRow({ state, firstAccountId }: IamContext, accountId: string): readonly string[] {
  const createdAt = accountCreatedAt(state, accountId);
  const kept = rootKeysOf(state, accountId).map((key) => keyColumns(state, accountId, key));
  const keys = accountId === firstAccountId ? [firstKey, ...kept] : kept;
  return [
    ...['<root_account>', rootArn(accountId), createdAt === undefined ? 'N/A' : time(createdAt)],
    ...['not_supported', 'no_information', 'not_supported', 'not_supported'],
    'false',
    ...(keys[0] ?? noKey),
    ...(keys[1] ?? noKey),
    ...noCertificates,
  ];
}

function userRow(reader: Reader, accountId: string, user: UserRecord): readonly string[] {
  const keys = user.accessKeys.map((id) => reader.get(accessKeys, accessKeyKey(accountId, id)));
  return [
    ...[user.userName, entityArn(accountId, 'user', user.path, user.userName), time(user.createdAt)],
    ...['false', 'N/A', 'N/A', 'N/A'],
    'false',
    ...keyColumns(reader, accountId, keys[0]),
    ...keyColumns(reader, accountId, keys[1]),
    ...noCertificates,
  ];
}

const noCertificates = ['false', 'N/A', 'false', 'N/A'];
const noKey = ['false', 'N/A', 'N/A', 'N/A', 'N/A'];
/** The installation's own: it came with it, and nothing is kept of its use. */
const firstKey = ['true', 'N/A', 'N/A', 'N/A', 'N/A'];

function keyColumns(reader: Reader, accountId: string, key: AccessKeyRecord | undefined): readonly string[] {
  if (key === undefined) return noKey;
  const use = reader.get(lastUses, lastUseKey(accountId, key.accessKeyId));
  return [
    ...[String(key.status === 'Active'), time(key.createdAt)],
    ...(use === undefined ? ['N/A', 'N/A', 'N/A'] : [time(use.lastUsedAt), use.region, use.service]),
  ];
}

/** E.g. `2026-11-25T18:00:00+00:00`. */
function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}+00:00`;
}
