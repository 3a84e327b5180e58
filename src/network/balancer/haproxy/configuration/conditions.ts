import type { QueryPattern, RuleCondition, TextCondition } from '../../../../balancing/index.ts';
import { argument, patternExpression, searchExpression, word } from './words.ts';

/**
 * What holds of a request for a condition, as ACLs of one name: one of them is enough.
 * @param name Of the ACLs.
 */
export function conditionLines(name: string, condition: RuleCondition): string[] {
  const acl = (test: string, values: readonly string[]): string[] =>
    values.map((value) => `acl ${name} ${test} -- ${word(value)}`);
  switch (condition.field) {
    case 'host-header':
      return [
        ...acl('req.hdr(host),host_only -i -m reg', condition.patterns.map(whole)),
        ...acl('req.fhdr(host) -m reg', searched(condition)),
      ];
    case 'path-pattern':
      return acl('path -m reg', [...condition.patterns.map(whole), ...searched(condition)]);
    case 'http-header': {
      // Each line of that name for itself: commas are part of values.
      const header = word(`req.fhdr(${argument(condition.name)})`);
      return [
        ...acl(`${header} -i -m reg`, condition.patterns.map(whole)),
        ...acl(`${header} -m reg`, searched(condition)),
      ];
    }
    case 'http-request-method':
      return acl('method -m str', condition.methods);
    case 'query-string':
      return acl('query -i -m reg', condition.pairs.flatMap(parameterExpression));
    case 'source-ip':
      return acl('src', condition.cidrs);
  }
}

function searched({ expressions = [] }: TextCondition): string[] {
  return expressions.map(searchExpression);
}

function whole(pattern: string): string {
  return `(?s)^${patternExpression(pattern)}$`;
}

/** One parameter among those of a query. Without `=` its value is empty. */
function parameterExpression({ key, value }: QueryPattern): string[] {
  // Never part of a key or a value, so such a pattern is like none.
  if (key?.replaceAll(/\\[*?\\]/g, '').match(/[=&]/) || value.includes('&')) return ['(?!)'];
  const name = key === undefined ? '[^=&]*' : patternExpression(key, { any: '[^=&]', hasEscapes: true });
  const content = patternExpression(value, { any: '[^&]', hasEscapes: true });
  const start = '(?s)(?:^|&)';
  const withValue = `${start}${name}=${content}(?:&|$)`;
  return /^\**$/.test(value) ? [withValue, `${start}(?=[^&])${name}(?:&|$)`] : [withValue];
}
