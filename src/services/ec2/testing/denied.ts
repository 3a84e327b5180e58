import { expect } from 'vitest';

/** How EC2 refuses whoever may not, for the authorisation suite. */
export const denied = { name: 'UnauthorizedOperation', status: 403, sentence };

/** Between EC2's opening and the details that it hands out sealed. */
function sentence(message: string): string {
  const [, told] =
    /^You are not authorized to perform this operation\. (.+)\. Encoded authorization failure message: [\w-]+$/.exec(
      message,
    ) ?? [];
  expect(told, message).toBeDefined();
  return told ?? '';
}
