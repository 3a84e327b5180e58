import type { ServiceRanges } from '../../apiserver/service-ranges.ts';
import type { Condition, Kept, Meta } from '../objects.ts';

export interface ServiceCidr extends Kept, ServiceRanges {
  readonly metadata: Meta;
  readonly status?: { readonly conditions?: readonly (Condition & { readonly status: string })[] };
}

export interface IpAddress extends Kept {
  readonly spec: { readonly parentRef: { readonly resource: string } };
}

export const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';

/** The ServiceCIDR of the range that a cluster was made with. */
export const defaultName = 'kubernetes';

/** Made with a service; others have been made by hand, and hold nothing back. */
export const isOfService = ({ metadata }: IpAddress): boolean =>
  metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io';
