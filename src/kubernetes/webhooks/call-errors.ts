import type { Address } from './service-address.ts';

const untrusted = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_SIGNATURE_FAILURE'],
]);

/** Why a call did not come about, in the words in which upstream's users know it. */
export function callErrorText(error: unknown, { host, port }: Address): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'context deadline exceeded';
  if (error.name === 'AbortError') return 'context canceled';
  const code = 'code' in error ? String(error.code) : '';
  if (untrusted.has(code)) return `${notVerified}: x509: certificate signed by unknown authority`;
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${host}:${port}: connect: connection refused`;
    case 'ENOTFOUND':
      return `dial tcp: lookup ${host}: no such host`;
    case 'EHOSTUNREACH':
      return `dial tcp ${host}:${port}: connect: no route to host`;
    case 'ECONNRESET':
    case 'EPIPE':
      return 'EOF';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `${notVerified}: x509: certificate has expired or is not yet valid`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${notVerified}: x509: the certificate is not for this host: ${error.message}`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'tls: first record does not look like a TLS handshake';
    default:
      return error.message;
  }
}

const notVerified = 'tls: failed to verify certificate';

/**
 * What an answer means that is none. Its body is not shown: whoever may name a URL in an object may not thereby read what
 * answers there.
 */
export function answerErrorText(status: number): string {
  switch (status) {
    case 401:
      return 'the server has asked for the client to provide credentials';
    case 403:
      return 'the server rejected our request: it is forbidden';
    case 404:
      return 'the server could not find the requested resource';
    case 503:
      return 'the server is currently unable to handle the request';
    case 504:
      return 'the server was unable to return a response in the time allotted, but may still be processing the request';
    default:
      return status >= 500
        ? `an error on the server (${JSON.stringify(`status ${status}`)}) has prevented the request from succeeding`
        : `the server responded with the status code ${status} but did not return more information`;
  }
}
