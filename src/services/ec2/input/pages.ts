import { ascending, page } from '../../pages.ts';
import { ec2Refusal, invalidParameterCombination, invalidParameterValue, shown } from '../errors.ts';

export interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

const mostResults = 1_000;
const fewestResults = 5;

/**
 * One page in the order of ids, 1000 unless asked otherwise.
 * @param items In the order of `idOf`.
 * @param idsParameter Its name in AWS's message, e.g. `vpcIds`; present when the request names ids, which are not paged.
 * @throws InvalidParameterValue, InvalidNextToken, InvalidParameterCombination
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  input: PageInput,
  idsParameter?: string,
): { readonly items: readonly T[]; readonly nextToken?: string } {
  checkPage(input, idsParameter);
  const { MaxResults = mostResults, NextToken } = input;
  return page(items, idOf, ascending, {
    limit: MaxResults,
    nextToken: NextToken,
    refuse: () => ec2Refusal('InvalidNextToken', `The token '${shown(NextToken ?? '')}' is invalid`),
  });
}

function checkPage({ MaxResults }: PageInput, idsParameter: string | undefined): void {
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
  if (MaxResults > mostResults) throw refuse(`smaller than ${mostResults}`);
}
