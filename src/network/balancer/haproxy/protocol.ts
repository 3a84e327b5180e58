import type { TargetGroupPlan } from '../../../balancing/index.ts';

/** Whether connections are carried, rather than requests. */
export function isLayer4(protocol: TargetGroupPlan['protocol']): boolean {
  return protocol !== 'HTTP' && protocol !== 'HTTPS';
}

export function isDatagrams(protocol: TargetGroupPlan['protocol']): boolean {
  return protocol === 'UDP' || protocol === 'TCP_UDP';
}
