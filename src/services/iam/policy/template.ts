import type { ContextSource } from './request.ts';
import { anyOne, anyRun, compileGlob, type GlobPart, type Matcher } from './wildcard.ts';

/**
 * Text of a policy in which `*`, `?` and policy variables may stand. A variable's value is text: a `*` in it matches
 * itself alone, so that nobody widens a policy by choosing a name.
 */
interface Template {
  readonly parts: readonly (GlobPart | Variable)[];
}

interface Variable {
  /** In lower case. */
  readonly key: string;
  readonly fallback: string | undefined;
}

export interface TemplateRules {
  /** `*` and `?` mean what they mean in patterns; else themselves. */
  readonly hasWildcards: boolean;
  /** `${...}` is a variable (version 2012-10-17); else text. */
  readonly hasVariables: boolean;
  readonly ignoresCase?: boolean;
}

/** Whether the text is what the template says for this request. */
export type TemplateMatcher = (text: string, context: ContextSource) => boolean;

const variablePattern = /\$\{(?:([*?$])|([^,{}']+)(?:,\s*'([^']*)'\s*)?)\}/y;

function parseTemplate(text: string, { hasWildcards, hasVariables }: TemplateRules): Template {
  const parts: (GlobPart | Variable)[] = [];
  let literal = '';
  const add = (part: GlobPart | Variable): void => {
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(part);
  };
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (hasVariables && character === '$') {
      variablePattern.lastIndex = at;
      const match = variablePattern.exec(text);
      if (match !== null) {
        const [whole, escaped, key, fallback] = match;
        if (escaped !== undefined) literal += escaped;
        else if (key !== undefined) add({ key: key.trim().toLowerCase(), fallback });
        at += whole.length;
        continue;
      }
    }
    if (hasWildcards && character === '*') add(anyRun);
    else if (hasWildcards && character === '?') add(anyOne);
    else literal += character;
    at += 1;
  }
  if (literal !== '') parts.push(literal);
  return { parts };
}

/** A pattern that never has variables, such as an action. */
export function compilePlainGlob(text: string): Matcher {
  const { parts } = parseTemplate(text, { hasWildcards: true, hasVariables: false });
  return compileParts(parts.filter((part) => typeof part !== 'object'));
}

/** A template with variables is filled in for each request, any other is compiled here once. */
export function compileTemplate(text: string, rules: TemplateRules): TemplateMatcher {
  return matcherOf(parseTemplate(text, rules), rules.ignoresCase === true);
}

function matcherOf({ parts }: Template, ignoresCase = false): TemplateMatcher {
  const folded = (value: string): string => (ignoresCase ? value.toLowerCase() : value);
  const fixed = parts.filter((part) => typeof part !== 'object');
  if (fixed.length === parts.length) {
    const matches = compileParts(fixed.map((part) => (typeof part === 'string' ? folded(part) : part)));
    return ignoresCase ? (text) => matches(text.toLowerCase()) : matches;
  }
  return (text, context) => {
    const filled: GlobPart[] = [];
    for (const part of parts) {
      const value = typeof part === 'object' ? filledIn(part, context) : part;
      if (value === undefined) return false;
      filled.push(typeof value === 'string' ? folded(value) : value);
    }
    return compileParts(filled)(folded(text));
  };
}

/** The names of the variables in the text, as written and in their order. */
export function variablesIn(text: string): readonly string[] {
  const found = text.matchAll(new RegExp(variablePattern.source, 'g'));
  return [...found].flatMap(([, , key]) => (key === undefined ? [] : [key.trim()]));
}

/** Tells whether all variables in the text have a value for a request. */
export function compileKnown(text: string): (context: ContextSource) => boolean {
  const { parts } = parseTemplate(text, { hasWildcards: true, hasVariables: true });
  const variables = parts.filter((part) => typeof part === 'object');
  return (context) => variables.every((variable) => filledIn(variable, context) !== undefined);
}

function compileParts(parts: readonly GlobPart[]): Matcher {
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'string') return (text) => text === only;
  return compileGlob(parts);
}

/** Undefined where the key is absent, or has many values and so no single one to put in. */
function filledIn({ key, fallback }: Variable, context: ContextSource): string | undefined {
  const value = context.get(key);
  return typeof value === 'string' ? value : value === undefined ? fallback : undefined;
}
