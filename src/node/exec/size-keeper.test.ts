import { expect, it } from 'vitest';
import type { TerminalSize } from '../../session-channel/index.ts';
import { SizeKeeper } from './size-keeper.ts';

const size = (columns: number): TerminalSize => ({ columns, rows: 24 });

it('tells a terminal one size at a time, and the one that was asked for last', async () => {
  const keeper = new SizeKeeper();
  await keeper.want(size(1));
  const told: number[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const using = keeper.use({
    resize: ({ columns }) => {
      told.push(columns);
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      return answer.promise;
    },
  });
  await keeper.want(size(2));
  await keeper.want(size(3));
  expect(told).toEqual([1]);
  answers[0]?.resolve();
  await expect.poll(() => told).toEqual([1, 3]);
  answers[1]?.resolve();
  await using;
  const last = keeper.want(size(4));
  answers[2]?.reject(new Error('the command has ended'));
  await expect(last).rejects.toThrow('the command has ended');
  expect(told).toEqual([1, 3, 4]);
});
