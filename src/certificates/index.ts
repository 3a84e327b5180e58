/**
 * Certificates that the installation signs itself: for names of load balancers, for the API servers of clusters. The one
 * idea to know: who signs is an authority that its room keeps, sealed; here are only the arithmetic and the forms.
 */
export {
  type Authority,
  type NewAuthority,
  newAuthority,
  ofAuthority,
  openAuthority,
  pkcs8,
  type SignedCertificate,
  signCertificate,
} from './authority.ts';
export {
  newSigningRequest,
  readSigningRequest,
  type SigningRequest,
  signRequest,
  type WantedCertificate,
} from './signing-request.ts';
