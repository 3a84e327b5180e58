import type { Listener } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ListenerRecord } from '../records.ts';
import { actionsView } from '../rules/rule-view.ts';
import { isSecure } from './security.ts';

/** A listener as AWS shows it. */
export function listenerView(listener: ListenerRecord): Listener {
  const { protocol, certificateArns, sslPolicy, alpnPolicy, rules } = listener;
  const [certificateArn] = certificateArns;
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: listener.loadBalancerArn,
    Port: listener.port,
    Protocol: protocol,
    ...(certificateArn !== undefined && { Certificates: [{ CertificateArn: certificateArn }] }),
    ...(sslPolicy !== undefined && { SslPolicy: sslPolicy }),
    ...(alpnPolicy !== undefined && { AlpnPolicy: [alpnPolicy] }),
    DefaultActions: rules.slice(-1).flatMap(actionsView),
    ...(isSecure(protocol) && { MutualAuthentication: { Mode: 'off' } }),
  };
}
