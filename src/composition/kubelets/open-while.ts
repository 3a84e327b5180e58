/** Something that is opened whenever it is switched on, and closed whenever it is switched off. */
export interface Switched {
  readonly isOn: () => boolean;
  /** Calls back when `isOn` may have changed. */
  readonly onChange: (listener: () => void) => Disposable;
  readonly open: () => Promise<AsyncDisposable>;
  /** It could not be opened, or closed, when it was switched. */
  readonly failed: (error: unknown) => void;
}

/**
 * Follows a switch until it is disposed of: one opening after the other, so that what a port is needed for is free again.
 * @throws {Error} it is on and can't be opened.
 */
export async function openWhile({ isOn, onChange, open, failed }: Switched): Promise<AsyncDisposable> {
  let current: AsyncDisposable | undefined;
  let isClosing = false;
  const follow = async (): Promise<void> => {
    const isWanted = isOn() && !isClosing;
    if (isWanted === (current !== undefined)) return;
    const before = current;
    current = undefined;
    if (isWanted) current = await open();
    else await before?.[Symbol.asyncDispose]();
  };
  let turn: Promise<void> = follow();
  const following = onChange(() => {
    turn = turn.then(follow).catch(failed);
  });
  try {
    await turn;
  } catch (error) {
    following[Symbol.dispose]();
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      following[Symbol.dispose]();
      isClosing = true;
      await turn;
      await follow();
    },
  };
}
