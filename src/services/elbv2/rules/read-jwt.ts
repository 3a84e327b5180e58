import type { Action, JwtValidationActionAdditionalClaim } from '@aws-sdk/client-elastic-load-balancing-v2';
import { invalidLoadBalancerAction, shown } from '../errors.ts';
import type { JwtGuardRecord } from '../records.ts';
import { guardText, guardUrl, missingConfig } from './guard-fields.ts';

const maxLength = 256;
const maxClaims = 10;
const maxValues = 10;
const formats = ['single-string', 'string-array', 'space-separated-values'] as const;
/** "You can't specify `exp`, `iss`, `nbf`, or `iat` because we validate them by default." */
const validatedByDefault: ReadonlySet<string> = new Set(['exp', 'iss', 'nbf', 'iat']);

/** @throws InvalidLoadBalancerAction */
export function readJwt({ JwtValidationConfig: config, Order }: Action): JwtGuardRecord {
  if (config === undefined) throw missingConfig('jwt-validation', 'JwtValidationConfig');
  const { AdditionalClaims = [] } = config;
  if (AdditionalClaims.length > maxClaims)
    throw invalidLoadBalancerAction(`The 'additional claims' field can have at most ${maxClaims} claims`);
  const additionalClaims = AdditionalClaims.map(readClaim);
  if (new Set(additionalClaims.map(({ name }) => name)).size < additionalClaims.length)
    throw invalidLoadBalancerAction("The 'additional claims' field can have each claim only once");
  return {
    type: 'jwt-validation',
    jwksEndpoint: guardUrl('jwks endpoint', config.JwksEndpoint, maxLength),
    issuer: guardText('issuer', config.Issuer, maxLength),
    additionalClaims,
    ...(Order !== undefined && { order: Order }),
  };
}

function readClaim({ Name, Format, Values = [] }: JwtValidationActionAdditionalClaim) {
  const name = guardText('claim name', Name, maxLength);
  if (validatedByDefault.has(name))
    throw invalidLoadBalancerAction(`The claim '${name}' is validated by default and cannot be specified`);
  const format = formats.find((each) => each === Format);
  if (format === undefined) {
    throw invalidLoadBalancerAction(
      `The 'claim format' field '${shown(Format ?? '')}' must be one of '[${formats.join(', ')}]'`,
    );
  }
  const most = format === 'single-string' ? 1 : maxValues;
  if (Values.length < 1 || Values.length > most)
    throw invalidLoadBalancerAction(
      `A claim of the format '${format}' must have between 1 and ${most} values`,
    );
  const values = Values.map((value) => guardText('claim value', value, maxLength));
  if (format === 'space-separated-values' && values.some((value) => value.includes(' ')))
    throw invalidLoadBalancerAction(`The values of a claim of the format '${format}' cannot include spaces`);
  return { name, format, values };
}
