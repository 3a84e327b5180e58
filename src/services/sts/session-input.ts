import type { PolicyDescriptorType, Tag } from '@aws-sdk/client-sts';
import { Constraints, type TextConstraint } from '../constraints.ts';
import { unsupported, validationError } from './errors.ts';

/** What the operations have in common that give out sessions (STS API reference). */
interface SessionInput {
  readonly DurationSeconds?: number | undefined;
  readonly MinimumSessionTokenSize?: number | undefined;
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly PolicyDescriptorType[] | undefined;
  readonly Tags?: readonly Tag[] | undefined;
  readonly TransitiveTagKeys?: readonly string[] | undefined;
}

export const stsConstraints = (): Constraints => new Constraints(validationError);

/** Of session names, source identities and federated users. */
export const nameConstraint = { pattern: String.raw`[\w+=,.@-]*`, minLength: 2 } satisfies TextConstraint;
export const arnConstraint: TextConstraint = { minLength: 20, maxLength: 2048 };
const tagKey: TextConstraint = {
  ...{ pattern: String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, minLength: 1, maxLength: 128 },
};
const tagValue: TextConstraint = { pattern: String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, maxLength: 256 };

/** @param maxSeconds The longest that the operation gives; what the role or the user lets is asked later. */
export function checkSession(constraints: Constraints, input: SessionInput, maxSeconds: number): Constraints {
  const { Tags, PolicyArns, TransitiveTagKeys } = input;
  constraints
    .number('durationSeconds', input.DurationSeconds, { min: 900, max: maxSeconds })
    .number('minimumSessionTokenSize', input.MinimumSessionTokenSize, { min: 0, max: 4096 })
    .text('policy', input.Policy, {
      ...{ pattern: String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`, minLength: 1, maxLength: 2048 },
    })
    .list('policyArns', PolicyArns, { max: 10 })
    .list('tags', Tags, { max: 50 })
    .list('transitiveTagKeys', TransitiveTagKeys, { max: 50 });
  PolicyArns?.forEach(({ arn }, index) => {
    constraints.text(`policyArns.${index + 1}.member.arn`, arn, { ...arnConstraint, isRequired: true });
  });
  Tags?.forEach(({ Key, Value }, index) => {
    constraints.text(`tags.${index + 1}.member.key`, Key, tagKey);
    constraints.text(`tags.${index + 1}.member.value`, Value, tagValue);
  });
  TransitiveTagKeys?.forEach((key, index) => {
    constraints.text(`transitiveTagKeys.${index + 1}.member`, key, tagKey);
  });
  return constraints;
}

/** @throws {Refusal} UnsupportedOperation, by name. */
export function refuseMfa(
  operation: string,
  {
    SerialNumber,
    TokenCode,
  }: { readonly SerialNumber?: string | undefined; readonly TokenCode?: string | undefined },
): void {
  if (SerialNumber === undefined && TokenCode === undefined) return;
  const given = [SerialNumber && 'SerialNumber', TokenCode && 'TokenCode'].filter(Boolean).join(' and ');
  throw unsupported(`${operation} with ${given}`, 'there are no MFA devices');
}

export const arnsOf = (descriptors: readonly PolicyDescriptorType[] | undefined): readonly string[] =>
  (descriptors ?? []).flatMap(({ arn }) => arn ?? []);

/** The account of a role's ARN. @throws {Refusal} ValidationError: it is none. */
export function roleAccount(arn: string): string {
  const [, accountId] = /^arn:[^:]+:iam::(\d{12}):role\/./.exec(arn) ?? [];
  if (accountId === undefined) throw validationError(`${arn} is invalid`);
  return accountId;
}
