import type { ContextSource } from './request.ts';
import { compileTemplate, type TemplateMatcher } from './template.ts';

/**
 * ARNs are compared segment by segment: a wildcard stands for text within its segment, and only in the last one,
 * which is the resource's own, for colons too (IAM user guide, "IAM JSON policy elements: Resource").
 */
const segmentCount = 6;

/** Takes an ARN in its segments (`readArn`). */
export type ArnMatcher = (arn: readonly string[], context: ContextSource) => boolean;

/** The six segments of an ARN, the last one with all its colons; of other text fewer. */
export function readArn(text: string): readonly string[] {
  const segments: string[] = [];
  let start = 0;
  while (segments.length < segmentCount - 1) {
    const end = text.indexOf(':', start);
    if (end === -1) break;
    segments.push(text.slice(start, end));
    start = end + 1;
  }
  segments.push(text.slice(start));
  return segments;
}

/**
 * A `Resource`. `*` alone is anything; an ARN with fewer than six segments is completed with wildcards; variables
 * stand in the last segment only, elsewhere `${` is text.
 */
export function compileResource(pattern: string, hasVariables: boolean): ArnMatcher {
  if (isAnything(pattern)) return () => true;
  const segments = readArnPattern(pattern);
  const completed = [...segments, ...Array<string>(segmentCount - segments.length).fill('*')];
  return compileSegments(completed, (index) => hasVariables && index === segmentCount - 1);
}

/** The value of `ArnLike` and `ArnEquals`, which mean the same. */
export function compileArnLike(pattern: string, hasVariables: boolean): TemplateMatcher {
  if (isAnything(pattern)) return () => true;
  const segments = readArnPattern(pattern);
  // `${aws:SourceArn}` stands for a whole ARN.
  if (segments.length === 1) return compileTemplate(pattern, { hasWildcards: true, hasVariables });
  if (segments.length !== segmentCount) return () => false;
  const matches = compileSegments(segments, () => hasVariables);
  return (text, context) => matches(readArn(text), context);
}

/** Like `readArn`, but a colon within a variable separates nothing. */
export function readArnPattern(pattern: string): readonly string[] {
  const segments: string[] = [];
  let start = 0;
  let isInVariable = false;
  for (let at = 0; at < pattern.length && segments.length < segmentCount - 1; at += 1) {
    const character = pattern[at];
    if (character === '$' && pattern[at + 1] === '{') isInVariable = true;
    else if (character === '}') isInVariable = false;
    else if (character === ':' && !isInVariable) {
      segments.push(pattern.slice(start, at));
      start = at + 1;
    }
  }
  return [...segments, pattern.slice(start)];
}

function isAnything(pattern: string): boolean {
  return /^\*+$/.test(pattern);
}

function compileSegments(
  segments: readonly string[],
  hasVariablesAt: (index: number) => boolean,
): ArnMatcher {
  const checks = segments.flatMap((segment, index) =>
    segment === '*'
      ? []
      : [
          {
            index,
            isPlain: !/[*?$]/.test(segment),
            matches: compileTemplate(segment, { hasWildcards: true, hasVariables: hasVariablesAt(index) }),
          },
        ],
  );
  // What is compared at once comes first: most resources differ there.
  const ordered = checks.toSorted((one, other) => Number(other.isPlain) - Number(one.isPlain));
  return (arn, context) => {
    if (arn.length !== segmentCount) return false;
    for (const { index, matches } of ordered) if (!matches(arn[index] ?? '', context)) return false;
    return true;
  };
}
