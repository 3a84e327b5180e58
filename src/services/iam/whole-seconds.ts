/** IAM tells times in whole seconds, so it keeps them so. */
export const wholeSecond = (epochMs: number): number => epochMs - (epochMs % 1000);
