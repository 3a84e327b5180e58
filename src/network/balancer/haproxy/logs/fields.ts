/**
 * What a line of the log has, as log formats in the order in which they stand. Whatever a client chose is in quotes and
 * escaped, and everything else is one word; what there isn't is `-`, or nothing between the quotes.
 */
const ofAll = {
  /** Epoch microseconds. */
  endedAt: '%[date(0,us)]',
  frontend: '%f',
  backend: '%b',
  clientAddress: '%ci',
  clientPort: '%cp',
  receivedBytes: '%U',
  sentBytes: '%B',
  cipher: '%sslc',
  tlsVersion: '%sslv',
  isResumed: '%[ssl_fc_is_resumed]',
  fingerprint: '%[ssl_f_sha1,hex]',
  serverName: '%{+Q,+E}[ssl_fc_sni]',
} as const;

/** Durations are milliseconds, and below 0 where it did not come to that. */
export const requestFields = {
  ...ofAll,
  targetAddress: '%si',
  targetPort: '%sp',
  readMs: '%TR',
  queuedMs: '%Tw',
  connectedMs: '%Tc',
  answeredMs: '%Tr',
  activeMs: '%Ta',
  status: '%ST',
  /** Who ended it, and in which state it was. */
  end: '%ts',
  rule: '%[var(txn.rule)]',
  isRuled: '%[var(txn.ruled)]',
  /** `pass`, or `answer`. */
  guard: '%[var(txn.guard)]',
  guardReason: '%[var(txn.guard_reason)]',
  connectionId: '%[var(sess.connection)]',
  method: '%{+Q,+E}[capture.req.method]',
  uri: '%{+Q,+E}[capture.req.uri]',
  httpVersion: '%{+Q,+E}HV',
  host: '%{+Q,+E}[capture.req.hdr(0)]',
  userAgent: '%{+Q,+E}[capture.req.hdr(1)]',
  traceId: '%{+Q,+E}[var(txn.traced)]',
  location: '%{+Q,+E}[var(txn.location)]',
  transform: '%[var(txn.transform)]',
  hostAfter: '%{+Q,+E}[var(txn.hostAfter)]',
  urlAfter: '%{+Q,+E}[var(txn.urlAfter)]',
} as const;

export const connectionFields = {
  ...ofAll,
  connectionMs: '%Tt',
  handshakeMs: '%Th',
  alpn: '%{+Q,+E}[ssl_fc_alpn]',
} as const;

export type Fields<Names> = Readonly<Record<keyof Names, string>>;

export function logFormat(fields: Readonly<Record<string, string>>): string {
  return Object.values(fields).join(' ');
}

/** Undefined: it is not such a line. Absent values are empty. */
export function readFields<Names extends Readonly<Record<string, string>>>(
  line: string,
  fields: Names,
): Fields<Names> | undefined {
  const values = Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/gs), ([, quoted, word = '']) => {
    if (quoted !== undefined) return quoted.replaceAll(/\\(.)/gs, '$1');
    return word === '-' ? '' : word;
  });
  const names = Object.keys(fields);
  if (values.length !== names.length) return undefined;
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as Fields<Names>;
}
