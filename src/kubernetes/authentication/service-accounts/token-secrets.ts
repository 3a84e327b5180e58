/** Of Secrets that hold a token of a ServiceAccount. */
export const tokenSecretType = 'kubernetes.io/service-account-token';

/** The annotations by which such a Secret says whose. */
export const accountNameAnnotation = 'kubernetes.io/service-account.name';
export const accountUidAnnotation = 'kubernetes.io/service-account.uid';
