import { decode } from 'dns-packet';
import type { Random } from '../../clock/index.ts';
import type { DnsFound, DnsQuestion, DnsRecord, SoaRecord } from '../../topology/index.ts';
import type { CachedAnswer } from './answer-cache.ts';
import type { Query } from './query.ts';
import { isName, type OwnAnswer } from './response.ts';
import { headerFlags, rcodes, typeName } from './wire.ts';

/** What the names of the VPC are: asked for every question, so it has to be quick, and answers as of now. */
export type Lookup = (question: DnsQuestion, askerAddress: string) => DnsFound;

/** As far as it is known here. */
export type Resolution =
  | { readonly kind: 'own'; readonly answer: OwnAnswer }
  /** Others have to be asked the question itself. */
  | { readonly kind: 'ask' }
  /** An alias leads to a name of others; the records up to there are told before what they answer. */
  | { readonly kind: 'ask-on'; readonly name: string; readonly soFar: readonly DnsRecord[] };

/** An alias of an alias of … goes on so far. */
const maxAliases = 8;

/** Follows a question through the names that are known here. */
export function resolveHere(query: Query, asker: string, lookup: Lookup, random: Random): Resolution {
  const type = typeName(query.type);
  const soFar: DnsRecord[] = [];
  let { name } = query;
  for (let aliases = 0; aliases <= maxAliases; aliases += 1) {
    const found = lookup({ name, type }, asker);
    if (found.kind === 'not-ours')
      return soFar.length === 0 ? { kind: 'ask' } : { kind: 'ask-on', name, soFar };
    if (found.kind !== 'records') return { kind: 'own', answer: negative(found.kind, found.soa, soFar) };
    soFar.push(...pick(found.records, found.atMost, random));
    const alias = found.records.find((record) => record.type === 'CNAME');
    if (alias === undefined || type === 'CNAME') return { kind: 'own', answer: ownAnswer(soFar) };
    name = String(alias.data).toLowerCase();
  }
  return { kind: 'own', answer: { ...ownAnswer([]), rcode: rcodes.SERVFAIL } };
}

const ownAnswer = (answers: readonly DnsRecord[]): OwnAnswer => ({
  rcode: rcodes.NOERROR,
  isAuthoritative: true,
  answers,
  authorities: [],
});

function negative(kind: 'nodata' | 'nxdomain', soa: SoaRecord, answers: readonly DnsRecord[]): OwnAnswer {
  // RFC 2308, section 3: it holds as long as the smaller of both says.
  const authorities = [{ ...soa, ttl: Math.min(soa.ttl, soa.data.minimum) }];
  return {
    ...ownAnswer(answers),
    rcode: kind === 'nxdomain' ? rcodes.NXDOMAIN : rcodes.NOERROR,
    authorities,
  };
}

/** Some of many, in an order of chance: so those who take the first share the load (Fisher and Yates). */
function pick(records: readonly DnsRecord[], atMost = records.length, random: Random): DnsRecord[] {
  const picked = [...records];
  const count = Math.min(atMost, picked.length);
  if (picked.length < 2) return picked;
  for (let index = 0; index < count; index += 1) {
    const other = index + random.integer(picked.length - index);
    const [one, two] = [picked[index], picked[other]];
    if (one === undefined || two === undefined) break;
    picked[index] = two;
    picked[other] = one;
  }
  return picked.slice(0, count);
}

/** The query for where an alias leads. */
export function aliasQuery(query: Query, name: string): Query | undefined {
  if (!isName(name)) return undefined;
  const labels = name
    .split('.')
    .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const tail = Buffer.from([0, query.type >> 8, query.type & 255, 0, 1]);
  return { ...query, name, questionBytes: Buffer.concat([...labels, tail]) };
}

/** What was told of an alias's target, after the records that lead there. */
export function afterAlias(query: Query, soFar: readonly DnsRecord[], told: CachedAnswer): OwnAnswer {
  const packet = decode(told.answer.message);
  const rcode = told.answer.message.readUInt16BE(2) & headerFlags.rcode;
  const wanted = typeName(query.type);
  const answers = (packet.answers ?? []).flatMap((record): DnsRecord[] => {
    if (record.type === 'OPT' || (record.type !== 'CNAME' && record.type !== wanted)) return [];
    const ttl = Math.max(0, (('ttl' in record ? record.ttl : undefined) ?? 0) - told.ageSeconds);
    const { name, type, data } = record;
    return [{ name, type, ttl, data } as DnsRecord];
  });
  return { rcode, isAuthoritative: false, answers: [...soFar, ...answers], authorities: [] };
}
