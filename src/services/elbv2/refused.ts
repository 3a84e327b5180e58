import type { RefusedOperation } from '../service.ts';

const refused = (operation: string, reason: string): RefusedOperation => ({
  refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.`,
});

const listeners = 'listeners are not there yet';
const trustStores = 'there is no mutual TLS, and so there are no trust stores';

/** What isn't built, by name. */
export const refusedOperations = {
  AddListenerCertificates: refused('AddListenerCertificates', listeners),
  AddTrustStoreRevocations: refused('AddTrustStoreRevocations', trustStores),
  CreateListener: refused('CreateListener', listeners),
  CreateRule: refused('CreateRule', listeners),
  CreateTrustStore: refused('CreateTrustStore', trustStores),
  DeleteListener: refused('DeleteListener', listeners),
  DeleteRule: refused('DeleteRule', listeners),
  DeleteSharedTrustStoreAssociation: refused('DeleteSharedTrustStoreAssociation', trustStores),
  DeleteTrustStore: refused('DeleteTrustStore', trustStores),
  DescribeCapacityReservation: refused(
    'DescribeCapacityReservation',
    'a load balancer has the capacity of its machine',
  ),
  DescribeListenerAttributes: refused('DescribeListenerAttributes', listeners),
  DescribeListenerCertificates: refused('DescribeListenerCertificates', listeners),
  DescribeListeners: refused('DescribeListeners', listeners),
  DescribeRules: refused('DescribeRules', listeners),
  DescribeSSLPolicies: refused('DescribeSSLPolicies', listeners),
  DescribeTrustStoreAssociations: refused('DescribeTrustStoreAssociations', trustStores),
  DescribeTrustStoreRevocations: refused('DescribeTrustStoreRevocations', trustStores),
  DescribeTrustStores: refused('DescribeTrustStores', trustStores),
  GetResourcePolicy: refused('GetResourcePolicy', trustStores),
  GetTrustStoreCaCertificatesBundle: refused('GetTrustStoreCaCertificatesBundle', trustStores),
  GetTrustStoreRevocationContent: refused('GetTrustStoreRevocationContent', trustStores),
  ModifyCapacityReservation: refused(
    'ModifyCapacityReservation',
    'a load balancer has the capacity of its machine',
  ),
  ModifyIpPools: refused('ModifyIpPools', 'there are no IPAM pools'),
  ModifyListener: refused('ModifyListener', listeners),
  ModifyListenerAttributes: refused('ModifyListenerAttributes', listeners),
  ModifyRule: refused('ModifyRule', listeners),
  ModifyTrustStore: refused('ModifyTrustStore', trustStores),
  RemoveListenerCertificates: refused('RemoveListenerCertificates', listeners),
  RemoveTrustStoreRevocations: refused('RemoveTrustStoreRevocations', trustStores),
  SetRulePriorities: refused('SetRulePriorities', listeners),
} satisfies Readonly<Record<string, RefusedOperation>>;
