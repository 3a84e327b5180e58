import { readFileSync } from 'node:fs';
import { IAM } from '@aws-sdk/client-iam';
import { orThrow, parseSignature, type RequestHead } from '../../src/gateway/signature.ts';
import { SignatureVerifier } from '../../src/gateway/sigv4.ts';
import { rootPrincipal } from '../../src/services/service.ts';
import { freePort, MeasuredCatamaran, median } from '../catamaran.ts';
import { load, round } from '../load.ts';
import { RequestMaker } from '../sign.ts';
import { policyCount, policyText } from './engine.ts';

const requestCount = 20_000;
const rounds = 3;
const connections = 16;
const maxMs = 30_000;

export interface ShareResult {
  /** Microseconds of the server's processor time for one DescribeClusters, by a user with all policies. */
  readonly readMicros: number;
  /** Of them: the signature (measured in this process), and the policies (what the user's read takes more than root's). */
  readonly signatureMicros: number;
  readonly policiesMicros: number;
  readonly shareOfRead: number;
}

/**
 * A user with 10 managed policies of 20 statements, the last of which allows the read under a condition, and the root
 * read the same cluster from a server of its own.
 */
export async function measureShare(): Promise<ShareResult> {
  const port = await freePort();
  await using catamaran = await MeasuredCatamaran.start(port);
  const { pid } = await catamaran.status();
  const { region } = catamaran.credentials;
  const user = await makeUser(catamaran);
  const asRoot = await requests(port, region, catamaran.credentials);
  const asUser = await requests(port, region, user);
  const perRead = async (request: Buffer): Promise<number> => {
    const before = processorMicros(pid);
    const { statuses } = await load({
      ...{ port, connections, maxMs },
      requests: Array<Buffer>(requestCount).fill(request),
    });
    if (statuses['200'] !== requestCount)
      throw new Error(`Not every read was answered: ${JSON.stringify(statuses)}`);
    return (processorMicros(pid) - before) / requestCount;
  };
  await perRead(asUser);
  const root: number[] = [];
  const users: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    root.push(await perRead(asRoot));
    users.push(await perRead(asUser));
  }
  const signatureMicros = verification(asUser, user.secretAccessKey);
  const readMicros = median(users);
  const policiesMicros = Math.max(readMicros - median(root), 0);
  return {
    readMicros: round(readMicros, 1),
    signatureMicros: round(signatureMicros, 1),
    policiesMicros: round(policiesMicros, 1),
    shareOfRead: round((signatureMicros + policiesMicros) / readMicros, 3),
  };
}

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function makeUser({ port, credentials }: MeasuredCatamaran): Promise<Key> {
  const iam = new IAM({ endpoint: `http://127.0.0.1:${port}`, region: credentials.region, credentials });
  try {
    const UserName = 'ada';
    await iam.createUser({ UserName });
    for (let policy = 0; policy < policyCount; policy += 1) {
      const { Policy } = await iam.createPolicy({
        PolicyName: `policy${policy}`,
        PolicyDocument: policy === policyCount - 1 ? withRead(policyText(policy)) : policyText(policy),
      });
      await iam.attachUserPolicy({ UserName, PolicyArn: Policy?.Arn ?? '' });
    }
    const { AccessKey } = await iam.createAccessKey({ UserName });
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  } finally {
    iam.destroy();
  }
}

/** With the read in place of the first statement. */
function withRead(text: string): string {
  const policy = JSON.parse(text) as { Statement: object[] };
  policy.Statement[0] = {
    Effect: 'Allow',
    Action: ['ecs:Describe*', 'ecs:List*'],
    Resource: 'arn:aws:ecs:*:*:cluster/*',
    Condition: { StringEquals: { 'aws:username': 'ada' } },
  };
  return JSON.stringify(policy);
}

const requests = (port: number, region: string, credentials: Key): Promise<Buffer> =>
  new RequestMaker({ port, region, credentials }).ecs('DescribeClusters', { clusters: ['default'] });

/** Of one process since its start, by the kernel's ticks of 10 ms (proc(5)). */
function processorMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Microseconds for one verification of the request's signature, its key known. */
function verification(request: Buffer, secretAccessKey: string): number {
  const text = request.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const lines = text.slice(0, end).split('\r\n').slice(1);
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
  const head: RequestHead = {
    ...{ method: 'POST', path: '/', query: '' },
    headers: Object.fromEntries(pairs),
    rawHeaders: pairs.flat(),
  };
  const body = request.subarray(end + 4);
  const found = { secretAccessKey, principal: rootPrincipal('123456789012', 'any') };
  const verifier = new SignatureVerifier(() => found);
  const once = (): unknown => {
    const signature = orThrow(parseSignature(head));
    return verifier.verify(head, body, signature, signature.signedAt);
  };
  for (let warmUp = 0; warmUp < 5_000; warmUp += 1) once();
  const before = process.cpuUsage();
  for (let index = 0; index < requestCount; index += 1) once();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requestCount;
}
