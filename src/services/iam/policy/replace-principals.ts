import { type Located, readLocatedJson } from './located-json.ts';

/**
 * A document with the names of accounts, users, roles and sessions in its Principal and NotPrincipal replaced, and
 * everything else as it was written.
 * @param text Of a policy that `parsePolicy` has accepted.
 */
export function replacePrincipals(text: string, replace: (principal: string) => string): string {
  let replaced = '';
  let at = 0;
  for (const { text: principal, start, end } of awsPrincipals(readLocatedJson(text))) {
    const other = replace(principal);
    if (other === principal) continue;
    replaced += text.slice(at, start) + JSON.stringify(other);
    at = end;
  }
  return replaced + text.slice(at);
}

type LocatedString = Extract<Located, { readonly type: 'string' }>;

/** In the order of the text. */
function awsPrincipals(document: Located): readonly LocatedString[] {
  return itemsOf(member(document, 'Statement'))
    .flatMap((statement) => [member(statement, 'Principal'), member(statement, 'NotPrincipal')])
    .flatMap((principal) => itemsOf(principal && member(principal, 'AWS')))
    .filter((it): it is LocatedString => it.type === 'string');
}

function member(located: Located, name: string): Located | undefined {
  return located.type === 'object' ? located.members.get(name) : undefined;
}

/** One value may stand without its list. */
function itemsOf(located: Located | undefined): readonly Located[] {
  if (located === undefined) return [];
  return located.type === 'array' ? located.items : [located];
}
