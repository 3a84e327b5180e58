import type { BalancerLogsResponse } from '../cli/index.ts';
import type { Clock } from '../clock/index.ts';
import type { RouteAnswer, RouteRequest } from '../gateway/index.ts';
import { Refusal } from '../protocols/index.ts';
import type { AccessLogs } from '../services/elbv2/index.ts';
import { askedPlace } from './long-poll.ts';

/** What a load balancer has logged, for `./catamaran balancer logs`. @throws InvalidRequest, NotFound */
export async function answerBalancerLogs(
  {
    accessLogs,
    scope,
  }: { readonly accessLogs: AccessLogs; readonly scope: Parameters<AccessLogs['find']>[0] },
  { query }: RouteRequest,
  call: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<RouteAnswer> {
  const name = query.get('name') ?? '';
  const found = accessLogs.find(scope, name);
  if (found === undefined)
    throw new Refusal(
      'NotFound',
      `There is no load balancer ${name.slice(0, 255)}: see aws elbv2 describe-load-balancers`,
      {
        status: 404,
      },
    );
  if (!found.isLogged)
    throw new Refusal(
      'InvalidRequest',
      `The access logs of ${name} are not enabled: aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${found.arn} ` +
        '--attributes Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=BUCKET enables them',
      { status: 400 },
    );
  const growing = {
    last: () => accessLogs.last(found.arn),
    onAppend: (appended: () => void) => accessLogs.onLogged(appended),
  };
  const { after, limit } = await askedPlace(query, growing, call);
  const lines = accessLogs.read(found.arn, after, limit);
  const body: BalancerLogsResponse = {
    lines: lines.map(({ line }) => line),
    next: lines.at(-1)?.sequence ?? after,
  };
  return { status: 200, body };
}
