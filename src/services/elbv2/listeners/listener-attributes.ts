import type { ListenerPlan } from '../../../balancing/index.ts';
import { type AttributeRule, boolean, integer, only, textLike } from '../attribute-rules.ts';
import type { ListenerRecord } from '../records.ts';

type Listener = Pick<ListenerRecord, 'protocol'>;
type Rules = Readonly<Record<string, AttributeRule<Listener>>>;

const renamed = 'Headers that a listener renames are';

/** Headers that a listener gives its answers, by what their attributes call them. */
const answered = [
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
];
const serverAttribute = 'routing.http.response.server.enabled';
const valueAttribute = (header: string): string => `routing.http.response.${header}.header_value`;

/** Empty: none is given. */
const headerValue = textLike<Listener>('', /^[\x20-\x7e]{0,1024}$/, 'at most 1024 printable characters');

/** What can be said of them is closed (guide, "HTTP header modification"). */
const closed: Readonly<Record<string, AttributeRule<Listener>>> = {
  access_control_allow_credentials: textLike('', /^(?:true)?$/, "'true'"),
  access_control_max_age: textLike('', /^(?:-1|\d{1,9})?$/, 'a number of seconds'),
  x_content_type_options: textLike('', /^(?:nosniff)?$/, "'nosniff'"),
};

const ofHttp: Rules = {
  [serverAttribute]: boolean('true'),
  ...Object.fromEntries(answered.map((name) => [valueAttribute(name), closed[name] ?? headerValue])),
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
  ].map((name) => [`routing.http.request.${name}.header_name`, only<Listener>(headerName(name), renamed)]),
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

/** What answers have in place of their own headers; undefined: nothing. */
export function answerHeaders({
  attributes,
}: Pick<ListenerRecord, 'attributes'>): ListenerPlan['answerHeaders'] {
  const given = answered.flatMap((header) => {
    const value = attributes[valueAttribute(header)] ?? '';
    return value === '' ? [] : [{ name: headerName(header), value }];
  });
  const all = attributes[serverAttribute] === 'false' ? [{ name: 'Server' }, ...given] : given;
  return all.length === 0 ? undefined : all;
}

function headerName(words: string): string {
  return words.split('_').map(capitalised).join('-');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
