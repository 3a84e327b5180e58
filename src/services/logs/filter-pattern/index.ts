import { invalidParameter } from '../errors.ts';
import { parseJsonPattern } from './json-pattern.ts';
import type { Matcher } from './matcher.ts';
import { PatternError } from './scanner.ts';
import { parseSpaceDelimitedPattern } from './space-delimited-pattern.ts';
import { parseTermsPattern } from './terms-pattern.ts';

/**
 * CloudWatch Logs' filter patterns (user guide, "Filter pattern syntax for metric filters, subscription filters,
 * filter log events, and Live Tail"). Three languages, told apart by their first character:
 *
 *     ERROR -"time out"                 terms of any text: terms-pattern.ts
 *     { $.status = 4* && $.ms > 100 }   members of JSON: json-pattern.ts
 *     [ip, user, ..., status = 4*]      columns of text: space-delimited-pattern.ts
 *
 * Matching takes time proportional to the message, whatever the pattern.
 * @throws InvalidParameterException when it can't be understood.
 */
export function parseFilterPattern(pattern: string): Matcher {
  const text = pattern.trim();
  try {
    if (text === '') return () => true;
    if (text.startsWith('{')) return parseJsonPattern(text);
    if (text.startsWith('[')) return parseSpaceDelimitedPattern(text);
    return parseTermsPattern(text);
  } catch (error) {
    if (error instanceof PatternError) throw invalidParameter(`Invalid filter pattern: ${error.message}`);
    throw error;
  }
}
