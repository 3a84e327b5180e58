import { invalidValue, required } from '../apiserver/status.ts';
import { listOf, memberOf } from '../objects/object.ts';
import { parseCidr, strictCidrFault } from './cidr.ts';
import { immutableErrors } from './immutable.ts';
import type { Kind } from './kind.ts';

const at = 'spec.cidrs';

/** Where services get their addresses from. Source: KEP-1880, and the validation of networking.k8s.io. */
export const serviceCidr: Kind = {
  validate: (object, before) => {
    if (before !== undefined) return immutableErrors(object, before, [at]);
    const spec = memberOf(object, 'spec');
    const cidrs = listOf(spec, 'cidrs').map(String);
    if (cidrs.length === 0) return [required(at, 'at least one CIDR required')];
    if (cidrs.length > 2) return [invalidValue(at, spec, 'may only hold up to 2 values')];
    if (cidrs.length === 2) {
      const families = cidrs.map((cidr) => parseCidr(cidr)?.family);
      if (!families.includes('ipv4') || !families.includes('ipv6')) {
        const why =
          'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
        return [invalidValue(at, spec, why)];
      }
    }
    return cidrs.flatMap((cidr, index) => {
      const fault = strictCidrFault(cidr);
      return fault === undefined ? [] : [invalidValue(`${at}[${index}]`, cidr, fault)];
    });
  },
};
