import { ExpressionError, findExpression } from './expressions/index.ts';
import { mostUrlBytes } from './limits.ts';
import type { Rewrite, RuleTransforms } from './plan.ts';

/** What targets get in place of what a client sent. */
export type Transformed =
  | { readonly status: 'success'; readonly host?: string; readonly url: string }
  | { readonly status: 'invalid-host' | 'invalid-path' };

/**
 * What a rule makes of a request before a target gets it: the first match of each expression becomes its replacement,
 * and what has no match stays as it is. "If there is a pattern match but the transform fails, we return an HTTP 500
 * error" (guide, "Transforms for listener rules").
 * @param given The Host header as it came, if it did, and path and query.
 */
export function transformed(
  transforms: RuleTransforms,
  given: { readonly host?: string | undefined; readonly url: string },
): Transformed {
  const host = given.host === undefined ? undefined : rewritten(transforms.host, given.host);
  if (host !== undefined && host !== given.host && !validHost.test(host)) return { status: 'invalid-host' };
  // `OPTIONS *` asks for no path.
  const url = given.url.startsWith('/') ? rewritten(transforms.url, given.url) : given.url;
  if (url !== given.url && !validUrl.test(url)) return { status: 'invalid-path' };
  return { status: 'success', ...(host !== undefined && { host }), url };
}

/** What may stand in a Host header once it is rewritten, and in a request line. Read alike by PCRE2. */
export const validHost = /^[A-Za-z0-9._~:[\]-]{1,255}$/;
export const validUrl = new RegExp(`^/[!-~]{0,${mostUrlBytes - 1}}$`);

function rewritten(rewrite: Rewrite | undefined, text: string): string {
  const found = rewrite && findExpression(rewrite.regex, text);
  if (rewrite === undefined || found === undefined) return text;
  const replacement = replacementParts(rewrite.replace)
    .map((part) => (typeof part === 'number' ? found.group(part) : part))
    .join('');
  return text.slice(0, found.start) + replacement + text.slice(found.end);
}

/** Texts, and the numbers of captures. @throws {ExpressionError} */
export function replacementParts(replace: string): (string | number)[] {
  if (/[^\x20-\x7e]/.test(replace))
    throw new ExpressionError('it can have printable characters of ASCII only');
  if (/\$[{<&$]/.test(replace))
    throw new ExpressionError("captures are written as '$1' to '$9', and nothing else begins with '$'");
  return replace
    .split(/\$(\d+)/)
    .map((part, index) => {
      if (index % 2 === 0) return part;
      if (!/^[1-9]$/.test(part)) throw new ExpressionError("captures are written as '$1' to '$9'");
      return Number(part);
    })
    .filter((part) => part !== '');
}
