import { isId } from './ids.ts';
import type { ResourceType, Taggable } from './kinds.ts';
import { taggableKinds } from './kinds.ts';
import type { Scope } from './records.ts';

/** @param id `*`: whichever. */
export function resourceArn({ region, accountId }: Scope, type: ResourceType, id: string): string {
  return `arn:aws:ec2:${region}:${accountId}:${type}/${id}`;
}

/** What an ARN of this room names; undefined: nothing that could be there. */
export function readResourceArn(
  arn: string,
): { readonly kind: Taggable; readonly scope: Scope; readonly id: string } | undefined {
  const [, , service, region = '', accountId = '', resource = ''] = arn.split(':');
  const [type, id = ''] = resource.split('/');
  const kind = taggableKinds.find((each) => each.type === type);
  if (service !== 'ec2' || kind === undefined || !isId(kind.prefix, id)) return undefined;
  return { kind, scope: { accountId, region }, id };
}
