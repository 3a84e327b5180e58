import type { ClientRequest } from 'node:http';
import { connect as connectTls } from 'node:tls';
import type { HealthCheckPlan, TargetPlan } from '../../../../balancing/index.ts';
import { type Clock, withTimeout } from '../../../../clock/index.ts';
import { request } from '../../../../http.ts';
import type { Dial } from './dial.ts';
import type { CheckResult } from './health.ts';

/** Asks a target once whether it is well. Never rejects. */
export async function checkTarget(
  plan: HealthCheckPlan,
  target: TargetPlan,
  dial: Dial,
  clock: Clock,
): Promise<CheckResult> {
  using deadline = withTimeout(clock, plan.timeout * 1_000);
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  const timedOut = (): void => resolve({ state: 'unhealthy', cause: { type: 'timeout' } });
  deadline.signal.addEventListener('abort', timedOut, { once: true });
  const port = plan.port ?? target.port;
  const failed = ({ code }: NodeJS.ErrnoException): void =>
    code === 'ETIMEDOUT' ? timedOut() : resolve({ state: 'unhealthy', cause: { type: 'failed' } });
  const socket = dial(target.address, port);
  socket.on('error', failed);
  try {
    if (plan.protocol === 'TCP') socket.on('connect', () => resolve({ state: 'healthy' }));
    else {
      const stream = plan.protocol === 'HTTPS' ? connectTls({ socket, rejectUnauthorized: false }) : socket;
      const sent: ClientRequest = request({
        createConnection: () => stream,
        path: plan.path ?? '/',
        headers: {
          ...{ Host: `${target.address}:${port}`, 'User-Agent': 'ELB-HealthChecker/2.0' },
          Connection: 'close',
        },
      });
      sent.on('error', failed);
      sent.on('response', ({ statusCode: code = 0 }) =>
        resolve(
          plan.matcher.some(({ from, to }) => code >= from && code <= to)
            ? { state: 'healthy' }
            : { state: 'unhealthy', cause: { type: 'code-mismatch', code } },
        ),
      );
      sent.end();
    }
    return await promise;
  } finally {
    socket.destroy();
  }
}
