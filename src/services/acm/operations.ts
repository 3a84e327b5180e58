import type { ACM } from '@aws-sdk/client-acm';
import type { OperationsOf } from '../service.ts';
import { acmAuthorization } from './authorization.ts';
import type { AcmContext } from './context.ts';
import {
  deleteCertificate,
  describeCertificate,
  getCertificate,
  listCertificates,
} from './operations/certificate.ts';
import { importCertificate } from './operations/import-certificate.ts';
import { requestCertificate } from './operations/request-certificate.ts';
import {
  addTagsToCertificate,
  listTagsForCertificate,
  removeTagsFromCertificate,
} from './operations/tags.ts';
import { refusedOperations } from './refused.ts';

/** Every operation of ACM. */
export function acmOperations(context: AcmContext): OperationsOf<ACM> {
  const on = acmAuthorization(context.state);
  return {
    ...refusedOperations,
    AddTagsToCertificate: {
      action: 'acm:AddTagsToCertificate',
      ...on.tagging,
      run: (input, call) => addTagsToCertificate(context, input, call),
    },
    DeleteCertificate: {
      action: 'acm:DeleteCertificate',
      ...on.certificate,
      run: (input, call) => deleteCertificate(context, input, call),
    },
    DescribeCertificate: {
      action: 'acm:DescribeCertificate',
      ...on.certificate,
      run: (input, call) => describeCertificate(context, input, call),
    },
    GetCertificate: {
      action: 'acm:GetCertificate',
      ...on.certificate,
      run: (input, call) => getCertificate(context, input, call),
    },
    ImportCertificate: {
      action: 'acm:ImportCertificate',
      ...on.imported,
      run: (input, call) => importCertificate(context, input, call),
    },
    ListCertificates: {
      action: 'acm:ListCertificates',
      ...on.everything,
      run: (input, call) => listCertificates(context, input, call),
    },
    ListTagsForCertificate: {
      action: 'acm:ListTagsForCertificate',
      ...on.certificate,
      run: (input, call) => listTagsForCertificate(context, input, call),
    },
    RemoveTagsFromCertificate: {
      action: 'acm:RemoveTagsFromCertificate',
      ...on.tagging,
      run: (input, call) => removeTagsFromCertificate(context, input, call),
    },
    RequestCertificate: {
      action: 'acm:RequestCertificate',
      ...on.requested,
      run: (input, call) => requestCertificate(context, input, call),
    },
  };
}
