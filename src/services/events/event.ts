/** An event as EventBridge hands it on. */
export interface Event {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What happened, before the bus puts it into an envelope. */
export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  /** Epoch milliseconds. */
  readonly time: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

export function envelope(
  { source, detailType, resources, time, detail }: NewEvent,
  { accountId, region }: { readonly accountId: string; readonly region: string },
  id: string,
): Event {
  return {
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: accountId,
    time: `${new Date(time).toISOString().slice(0, 19)}Z`,
    region,
    resources,
    detail,
  };
}
