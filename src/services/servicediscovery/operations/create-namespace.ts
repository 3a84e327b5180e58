import type {
  CreateHttpNamespaceCommandInput,
  CreateHttpNamespaceResponse,
  CreatePrivateDnsNamespaceCommandInput,
  CreatePrivateDnsNamespaceResponse,
} from '@aws-sdk/client-servicediscovery';
import { uuid } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { newHostedZoneId, newId, type Scope } from '../arn.ts';
import type { CloudMapContext } from '../context.ts';
import { invalidInput, limitExceeded, namespaceAlreadyExists } from '../errors.ts';
import { checkTtl, constraints, readTags } from '../input.ts';
import {
  type NamespaceRecord,
  namespaces,
  operations,
  scopeText,
  takenName,
  underWay,
  type ZoneRecord,
} from '../records.ts';
import { refuseWhileUnderWay, submit } from '../submit.ts';

const maxNamespaces = 50;
const defaultSoaTtl = 15;

interface NewNamespace {
  readonly Name: string | undefined;
  readonly CreatorRequestId?: string | undefined;
  readonly Description?: string | undefined;
  readonly Tags?: CreateHttpNamespaceCommandInput['Tags'];
}

export function createHttpNamespace(
  context: CloudMapContext,
  input: CreateHttpNamespaceCommandInput,
  call: Call,
): Promise<CreateHttpNamespaceResponse> {
  check(input, '[!-~]{1,1024}');
  return createNamespace(context, input, undefined, call);
}

export function createPrivateDnsNamespace(
  context: CloudMapContext,
  input: CreatePrivateDnsNamespaceCommandInput,
  call: Call,
): Promise<CreatePrivateDnsNamespaceResponse> {
  check(input, '[!-~]{1,253}');
  const { Name = '', Vpc = '', Properties } = input;
  const soaTtl = Properties?.DnsProperties?.SOA?.TTL ?? defaultSoaTtl;
  const checked = constraints().text('vpc', Vpc, { maxLength: 64 });
  checkTtl(checked, 'properties.dnsProperties.sOA.tTL', soaTtl);
  checked.throwIfViolated();
  if (!isDomainName(Name)) throw invalidInput(`The name ${Name} is not a domain name.`);
  const zone = { hostedZoneId: newHostedZoneId(context.random), vpcId: Vpc, soaTtl };
  return createNamespace(context, input, zone, call);
}

function check({ Name, Description, CreatorRequestId }: NewNamespace, pattern: string): void {
  constraints()
    .text('name', Name, { isRequired: true, pattern })
    .text('description', Description, { maxLength: 1024 })
    .text('creatorRequestId', CreatorRequestId, { maxLength: 64 })
    .throwIfViolated();
}

/** Whether the VPC is there shows when it is carried out, as on AWS: Route 53 looks, not Cloud Map. */
async function createNamespace(
  { state, random }: CloudMapContext,
  input: NewNamespace,
  zone: ZoneRecord | undefined,
  call: Call,
): Promise<{ readonly OperationId: string }> {
  const { Name: name = '', Description, CreatorRequestId } = input;
  const tags = readTags(name, input.Tags);
  const id = newId(random, 'ns');
  const creatorRequestId = CreatorRequestId ?? uuid(random);
  return state.transact((tx) => {
    const taken = takenName(call, { name, ...(zone && { zone }) });
    refuseWhileUnderWay(tx, underWay.onName(call, { name, ...(zone && { zone }) }));
    const present = namespacesOf(tx, call).find((each) => takenName(call, each) === taken);
    if (present !== undefined) throw namespaceAlreadyExists(present.id, present.creatorRequestId);
    if (!canHaveAnother(tx, call)) {
      throw limitExceeded(`There can be at most ${maxNamespaces} namespaces in a Region.`);
    }
    const namespace: NamespaceRecord = {
      ...{ id, name, type: zone === undefined ? 'HTTP' : 'DNS_PRIVATE' },
      ...(Description === undefined ? {} : { description: Description }),
      httpName: freeHttpName(tx, call, name, id),
      ...(zone && { zone }),
      ...{ serviceCount: 0, creatorRequestId, createdAt: call.now, tags },
    };
    return submit(tx, call, random, { type: 'CREATE_NAMESPACE', namespace });
  });
}

export const namespacesOf = (tx: Pick<Reader, 'byIndex'>, scope: Scope): readonly NamespaceRecord[] =>
  tx.byIndex(namespaces, 'scope', scopeText(scope)).map(({ value }) => value);

/** With those that are about to come. */
export function canHaveAnother(tx: Transaction, scope: Scope): boolean {
  const coming = tx
    .byIndex(operations, 'scope', scopeText(scope))
    .filter(({ value }) => value.status === 'SUBMITTED' && value.work.type === 'CREATE_NAMESPACE');
  return tx.countByIndex(namespaces, 'scope', scopeText(scope)) + coming.length < maxNamespaces;
}

/** Namespaces of one name are told apart by something after it. */
export function freeHttpName(tx: Transaction, scope: Scope, name: string, id: string): string {
  const isTaken = tx.countByIndex(namespaces, 'httpName', `${scopeText(scope)} ${name}`) > 0;
  return isTaken ? `${name}-${id.slice('ns-'.length)}` : name;
}

function isDomainName(name: string): boolean {
  return (
    name.length <= 253 &&
    name.split('.').every((label) => /^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$/.test(label))
  );
}
