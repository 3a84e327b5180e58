import { describe, expect, it } from 'vitest';
import { deleteService } from '../operations/service.ts';
import { describeServiceDeployments } from '../operations/service-deployment.ts';
import { describeServiceRevisions } from '../operations/service-revision.ts';
import { openFleet } from '../testing/fleet.ts';

describe('a service deployment', () => {
  it('begins with the service, and is SUCCESSFUL when its tasks are up', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => fleet.deployment().status === 'IN_PROGRESS');
    expect(fleet.deployment()).toMatchObject({
      sourceServiceRevisions: [],
      targetServiceRevision: { requestedTaskCount: 3, runningTaskCount: 0, pendingTaskCount: 3 },
      deploymentCircuitBreaker: { status: 'DISABLED', failureCount: 0, threshold: 3 },
    });
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    expect(fleet.trails()).toEqual(['PENDING IN_PROGRESS SUCCESSFUL']);
    const { startedAt, finishedAt, targetServiceRevision } = fleet.deployment();
    expect(startedAt?.getTime()).toBeLessThan(finishedAt?.getTime() ?? 0);
    expect(targetServiceRevision).toMatchObject({ requestedTaskCount: 3, runningTaskCount: 3 });
    expect(fleet.describe().currentServiceDeployment).toBe(fleet.deployment().serviceDeploymentArn);
    // What was is not recounted.
    await fleet.update({ desiredCount: 1 });
    await fleet.stable();
    expect(fleet.deployment().targetServiceRevision?.runningTaskCount).toBe(3);
  });

  it('goes from the revisions that run to the new one, and supersedes those before it', async () => {
    await using fleet = await openFleet({ startMs: 30_000 });
    await fleet.create();
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    const first = fleet.deployment();
    await fleet.update({ taskDefinition: 'web:2' });
    await fleet.until(() => fleet.deployment().status === 'IN_PROGRESS');
    const second = fleet.deployment();
    expect(second.sourceServiceRevisions).toMatchObject([
      { arn: first.targetServiceRevision?.arn, requestedTaskCount: 3, runningTaskCount: 3 },
    ]);
    expect(fleet.describe().currentServiceRevisions?.map(({ arn }) => arn)).toEqual([
      second.targetServiceRevision?.arn,
      first.targetServiceRevision?.arn,
    ]);
    await fleet.update({ forceNewDeployment: true });
    await fleet.until(() => fleet.deployment(second.serviceDeploymentArn).status === 'STOPPED');
    expect(fleet.deployment(second.serviceDeploymentArn)).toMatchObject({
      statusReason: 'Service deployment was superseded by a newer service deployment.',
      stoppedAt: expect.any(Date),
      finishedAt: expect.any(Date),
    });
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    expect(fleet.trails()).toEqual([
      'PENDING IN_PROGRESS SUCCESSFUL',
      'PENDING IN_PROGRESS STOP_REQUESTED STOPPED',
      'PENDING IN_PROGRESS SUCCESSFUL',
    ]);
  });

  it('keeps the image digests that its tasks agreed on', async () => {
    await using fleet = await openFleet({ imageDigest: 'sha256:aa' });
    await fleet.create();
    const arn = fleet.deployment().targetServiceRevision?.arn ?? '';
    const images = () =>
      describeServiceRevisions(fleet.room.ecs, { serviceRevisionArns: [arn] }, fleet.room.call)
        .serviceRevisions?.[0]?.containerImages;
    expect(images()).toEqual([{ containerName: 'app', image: 'app:1' }]);
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    await fleet.update({ desiredCount: 0 });
    await fleet.stable();
    expect(images()).toEqual([{ containerName: 'app', image: 'app:1', imageDigest: 'sha256:aa' }]);
  });

  it('ends with its service', async () => {
    await using fleet = await openFleet();
    await fleet.create();
    await fleet.until(() => fleet.deployment().status === 'SUCCESSFUL');
    const { serviceDeploymentArn = '', targetServiceRevision } = fleet.deployment();
    await deleteService(fleet.room.ecs, { service: 'web', force: true }, fleet.room.call);
    await fleet.until(() => fleet.describe().status === 'INACTIVE');
    const { ecs, call } = fleet.room;
    const failures = [{ arn: serviceDeploymentArn, reason: 'MISSING' }];
    expect(describeServiceDeployments(ecs, { serviceDeploymentArns: [serviceDeploymentArn] }, call)).toEqual({
      serviceDeployments: [],
      failures,
    });
    expect(
      describeServiceRevisions(ecs, { serviceRevisionArns: [targetServiceRevision?.arn ?? ''] }, call)
        .failures,
    ).toHaveLength(1);
    expect(fleet.describe()).not.toHaveProperty('currentServiceDeployment');
  });
});
