import type { RewriteConfig, RuleTransform } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Rewrite, type RuleTransforms, replacementParts } from '../../../balancing/index.ts';
import { shown, validationError } from '../errors.ts';
import { constraints } from '../input.ts';
import { checkRegex, orRefused } from './read-regex.ts';

const types = ['host-header-rewrite', 'url-rewrite'] as const;
type TransformType = (typeof types)[number];

const maxLength = 1_024;

/**
 * A rule's transforms as a request gives them: "You can add one host header rewrite transform and one URL rewrite
 * transform per rule" (guide, "Transforms for listener rules"). Undefined: none. @throws ValidationError
 */
export function readTransforms(given: readonly RuleTransform[] = []): RuleTransforms | undefined {
  const read = given.map((transform) => ({ type: typeOf(transform), rewrite: readRewrite(transform) }));
  for (const type of types)
    if (read.filter((each) => each.type === type).length > 1)
      throw validationError(`A rule can only have one '${type}' transform`);
  const of = (type: TransformType): Rewrite | undefined => read.find((each) => each.type === type)?.rewrite;
  const [host, url] = [of('host-header-rewrite'), of('url-rewrite')];
  if (read.length === 0) return undefined;
  return { ...(host && { host }), ...(url && { url }) };
}

/** What a rule has after `ModifyRule`. @throws ValidationError */
export function changedTransforms(
  before: RuleTransforms | undefined,
  {
    Transforms,
    ResetTransforms = false,
  }: {
    readonly Transforms?: readonly RuleTransform[] | undefined;
    readonly ResetTransforms?: boolean | undefined;
  },
): RuleTransforms | undefined {
  const isGiven = Transforms !== undefined && Transforms.length > 0;
  if (ResetTransforms && isGiven)
    throw validationError('You cannot specify both transforms and the reset of transforms');
  if (ResetTransforms) return undefined;
  return isGiven ? readTransforms(Transforms) : before;
}

function typeOf({ Type }: RuleTransform): TransformType {
  constraints().text('transforms.type', Type, { isRequired: true, oneOf: types }).throwIfViolated();
  return Type as TransformType;
}

function readRewrite({ Type, HostHeaderRewriteConfig, UrlRewriteConfig }: RuleTransform): Rewrite {
  const [own, other] =
    Type === 'url-rewrite'
      ? [UrlRewriteConfig, HostHeaderRewriteConfig]
      : [HostHeaderRewriteConfig, UrlRewriteConfig];
  if (other !== undefined)
    throw validationError(`A transform of type '${Type}' cannot have the configuration of another type`);
  const [only, ...others] = own?.Rewrites ?? [];
  if (only === undefined) throw validationError(`A rewrite must be specified for a '${Type}' transform`);
  if (others.length > 0) throw validationError(`A '${Type}' transform can only have one rewrite`);
  return checkRewrite(only);
}

function checkRewrite({ Regex: regex = '', Replace: replace }: RewriteConfig): Rewrite {
  if (regex === '') throw validationError('A regular expression must be specified for a rewrite');
  if (replace === undefined) throw validationError('A replacement must be specified for a rewrite');
  if (Math.max(regex.length, replace.length) > maxLength)
    throw validationError(`The value of a rewrite is too long; the limit is '${maxLength}'`);
  const { captures } = checkRegex(regex);
  const refused = `The replacement '${shown(replace)}' is not valid`;
  for (const part of orRefused(refused, () => replacementParts(replace)))
    if (typeof part === 'number' && part > captures)
      throw validationError(`${refused}: the regular expression has no capture '$${part}'`);
  return { regex, replace };
}
