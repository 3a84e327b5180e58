import type { RequestCertificateCommandInput, Tag } from '@aws-sdk/client-acm';
import type { Reader } from '../../reconcile/index.ts';
import { authorizationOf, type Keys, requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { ConditionKeys } from '../service.ts';
import { certificateArn } from './arn.ts';
import { findCertificate } from './context.ts';

interface Tagging {
  readonly Tags?: readonly Tag[] | undefined;
}
interface OnCertificate {
  readonly CertificateArn?: string | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for AWS Certificate Manager").
 */
export function acmAuthorization(reader: Reader) {
  const tags: Keys<unknown> = (_input, call, resource) =>
    resourceTagKeys(findCertificate(reader, call, resource)?.tags);
  const on = ({ CertificateArn }: OnCertificate): readonly string[] => [CertificateArn ?? '*'];
  return {
    everything: authorizationOf<object>({ on: () => ['*'] }),
    certificate: authorizationOf<OnCertificate>({ on, keys: [tags] }),
    tagging: authorizationOf<OnCertificate & Tagging>({ on, keys: [tags, requestTags] }),
    imported: authorizationOf<OnCertificate & Tagging>({
      on: ({ CertificateArn }, call) => [CertificateArn ?? certificateArn(call, '*')],
      keys: [tags, requestTags],
    }),
    requested: authorizationOf<RequestCertificateCommandInput>({
      on: (_input, call) => [certificateArn(call, '*')],
      keys: [requestTags, requested],
    }),
  };
}

const requested = ({
  DomainName,
  SubjectAlternativeNames = [],
  KeyAlgorithm = 'RSA_2048',
  ValidationMethod = 'EMAIL',
}: RequestCertificateCommandInput): ConditionKeys => ({
  'acm:DomainNames': [...(DomainName === undefined ? [] : [DomainName]), ...SubjectAlternativeNames],
  'acm:KeyAlgorithm': KeyAlgorithm,
  'acm:ValidationMethod': ValidationMethod,
});

const requestTags = ({ Tags = [] }: Tagging): ConditionKeys =>
  Tags.length === 0
    ? {}
    : requestTagKeys(Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));
