import { describe, expect, it } from 'vitest';
import { seededRandom } from '../clock/index.ts';
import { createSealer, sealingKeyBytes } from './index.ts';

const random = seededRandom('sealer');
const key = random.bytes(sealingKeyBytes);
const sealer = createSealer(key, random);

describe('a sealed text', () => {
  it('opens for its purpose alone', () => {
    const sealed = sealer.seal('wJalrXUtnFEMI/K7MDENG', 'access-key/AKIA1');
    expect(sealer.open(sealed, 'access-key/AKIA1')).toBe('wJalrXUtnFEMI/K7MDENG');
    expect(sealer.open(sealed, 'access-key/AKIA2')).toBeUndefined();
    expect(createSealer(key, random).open(sealed, 'access-key/AKIA1')).toBe('wJalrXUtnFEMI/K7MDENG');
  });

  it('does not show the text, and is another one each time', () => {
    const sealed = sealer.seal('secret', 'p');
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('secret');
    expect(sealer.seal('secret', 'p')).not.toBe(sealed);
  });

  it('does not open under another key', () => {
    const other = createSealer(random.bytes(sealingKeyBytes), random);
    expect(other.open(sealer.seal('secret', 'p'), 'p')).toBeUndefined();
  });

  it('does not open with any one bit changed, nor cut, nor written in another way', () => {
    const sealed = sealer.seal('ten bytes.', 'p');
    const bytes = Buffer.from(sealed, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bent = Buffer.from(bytes);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.open(bent.toString('base64url'), 'p')).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(sealer.open(bytes.subarray(0, length).toString('base64url'), 'p')).toBeUndefined();
    }
    expect(sealer.open(bytes.toString('base64'), 'p')).toBe(
      bytes.toString('base64') === sealed ? 'ten bytes.' : undefined,
    );
    expect(sealer.open('', 'p')).toBeUndefined();
    expect(sealer.open('not sealed at all', 'p')).toBeUndefined();
  });
});

it('a key of another length is refused', () => {
  expect(() => createSealer(new Uint8Array(16), random)).toThrow('A sealing key has 32 bytes');
});
