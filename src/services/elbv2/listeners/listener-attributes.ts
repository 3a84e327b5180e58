import { type AttributeRule, integer, only } from '../attribute-rules.ts';
import type { ListenerRecord } from '../records.ts';

type Listener = Pick<ListenerRecord, 'protocol'>;
type Rules = Readonly<Record<string, AttributeRule<Listener>>>;

const headers = 'Headers that a listener adds, renames or removes are';

const ofHttp: Rules = {
  'routing.http.response.server.enabled': only('true', headers),
  ...Object.fromEntries(
    [
      'strict_transport_security',
      'access_control_allow_origin',
      'access_control_allow_methods',
      'access_control_allow_headers',
      'access_control_allow_credentials',
      'access_control_expose_headers',
      'access_control_max_age',
      'content_security_policy',
      'x_content_type_options',
      'x_frame_options',
    ].map((name) => [`routing.http.response.${name}.header_value`, only<Listener>('', headers)]),
  ),
};

const ofHttps: Rules = Object.fromEntries(
  [
    'x_amzn_mtls_clientcert_serial_number',
    'x_amzn_mtls_clientcert_issuer',
    'x_amzn_mtls_clientcert_subject',
    'x_amzn_mtls_clientcert_validity',
    'x_amzn_mtls_clientcert_leaf',
    'x_amzn_mtls_clientcert',
    'x_amzn_tls_version',
    'x_amzn_tls_cipher_suite',
  ].map((name) => [
    `routing.http.request.${name}.header_name`,
    only<Listener>(name.split('_').map(capitalised).join('-'), headers),
  ]),
);

const byProtocol: Readonly<Record<ListenerRecord['protocol'], Rules>> = {
  HTTP: ofHttp,
  HTTPS: { ...ofHttp, ...ofHttps },
  TCP: { 'tcp.idle_timeout.seconds': integer('350', 60, 6_000) },
  TLS: {},
  UDP: {},
  TCP_UDP: {},
};

/** What can be set of a listener, by AWS's keys, with what it is by default (guides, "Listener attributes"). */
export const listenerAttributeRules = ({ protocol }: Listener): Rules => byProtocol[protocol];

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
