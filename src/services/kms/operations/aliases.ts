import type {
  CreateAliasCommandInput,
  DeleteAliasCommandInput,
  ListAliasesCommandInput,
  UpdateAliasCommandInput,
} from '@aws-sdk/client-kms';
import type { Call } from '../../service.ts';
import { aliasArn } from '../arn.ts';
import { type KmsContext, requireKey } from '../context.ts';
import { aliasExists, aliasNotFound, invalidAlias, limitExceeded, pendingDeletion } from '../errors.ts';
import { constraints, pageOf } from '../input.ts';
import { permit, permitOnKey } from '../permission.ts';
import { aliases, aliasKey, scopeText } from '../records.ts';

/** "Aliases per KMS key" (AWS KMS quotas). */
const maxAliases = 50;

/** @throws {Refusal} */
export async function createAlias(
  context: KmsContext,
  { AliasName: name = '', TargetKeyId = '' }: CreateAliasCommandInput,
  call: Call,
): Promise<object> {
  readName(name);
  const target = permitted(context, call, 'kms:CreateAlias', name, TargetKeyId);
  await context.state.transact((tx) => {
    const [key, { id }] = [aliasKey(call, name), requireKey(tx, call, target)];
    if (tx.get(aliases, key) !== undefined) throw aliasExists(aliasArn(call, name));
    if (tx.countByIndex(aliases, 'target', id) >= maxAliases)
      throw limitExceeded(`A key can have at most ${maxAliases} aliases.`);
    tx.put(aliases, key, { name, keyId: id, createdAt: call.now, updatedAt: call.now });
  });
  return {};
}

/** @throws {Refusal} */
export async function updateAlias(
  context: KmsContext,
  { AliasName: name = '', TargetKeyId = '' }: UpdateAliasCommandInput,
  call: Call,
): Promise<object> {
  readName(name);
  const target = permitted(context, call, 'kms:UpdateAlias', name, TargetKeyId);
  await context.state.transact((tx) => {
    const key = aliasKey(call, name);
    const before = tx.get(aliases, key);
    if (before === undefined) throw aliasNotFound(aliasArn(call, name));
    tx.put(aliases, key, { ...before, keyId: requireKey(tx, call, target).id, updatedAt: call.now });
  });
  return {};
}

/** @throws NotFoundException, AccessDeniedException */
export async function deleteAlias(
  context: KmsContext,
  { AliasName: name = '' }: DeleteAliasCommandInput,
  call: Call,
): Promise<object> {
  readName(name);
  permit(context, call, 'kms:DeleteAlias', aliasArn(call, name));
  await context.state.transact((tx) => {
    const key = aliasKey(call, name);
    if (tx.get(aliases, key) === undefined) throw aliasNotFound(aliasArn(call, name));
    tx.delete(aliases, key);
  });
  return {};
}

/** @throws AccessDeniedException, InvalidMarkerException */
export function listAliases(context: KmsContext, input: ListAliasesCommandInput, call: Call) {
  permit(context, call, 'kms:ListAliases');
  const { KeyId } = input;
  const keyId = KeyId === undefined ? undefined : requireKey(context.state, call, KeyId).id;
  const found = context.state
    .byIndex(aliases, 'scope', scopeText(call))
    .map(({ value }) => value)
    .filter((it) => keyId === undefined || it.keyId === keyId)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const { items, more } = pageOf(found, ({ name }) => name, input, { normal: 50, max: 100 });
  return {
    Aliases: items.map(({ name, keyId, createdAt, updatedAt }) => ({
      ...{ AliasName: name, AliasArn: aliasArn(call, name), TargetKeyId: keyId },
      ...{ CreationDate: new Date(createdAt), LastUpdatedDate: new Date(updatedAt) },
    })),
    ...more,
  };
}

function readName(name: string): void {
  constraints().text('aliasName', name, { minLength: 1, maxLength: 256 }).throwIfViolated();
  if (!name.startsWith('alias/'))
    throw invalidAlias(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  if (!/^alias\/[\w/-]+$/.test(name)) throw invalidAlias('Alias contains invalid characters for an alias');
  if (name.startsWith('alias/aws/'))
    throw invalidAlias('Alias name must not start with the reserved prefix alias/aws/.');
}

/** On the alias and on the key. @returns the key's ARN. */
function permitted(context: KmsContext, call: Call, action: string, name: string, keyId: string): string {
  const key = requireKey(context.state, call, keyId);
  permit(context, call, action, aliasArn(call, name));
  permitOnKey(context, call, action, key);
  if (key.state === 'PendingDeletion') throw pendingDeletion(key.arn);
  return key.arn;
}
