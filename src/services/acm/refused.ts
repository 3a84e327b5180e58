import type { RefusedOperation } from '../service.ts';

const refused = (operation: string, reason: string): RefusedOperation => ({
  refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.`,
});

const acme = 'there is no ACME server';
const events = 'no events tell of certificates that expire';
const tagging = 'certificates are tagged by AddTagsToCertificate';

/** What isn't built, by name. */
export const refusedOperations = {
  CreateAcmeDomainValidation: refused('CreateAcmeDomainValidation', acme),
  CreateAcmeEndpoint: refused('CreateAcmeEndpoint', acme),
  CreateAcmeExternalAccountBinding: refused('CreateAcmeExternalAccountBinding', acme),
  DeleteAcmeDomainValidation: refused('DeleteAcmeDomainValidation', acme),
  DeleteAcmeEndpoint: refused('DeleteAcmeEndpoint', acme),
  DeleteAcmeExternalAccountBinding: refused('DeleteAcmeExternalAccountBinding', acme),
  DescribeAcmeAccount: refused('DescribeAcmeAccount', acme),
  DescribeAcmeDomainValidation: refused('DescribeAcmeDomainValidation', acme),
  DescribeAcmeEndpoint: refused('DescribeAcmeEndpoint', acme),
  DescribeAcmeExternalAccountBinding: refused('DescribeAcmeExternalAccountBinding', acme),
  ExportCertificate: refused('ExportCertificate', 'private keys stay within the installation'),
  GetAccountConfiguration: refused('GetAccountConfiguration', events),
  GetAcmeExternalAccountBindingCredentials: refused('GetAcmeExternalAccountBindingCredentials', acme),
  ListAcmeAccounts: refused('ListAcmeAccounts', acme),
  ListAcmeDomainValidations: refused('ListAcmeDomainValidations', acme),
  ListAcmeEndpoints: refused('ListAcmeEndpoints', acme),
  ListAcmeExternalAccountBindings: refused('ListAcmeExternalAccountBindings', acme),
  ListCertificateDomainValidations: refused(
    'ListCertificateDomainValidations',
    'DescribeCertificate tells how a domain was validated',
  ),
  ListTagsForResource: refused('ListTagsForResource', tagging),
  PutAccountConfiguration: refused('PutAccountConfiguration', events),
  RenewCertificate: refused(
    'RenewCertificate',
    'certificates are renewed by themselves, and private ones there are none',
  ),
  ResendValidationEmail: refused('ResendValidationEmail', 'no mail is sent'),
  RevokeAcmeAccount: refused('RevokeAcmeAccount', acme),
  RevokeAcmeExternalAccountBinding: refused('RevokeAcmeExternalAccountBinding', acme),
  RevokeCertificate: refused('RevokeCertificate', 'nobody asks whether a certificate was revoked'),
  SearchCertificates: refused('SearchCertificates', 'ListCertificates lists them'),
  TagResource: refused('TagResource', tagging),
  UntagResource: refused('UntagResource', tagging),
  UpdateAcmeDomainValidation: refused('UpdateAcmeDomainValidation', acme),
  UpdateAcmeEndpoint: refused('UpdateAcmeEndpoint', acme),
  UpdateCertificateOptions: refused('UpdateCertificateOptions', 'certificates are in no transparency log'),
} satisfies Readonly<Record<string, RefusedOperation>>;
