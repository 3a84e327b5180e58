import { formatQuantity } from '../../quantity.ts';
import { storageOf } from '../controllers/volumes/objects.ts';

const nano = 1_000_000_000n;

/** Whole bytes that hold as much. */
export const bytesOf = (quantities: Parameters<typeof storageOf>[0]): number =>
  Number((storageOf(quantities) + nano - 1n) / nano);

/** As a capacity is written, e.g. `8Gi`. */
export const quantityOf = (bytes: number): string =>
  formatQuantity({ nanos: BigInt(bytes) * nano, format: 'binary' });
