/**
 * The annotations of the AWS Load Balancer Controller: which have their effect here, and which are refused by an event, for whoever
 * asks for them means another load balancer than the one that he would get. `docs/load-balancer-annotations.md` is made from it.
 */
export interface KnownAnnotations {
  /** With which values alone, where it is not all of the controller's. A name that ends with `.` is a beginning. */
  readonly honoured: Readonly<Record<string, string>>;
  /** Why not. A name that ends with `.` or `-` is a beginning. */
  readonly refused: Readonly<Record<string, string>>;
}

const all = '';
const ipv6 = 'networks have IPv4 alone';
const waf = 'there is no WAF';
const capacity = 'load balancers reserve no capacity';
const multiCluster = 'targets of a group are those of one cluster';

/** Of Ingresses, and of the Services that they send to: `alb.ingress.kubernetes.io/…` */
export const ofIngresses = {
  honoured: {
    'actions.': all,
    'auth-idp-oidc': all,
    'auth-on-unauthenticated-request': all,
    'auth-scope': all,
    'auth-session-cookie': all,
    'auth-session-timeout': all,
    'auth-type': '`none` and `oidc`',
    'backend-protocol': all,
    'backend-protocol-version': all,
    'certificate-arn': all,
    'conditions.': all,
    'group.name': all,
    'group.order': all,
    'healthcheck-interval-seconds': all,
    'healthcheck-path': all,
    'healthcheck-port': all,
    'healthcheck-protocol': all,
    'healthcheck-timeout-seconds': all,
    'healthy-threshold-count': all,
    'inbound-cidrs': all,
    'ip-address-type': '`ipv4`',
    'jwt-validation': all,
    'listen-ports': all,
    'listener-attributes.': all,
    'load-balancer-attributes': all,
    'load-balancer-name': all,
    'manage-backend-security-group-rules': all,
    scheme: all,
    'security-group-prefix-lists': all,
    'security-groups': all,
    'ssl-policy': all,
    'ssl-redirect': all,
    subnets: all,
    'success-codes': all,
    tags: 'of Ingresses, when something is made',
    'target-group-attributes': all,
    'target-node-labels': all,
    'target-type': all,
    'transforms.': all,
    'unhealthy-threshold-count': all,
    'use-regex-path-match': all,
  },
  refused: {
    'acm-pca-arn': 'certificates are not made for Ingresses',
    'auth-idp-cognito': 'there is no Cognito',
    'create-acm-cert': 'certificates are not made for Ingresses',
    'customer-owned-ipv4-pool': 'there are no Outposts',
    'dry-run-plan': 'what is asked for is made',
    'enable-frontend-nlb': 'target groups of the type `alb` are not there',
    'frontend-nlb-': 'target groups of the type `alb` are not there',
    'ipam-ipv4-pool-id': 'there are no IPAM pools',
    'minimum-load-balancer-capacity': capacity,
    'multi-cluster-target-group': multiCluster,
    'mutual-authentication': 'listeners ask for no certificates of clients',
    'shield-advanced-protection': 'there is no Shield',
    'target-control-port': 'target groups have no control ports',
    'waf-acl-id': waf,
    'wafv2-acl-arn': waf,
    'wafv2-acl-name': waf,
    'web-acl-id': waf,
  },
} as const satisfies KnownAnnotations;

/** Of Services: `service.beta.kubernetes.io/aws-load-balancer-…` */
export const ofServices = {
  honoured: {
    'access-log-enabled': all,
    'access-log-s3-bucket-name': all,
    'access-log-s3-bucket-prefix': all,
    'additional-resource-tags': 'when something is made',
    'alpn-policy': all,
    attributes: all,
    'backend-protocol': all,
    'cross-zone-load-balancing-enabled': all,
    'eip-allocations': 'when the load balancer is made',
    'healthcheck-healthy-threshold': all,
    'healthcheck-interval': all,
    'healthcheck-path': all,
    'healthcheck-port': all,
    'healthcheck-protocol': all,
    'healthcheck-success-codes': all,
    'healthcheck-timeout': all,
    'healthcheck-unhealthy-threshold': all,
    'inbound-sg-rules-on-private-link-traffic': '`on`: there is no PrivateLink',
    internal: all,
    'ip-address-type': '`ipv4`',
    'listener-attributes.': all,
    'manage-backend-security-group-rules': all,
    name: all,
    'nlb-target-type': all,
    'private-ipv4-addresses': 'when the load balancer is made',
    'proxy-protocol': all,
    'proxy-protocol-per-target-group': all,
    scheme: all,
    'security-group-prefix-lists': all,
    'security-groups': all,
    'source-ranges': all,
    'ssl-cert': all,
    'ssl-negotiation-policy': all,
    'ssl-ports': all,
    subnets: all,
    'target-group-attributes': all,
    'target-node-labels': all,
    type: all,
  },
  refused: {
    'disable-nlb-sg': 'load balancers have security groups',
    'enable-icmp-for-path-mtu-discovery': 'rules for it are yours to make',
    'enable-prefix-for-ipv6-source-nat': ipv6,
    'ipv6-addresses': ipv6,
    'minimum-load-balancer-capacity': capacity,
    'multi-cluster-target-group': multiCluster,
    'quic-enabled-ports': 'listeners do not speak QUIC',
    'source-nat-ipv6-prefixes': ipv6,
  },
} as const satisfies KnownAnnotations;
