import type { Dial } from '../../webhooks/dial.ts';
import type { Address, ServiceReference } from '../../webhooks/service-address.ts';

/** How a control plane reaches what runs in its cluster. */
export interface Endpoints {
  readonly dial: Dial;
  /** @throws {Error} upstream's words: the service leads nowhere. */
  resolve(service: ServiceReference): Address;
}
