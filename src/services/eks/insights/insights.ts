import type {
  DescribeInsightCommandInput,
  DescribeInsightResponse,
  DescribeInsightsRefreshCommandInput,
  DescribeInsightsRefreshResponse,
  Insight,
  InsightSummary,
  ListInsightsCommandInput,
  ListInsightsResponse,
  StartInsightsRefreshCommandInput,
  StartInsightsRefreshResponse,
} from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { resourceNotFound } from '../errors.ts';
import { namedPage } from '../pages.ts';
import { checkTexts } from './checks.ts';
import { type InsightsRecord, insights, insightsKey, type KeptInsight } from './record.ts';

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listInsights(
  { state }: EksContext,
  { clusterName = '', filter = {}, ...asked }: ListInsightsCommandInput,
  call: Call,
): ListInsightsResponse {
  const record = found(state, call, clusterName);
  const isAsked = (wanted: readonly string[] | undefined, value: string): boolean =>
    wanted === undefined || wanted.length === 0 || wanted.includes(value);
  const all = (record?.insights ?? []).filter(
    ({ category, version, status }) =>
      isAsked(filter.categories, category) &&
      isAsked(filter.kubernetesVersions, version) &&
      isAsked(filter.statuses, status),
  );
  const { items, ...more } = namedPage(all, ({ id }) => id, asked);
  return { insights: items.map((it) => summaryOf(it, record)), ...more };
}

/** @throws ResourceNotFoundException */
export function describeInsight(
  { state }: EksContext,
  { clusterName = '', id = '' }: DescribeInsightCommandInput,
  call: Call,
): DescribeInsightResponse {
  const record = found(state, call, clusterName);
  const kept = record?.insights.find((it) => it.id === id);
  if (kept === undefined) throw resourceNotFound(`No insight found for ID: ${id}`, { clusterName });
  return { insight: insightView(kept, record) };
}

/** What is going on goes on. @throws InvalidRequestException, ResourceNotFoundException */
export async function startInsightsRefresh(
  context: EksContext,
  { clusterName = '' }: StartInsightsRefreshCommandInput,
  call: Call,
): Promise<StartInsightsRefreshResponse> {
  const { state, clock } = context;
  await state.transact((tx) => {
    requireActiveCluster(context, tx, call, clusterName);
    const key = insightsKey(call, clusterName);
    const present = tx.get(insights, key);
    if (present !== undefined && present.endedAt === undefined) return;
    tx.put(insights, key, {
      ...{ clusterName, startedAt: clock.now(), insights: present?.insights ?? [] },
      ...(present?.clusterVersion !== undefined && { clusterVersion: present.clusterVersion }),
    });
  });
  return { message: inProgress, status: 'IN_PROGRESS' };
}

/** @throws ResourceNotFoundException */
export function describeInsightsRefresh(
  { state }: EksContext,
  { clusterName = '' }: DescribeInsightsRefreshCommandInput,
  call: Call,
): DescribeInsightsRefreshResponse {
  const record = found(state, call, clusterName);
  if (record === undefined)
    throw resourceNotFound(`No insights refresh found for cluster: ${clusterName}`, { clusterName });
  const { startedAt, endedAt } = record;
  return {
    ...(endedAt === undefined
      ? { message: inProgress, status: 'IN_PROGRESS' }
      : { message: 'Insights refresh completed successfully', status: 'COMPLETED' }),
    startedAt: new Date(startedAt),
    ...(endedAt !== undefined && { endedAt: new Date(endedAt) }),
  };
}

const inProgress = 'Insights refresh is in progress';

/** Undefined: nobody has looked into it yet. @throws ResourceNotFoundException */
function found(reader: Reader, scope: Scope, clusterName: string): InsightsRecord | undefined {
  requireCluster(reader, scope, clusterName);
  return reader.get(insights, insightsKey(scope, clusterName));
}

const textsOf = (name: string) => Object.values(checkTexts).find((it) => it.name === name);

function summaryOf(kept: KeptInsight, record: InsightsRecord | undefined): InsightSummary {
  const { id, name, category, version, status, reason, since } = kept;
  return {
    ...{ id, name, category, kubernetesVersion: version, insightStatus: { status, reason } },
    // One that is under way says when it was looked into before.
    lastRefreshTime: new Date(record?.endedAt ?? since),
    lastTransitionTime: new Date(since),
    description: textsOf(name)?.description ?? '',
  };
}

function insightView(kept: KeptInsight, record: InsightsRecord | undefined): Insight {
  const { recommendation = '', additionalInfo = {} } = textsOf(kept.name) ?? {};
  return {
    ...{ ...summaryOf(kept, record), recommendation, additionalInfo },
    resources: kept.resources.map(({ status, uri, arn }) => ({
      insightStatus: { status },
      ...(uri !== undefined && { kubernetesResourceUri: uri }),
      ...(arn !== undefined && { arn }),
    })),
    categorySpecificSummary: {
      // No API that is served here is one that a later version of Kubernetes removes.
      deprecationDetails: [],
      ...(kept.addons && {
        addonCompatibilityDetails: kept.addons.map(({ name, compatibleVersions = [] }) => ({
          ...{ name, compatibleVersions: [...compatibleVersions] },
        })),
      }),
    },
  };
}
