import type {
  AddListenerCertificatesCommandInput,
  AddListenerCertificatesOutput,
  Certificate,
  DescribeListenerCertificatesCommandInput,
  DescribeListenerCertificatesOutput,
  RemoveListenerCertificatesCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Call } from '../../service.ts';
import { type ElbContext, requireListener } from '../context.ts';
import { operationNotPermitted, tooManyCertificates, validationError } from '../errors.ts';
import { pageOf } from '../input.ts';
import { limits } from '../load-balancers/account-limits.ts';
import { elbKey, type ListenerRecord, listeners } from '../records.ts';
import { isSecure, requireCertificate } from './security.ts';

/** To those that a listener chooses from by the name that a client asks for. @throws {Refusal} */
export async function addListenerCertificates(
  context: ElbContext,
  { ListenerArn = '', Certificates = [] }: AddListenerCertificatesCommandInput,
  call: Call,
): Promise<AddListenerCertificatesOutput> {
  const arns = arnsOf(Certificates);
  await context.state.transact((tx) => {
    const listener = requireListener(tx, call, ListenerArn);
    if (!isSecure(listener.protocol))
      throw validationError(`A certificate cannot be specified for ${listener.protocol} listeners`);
    for (const arn of arns) requireCertificate(tx, context, call, arn);
    const added = arns.filter((arn) => !listener.certificateArns.includes(arn));
    const all = [...listener.certificateArns, ...added];
    // Besides the listener's default one.
    const max = limits['certificates-per-application-load-balancer'];
    const others = tx
      .byIndex(listeners, 'loadBalancer', listener.loadBalancerArn)
      .flatMap(({ value }) => (value.id === listener.id ? [] : value.certificateArns.slice(1)));
    if (all.length - 1 + others.length > max) throw tooManyCertificates(max);
    tx.put(listeners, elbKey(listeners, call, listener.id), { ...listener, certificateArns: all });
  });
  return { Certificates: arns.map((CertificateArn) => ({ CertificateArn, IsDefault: false })) };
}

/** What a listener does not have is success. @throws OperationNotPermitted It is the default one; ListenerNotFound */
export async function removeListenerCertificates(
  { state }: ElbContext,
  { ListenerArn = '', Certificates = [] }: RemoveListenerCertificatesCommandInput,
  call: Call,
): Promise<object> {
  const arns = arnsOf(Certificates);
  await state.transact((tx) => {
    const listener = requireListener(tx, call, ListenerArn);
    const [byDefault, ...others] = listener.certificateArns;
    if (byDefault === undefined) return;
    if (arns.includes(byDefault))
      throw operationNotPermitted(`Default certificate '${byDefault}' of the listener cannot be removed`);
    const certificateArns = [byDefault, ...others.filter((arn) => !arns.includes(arn))];
    tx.put(listeners, elbKey(listeners, call, listener.id), { ...listener, certificateArns });
  });
  return {};
}

/** The default one first. @throws ListenerNotFound */
export function describeListenerCertificates(
  { state }: ElbContext,
  input: DescribeListenerCertificatesCommandInput,
  call: Call,
): DescribeListenerCertificatesOutput {
  const listener = requireListener(state, call, input.ListenerArn ?? '');
  const { items, next } = pageOf(certificatesView(listener), placeOf, input);
  return { Certificates: [...items], ...next };
}

const certificatesView = ({ certificateArns }: ListenerRecord): readonly Certificate[] =>
  certificateArns.map((CertificateArn, index) => ({ CertificateArn, IsDefault: index === 0 }));

const placeOf = ({ CertificateArn = '', IsDefault }: Certificate): string =>
  `${IsDefault ? 0 : 1} ${CertificateArn}`;

function arnsOf(certificates: readonly Certificate[]): readonly string[] {
  const arns = certificates.flatMap(({ CertificateArn }) => CertificateArn ?? []);
  if (arns.length === 0) throw validationError('A certificate must be specified');
  if (certificates.some(({ IsDefault }) => IsDefault !== undefined))
    throw validationError('IsDefault cannot be specified');
  return [...new Set(arns)];
}
