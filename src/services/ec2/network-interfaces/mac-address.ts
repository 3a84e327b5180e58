import type { Random } from '../../../clock/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import { networkInterfaces } from '../records.ts';

/** A locally administered unicast address that no interface of the installation has. */
export function newMacAddress(reader: Reader, random: Random): string {
  for (;;) {
    const octets = ['02', ...Array.from(random.bytes(5), (octet) => octet.toString(16).padStart(2, '0'))];
    const macAddress = octets.join(':');
    if (reader.countByIndex(networkInterfaces, 'macAddress', macAddress) === 0) return macAddress;
  }
}
