import { ascending, page } from '../../pages.ts';
import { ec2Refusal, invalidParameterCombination, invalidParameterValue, shown } from '../errors.ts';

export interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

const mostResults = 1_000;
const fewestResults = 5;

/**
 * One page in the order of ids, as many as it may have unless asked otherwise.
 * @param items In the order of `idOf`.
 * @param idsParameter Its name in AWS's message, e.g. `vpcIds`; present when the request names ids, which are not paged.
 * @param most A page may have.
 * @throws InvalidParameterValue, InvalidNextToken, InvalidParameterCombination
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  input: PageInput,
  idsParameter?: string,
  most = mostResults,
): { readonly items: readonly T[]; readonly nextToken?: string } {
  checkPage(input, idsParameter, most);
  const { MaxResults = most, NextToken } = input;
  return page(items, idOf, ascending, {
    limit: MaxResults,
    nextToken: NextToken,
    refuse: () => ec2Refusal('InvalidNextToken', `The token '${shown(NextToken ?? '')}' is invalid`),
  });
}

function checkPage({ MaxResults }: PageInput, idsParameter: string | undefined, most: number): void {
  if (MaxResults === undefined) return;
  if (idsParameter !== undefined) {
    throw invalidParameterCombination(
      `The parameter ${idsParameter} cannot be used with the parameter maxResults`,
    );
  }
  const refuse = (bound: string) =>
    invalidParameterValue(
      `Value ( ${MaxResults} ) for parameter maxResults is invalid. Expecting a value ${bound}.`,
    );
  if (MaxResults < fewestResults) throw refuse(`greater than ${fewestResults}`);
  if (MaxResults > most) throw refuse(`smaller than ${most}`);
}
