import type { Reader } from '../../../reconcile/index.ts';
import { type Scope, scopeText, type VpcRecord, vpcs } from '../records.ts';

export function defaultVpcOf(reader: Reader, scope: Scope): VpcRecord | undefined {
  return reader.byIndex(vpcs, 'scope', scopeText(scope)).find(({ value }) => value.isDefault)?.value;
}
