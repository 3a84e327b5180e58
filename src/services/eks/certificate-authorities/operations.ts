import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../../service.ts';
import { eksAuthorization } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import {
  activateCertificateAuthority,
  deleteCertificateAuthority,
  describeCertificateAuthority,
  listCertificateAuthorities,
} from './authority.ts';

export function certificateAuthorityOperations(context: EksContext) {
  const { inCluster } = eksAuthorization(context.state);
  return {
    ActivateCertificateAuthority: {
      action: 'eks:ActivateCertificateAuthority',
      ...inCluster,
      run: (input, call) => activateCertificateAuthority(context, input, call),
    },
    DeleteCertificateAuthority: {
      action: 'eks:DeleteCertificateAuthority',
      ...inCluster,
      run: (input, call) => deleteCertificateAuthority(context, input, call),
    },
    DescribeCertificateAuthority: {
      action: 'eks:DescribeCertificateAuthority',
      ...inCluster,
      run: (input, call) => describeCertificateAuthority(context, input, call),
    },
    ListCertificateAuthorities: {
      action: 'eks:ListCertificateAuthorities',
      ...inCluster,
      run: (input, call) => listCertificateAuthorities(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
