import { imageArchive, imageId, tar } from '../image-archive.ts';
import { RuntimeError } from '../runtime-error.ts';

export const pauseReference = 'catamaran/pause:1';

/** The image of the container that holds a sandbox's namespaces, made on the spot. */
export interface PauseImage {
  readonly reference: string;
  /** What the Engine will call it. */
  readonly id: string;
  readonly archive: Uint8Array;
}

/** @throws {RuntimeError} `Unsupported` on an architecture without a pause program. */
export async function pauseImage(architecture: string): Promise<PauseImage> {
  const program = pauseProgram(architecture);
  const spec = {
    reference: pauseReference,
    layers: [await tar([{ path: 'pause', content: program, mode: 0o755 }])],
    // As a namespace's first process it does not hear SIGTERM: every stop would wait for the SIGKILL.
    config: { Entrypoint: ['/pause'], StopSignal: 'SIGKILL' },
    architecture: isArm(architecture) ? ('arm64' as const) : ('amd64' as const),
  };
  return { reference: pauseReference, id: imageId(spec), archive: await imageArchive(spec) };
}

const isArm = (architecture: string): boolean => architecture === 'aarch64' || architecture === 'arm64';

/** x86-64: ELF machine 62. */
const x64Code = Buffer.from([
  ...[0x48, 0x83, 0x3c, 0x24, 2], // cmp qword [rsp], 2 (how many arguments, with its own name)
  ...[0x72, 57], // jb to the wait
  ...[0x77, 30], // ja to unshare
  ...[0x48, 0x8b, 0x7c, 0x24, 16], // mov rdi, [rsp + 16] (the path)
  ...[0x31, 0xf6], // xor esi, esi (to read)
  ...[0xb8, 2, 0, 0, 0], // mov eax, 2 (open)
  ...[0x0f, 0x05], // syscall
  ...[0x89, 0xc7], // mov edi, eax
  ...[0xbe, 0, 0, 0, 0x40], // mov esi, CLONE_NEWNET
  ...[0xb8, 0x34, 1, 0, 0], // mov eax, 308 (setns)
  ...[0x0f, 0x05], // syscall
  ...[0xeb, 12], // jmp behind unshare
  ...[0xbf, 0, 0, 0, 0x40], // mov edi, CLONE_NEWNET
  ...[0xb8, 0x10, 1, 0, 0], // mov eax, 272 (unshare)
  ...[0x0f, 0x05], // syscall
  ...[0xf7, 0xd8], // neg eax
  ...[0x74, 9], // jz to the wait
  ...[0x89, 0xc7], // mov edi, eax (what was wrong, as errno)
  ...[0xb8, 60, 0, 0, 0], // mov eax, 60 (exit)
  ...[0x0f, 0x05], // syscall
  ...[0xb8, 13, 0, 0, 0], // mov eax, 13 (rt_sigaction)
  ...[0xbf, 17, 0, 0, 0], // mov edi, 17 (SIGCHLD)
  ...[0x48, 0x8d, 0x35, 19, 0, 0, 0], // lea rsi, [rip + 19] (the action, behind the code)
  ...[0x31, 0xd2], // xor edx, edx (no old action)
  ...[0x41, 0xba, 8, 0, 0, 0], // mov r10d, 8 (size of the signal set)
  ...[0x0f, 0x05], // syscall
  ...[0xb8, 34, 0, 0, 0], // mov eax, 34 (pause)
  ...[0x0f, 0x05], // syscall
  ...[0xeb, 0xf7], // jmp back to the mov
]);

/** ARM64: ELF machine 183. It has no pause(2): ppoll(2) of nothing, without a timeout, waits as long. */
const armCode = Buffer.from(
  new Uint32Array([
    0xf94003e0, // ldr x0, [sp] (how many arguments, with its own name)
    0xf100081f, // cmp x0, #2
    0x54000243, // b.lo to the wait
    0x54000148, // b.hi to unshare
    0x92800c60, // mov x0, #-100 (AT_FDCWD)
    0xf9400be1, // ldr x1, [sp, #16] (the path)
    0xd2800002, // mov x2, #0 (to read)
    0xd2800708, // mov x8, #56 (openat)
    0xd4000001, // svc #0
    0xd2a80001, // mov x1, CLONE_NEWNET
    0xd2802188, // mov x8, #268 (setns)
    0xd4000001, // svc #0
    0x14000004, // b behind unshare
    0xd2a80000, // mov x0, CLONE_NEWNET
    0xd2800c28, // mov x8, #97 (unshare)
    0xd4000001, // svc #0
    0xb4000080, // cbz x0 to the wait
    0xcb0003e0, // neg x0, x0 (what was wrong, as errno)
    0xd2800ba8, // mov x8, #93 (exit)
    0xd4000001, // svc #0
    0xd28010c8, // mov x8, #134 (rt_sigaction)
    0xd2800220, // mov x0, #17 (SIGCHLD)
    0x10000181, // adr x1, #48 (the action, behind the code)
    0xd2800002, // mov x2, #0 (no old action)
    0xd2800103, // mov x3, #8 (size of the signal set)
    0xd4000001, // svc #0
    0xd2800928, // mov x8, #73 (ppoll)
    0xd2800000, // mov x0, #0 (no descriptors)
    0xd2800001, // mov x1, #0
    0xd2800002, // mov x2, #0 (no timeout)
    0xd2800003, // mov x3, #0 (no signal mask)
    0xd4000001, // svc #0
    0x17fffffa, // b back to the mov of ppoll
    0xd503201f, // nop, so that the action behind it is aligned
  ]).buffer,
);

/**
 * A whole program of a few instructions: enter the network namespace at the path that is its argument, where it has one, or
 * one of its own where it has two, or end with the error's number; ignore SIGCHLD (so that orphans of a shared PID namespace are reaped by the
 * kernel), then sleep for ever. It uses 12 kB of memory.
 */
export function pauseProgram(architecture: string): Buffer {
  if (architecture === 'x86_64' || architecture === 'amd64') return elf(62, x64Code);
  if (isArm(architecture)) return elf(183, armCode);
  throw new RuntimeError(
    'Unsupported',
    `Sandboxes with a network of their own need a pause program, which Catamaran has for x86_64 and arm64 only; this engine runs on ${architecture}`,
    `unsupported architecture ${architecture}`,
  );
}

/** An ELF64 executable of one segment, with a `struct sigaction { SIG_IGN }` behind the code. */
function elf(machine: number, code: Buffer): Buffer {
  const action = Buffer.alloc(32);
  action.writeBigUInt64LE(1n, 0);
  const headers = Buffer.alloc(120);
  const bytes = BigInt(headers.length + code.length + action.length);
  headers.write('\x7fELF', 0, 'latin1');
  headers.set([2, 1, 1], 4); // 64 bit, little-endian, version 1
  headers.writeUInt16LE(2, 16); // executable
  headers.writeUInt16LE(machine, 18);
  headers.writeUInt32LE(1, 20);
  headers.writeBigUInt64LE(0x400078n, 24); // entry
  headers.writeBigUInt64LE(64n, 32); // program headers
  headers.writeUInt16LE(64, 52);
  headers.writeUInt16LE(56, 54);
  headers.writeUInt16LE(1, 56);
  headers.writeUInt32LE(1, 64); // PT_LOAD
  headers.writeUInt32LE(5, 68); // read, execute
  headers.writeBigUInt64LE(0x400000n, 80);
  headers.writeBigUInt64LE(0x400000n, 88);
  headers.writeBigUInt64LE(bytes, 96);
  headers.writeBigUInt64LE(bytes, 104);
  headers.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([headers, code, action]);
}
