import type { RefusedOperation } from '../service.ts';

const refused = (operation: string, reason: string): RefusedOperation => ({
  refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.`,
});

const capabilities = 'clusters have no capabilities';
const outside = 'only clusters of Catamaran itself are known';
const subscriptions = 'there is no EKS Anywhere';

/** What isn't built, by name. */
export const refusedOperations = {
  CreateCapability: refused('CreateCapability', capabilities),
  CreateCertificateAuthority: refused(
    'CreateCertificateAuthority',
    'a cluster keeps the certificate authority that it was made with',
  ),
  CreateEksAnywhereSubscription: refused('CreateEksAnywhereSubscription', subscriptions),
  RegisterCluster: refused('RegisterCluster', outside),
} satisfies Readonly<Record<string, RefusedOperation>>;
