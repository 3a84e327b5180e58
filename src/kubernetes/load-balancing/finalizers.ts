/** Kept on a Service while it has a load balancer. */
export const serviceFinalizer = 'service.k8s.aws/resources';

/** Kept on a TargetGroupBinding while its target group has targets. */
export const bindingFinalizer = 'elbv2.k8s.aws/resources';

/** The same of an Ingress. */
export const ingressFinalizer = 'ingress.k8s.aws/resources';
