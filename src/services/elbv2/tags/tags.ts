import type {
  AddTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsOutput,
  RemoveTagsCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { maxTags } from '../../tag-list.ts';
import { readArn, type Scope } from '../arn.ts';
import type { ElbContext } from '../context.ts';
import {
  listenerNotFound,
  loadBalancerNotFound,
  ruleNotFound,
  targetGroupNotFound,
  tooManyTags,
  unsupported,
  validationError,
} from '../errors.ts';
import { readTags } from '../input.ts';
import { findTagged, type Tagged } from './tagged.ts';

/** Of all of the resources, or of none. @throws {Refusal} the kind's own "not found", DuplicateTagKeys, TooManyTags */
export async function addTags(
  { state }: ElbContext,
  { ResourceArns = [], Tags: tags }: AddTagsCommandInput,
  call: Call,
): Promise<object> {
  const added = readTags(tags);
  if (Object.keys(added).length === 0) throw validationError('Tags must be specified');
  checkArns(ResourceArns);
  await state.transact((tx) => {
    for (const arn of ResourceArns) {
      const tagged = requireTagged(tx, call, arn);
      const all = { ...tagged.tags, ...added };
      if (Object.keys(all).length > maxTags) throw tooManyTags(maxTags);
      tagged.put(tx, all);
    }
  });
  return {};
}

/** @throws {Refusal} the kind's own "not found" */
export async function removeTags(
  { state }: ElbContext,
  { ResourceArns = [], TagKeys = [] }: RemoveTagsCommandInput,
  call: Call,
): Promise<object> {
  checkArns(ResourceArns);
  await state.transact((tx) => {
    for (const arn of ResourceArns) {
      const tagged = requireTagged(tx, call, arn);
      const left = Object.entries(tagged.tags).filter(([key]) => !TagKeys.includes(key));
      tagged.put(tx, Object.fromEntries(left));
    }
  });
  return {};
}

/** @throws {Refusal} the kind's own "not found" */
export function describeTags(
  { state }: ElbContext,
  { ResourceArns = [] }: DescribeTagsCommandInput,
  call: Call,
): DescribeTagsOutput {
  checkArns(ResourceArns);
  return {
    TagDescriptions: ResourceArns.map((arn) => ({
      ResourceArn: arn,
      Tags: Object.entries(requireTagged(state, call, arn).tags).map(([Key, Value]) => ({ Key, Value })),
    })),
  };
}

const maxArns = 20;

function checkArns(arns: readonly string[]): void {
  if (arns.length === 0 || arns.length > maxArns)
    throw validationError(`Between 1 and ${maxArns} resource ARNs must be specified`);
}

function requireTagged(reader: Reader | Transaction, scope: Scope, arn: string): Tagged {
  const found = findTagged(reader, scope, arn);
  if (found !== undefined) return found;
  const type = readArn(scope, arn)?.type;
  if (type === 'loadbalancer') throw loadBalancerNotFound();
  if (type === 'targetgroup') throw targetGroupNotFound();
  if (type === 'listener') throw listenerNotFound();
  if (type === 'listener-rule') throw ruleNotFound();
  if (arn.includes(':truststore/')) throw unsupported('Trust stores are');
  throw validationError(`'${arn.slice(0, 255)}' is not a valid ARN`);
}
