import { describe, expect, it } from 'vitest';
import { librariesOf } from './program-layer.ts';

describe('the libraries of a program', () => {
  it('are those that ldd names by their path', () => {
    const printed = `
	linux-vdso.so.1 (0x00007ffd1d9f6000)
	libcrypt.so.1 => /lib/x86_64-linux-gnu/libcrypt.so.1 (0x00007f1e2c5d4000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1e2bd0d000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f1e2c9c1000)
`;
    expect(librariesOf(printed)).toEqual([
      '/lib/x86_64-linux-gnu/libcrypt.so.1',
      '/lib/x86_64-linux-gnu/libc.so.6',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
  });

  it('must all be there', () => {
    expect(() => librariesOf('	libpcre2-8.so.0 => not found\n')).toThrow('libpcre2-8.so.0 is not installed');
  });
});
