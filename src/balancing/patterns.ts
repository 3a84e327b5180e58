/**
 * Whether a text is like a pattern, the whole of it: `*` stands for any run of characters, `?` for one. Takes time in
 * proportion to both lengths, whatever the pattern.
 * @param hasEscapes A backslash takes a following `*`, `?` or backslash by its letter, as in query strings.
 */
export function matchesPattern(pattern: string, text: string, hasEscapes = false): boolean {
  const parts = patternParts(pattern, hasEscapes);
  let part = 0;
  let at = 0;
  /** Where to go on when a run has to be one longer. */
  let retry: { part: number; at: number } | undefined;
  while (at < text.length || part < parts.length) {
    const current = parts[part];
    if (current?.type === 'run') {
      retry = { part, at };
      part += 1;
      continue;
    }
    const isMatch =
      current !== undefined && at < text.length && (current.type === 'one' || current.character === text[at]);
    if (isMatch) {
      part += 1;
      at += 1;
    } else if (retry !== undefined && retry.at < text.length) {
      retry.at += 1;
      part = retry.part + 1;
      at = retry.at;
    } else return false;
  }
  return true;
}

export type PatternPart =
  | { readonly type: 'run' }
  | { readonly type: 'one' }
  | { readonly type: 'character'; readonly character: string };

export function patternParts(pattern: string, hasEscapes = false): PatternPart[] {
  const parts: PatternPart[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const next = pattern.charAt(at + 1);
    if (hasEscapes && character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      parts.push({ type: 'character', character: next });
      at += 1;
    } else if (character === '*') parts.push({ type: 'run' });
    else if (character === '?') parts.push({ type: 'one' });
    else parts.push({ type: 'character', character });
  }
  return parts;
}
