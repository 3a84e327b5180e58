import type { RefusedOperation } from '../service.ts';

const refused = (operation: string, reason: string): RefusedOperation => ({
  refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.`,
});

const trustStores = 'there is no mutual TLS, and so there are no trust stores';

/** What isn't built, by name. */
export const refusedOperations = {
  AddTrustStoreRevocations: refused('AddTrustStoreRevocations', trustStores),
  CreateTrustStore: refused('CreateTrustStore', trustStores),
  DeleteSharedTrustStoreAssociation: refused('DeleteSharedTrustStoreAssociation', trustStores),
  DeleteTrustStore: refused('DeleteTrustStore', trustStores),
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
  ModifyTrustStore: refused('ModifyTrustStore', trustStores),
  RemoveTrustStoreRevocations: refused('RemoveTrustStoreRevocations', trustStores),
} satisfies Readonly<Record<string, RefusedOperation>>;
