import { again, done, type Reconciler, type RecordKey, watching } from '../../../reconcile/index.ts';
import type { AcmContext } from '../context.ts';
import { type CertificateRecord, certificates } from '../records.ts';

/** A certificate is renewed so long before it ends, as ACM's are. */
const renewalMs = 60 * 24 * 60 * 60 * 1_000;

/** Timers of more than a few weeks there are none. */
const lookAgainMs = 24 * 60 * 60 * 1_000;

/** Issues what was requested, and renews it in time. */
export function certificateIssuance(context: AcmContext): Reconciler {
  const { state, clock } = context;
  return {
    name: 'certificate-issuance',
    watches: [
      watching<CertificateRecord>(certificates, ({ key, after }) =>
        after?.origin.type === 'AMAZON_ISSUED' ? [key] : [],
      ),
    ],
    // A new key keeps the processor busy for a while.
    concurrency: 1,
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const record = state.get(certificates, key);
      if (record?.origin.type !== 'AMAZON_ISSUED' || record.isBeingDeleted) return done;
      const leftMs = record.issued === undefined ? 0 : record.issued.notAfter - renewalMs - clock.now();
      if (leftMs > 0) return again(Math.min(leftMs, lookAgainMs));
      const { issue } = await import('../authority.ts');
      const issued = await issue(context, record);
      await state.transact((tx) => {
        const now = tx.get(certificates, key);
        if (now?.origin.type !== 'AMAZON_ISSUED' || now.isBeingDeleted) return;
        const origin = { ...now.origin, issuedAt: clock.now() };
        tx.put(certificates, key, { ...now, origin, issued });
      });
      return done;
    },
  };
}
