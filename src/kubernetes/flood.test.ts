import { expect, it } from 'vitest';
import { startEks } from './testing/eks-server.ts';

it('A flood on one cluster leaves another one usable', async () => {
  await using server = await startEks();
  const flooded = await server.cluster('flooded');
  const quiet = await server.cluster('quiet');
  let answered = 0;
  const flood = Array.from({ length: 300 }, async (_, index) => {
    const { status } = await flooded.call('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: `c-${index}` },
    });
    answered++;
    return status;
  });
  await Promise.race(flood);
  expect((await quiet.call('GET', '/api/v1/namespaces/default')).status).toBe(200);
  expect(answered).toBeLessThan(300);
  expect(new Set(await Promise.all(flood))).toEqual(new Set([201]));
});
