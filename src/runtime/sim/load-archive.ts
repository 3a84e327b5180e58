import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { Fields, fieldsOfList } from '../fields.ts';
import { readImageConfig } from '../image-config.ts';
import type { Image } from '../runtime.ts';

/** Files larger than this are layers, which nothing here runs. */
const largestConfigBytes = 1024 * 1024;

/** The images of a docker-archive by their references. @throws {Error} it is none. */
export async function readArchive(
  archive: AsyncIterable<Uint8Array> | Uint8Array,
): Promise<ReadonlyMap<string, Image>> {
  const files = new Map<string, Buffer>();
  const reading = extract();
  Readable.from(archive instanceof Uint8Array ? [archive] : archive)
    .on('error', (error) => reading.destroy(error))
    .pipe(reading);
  for await (const entry of reading) {
    const isSmall = (entry.header.size ?? 0) <= largestConfigBytes;
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) if (isSmall) chunks.push(chunk);
    if (isSmall) files.set(entry.header.name, Buffer.concat(chunks));
  }
  const images = new Map<string, Image>();
  for (const image of fieldsOfList(JSON.parse(textOf(files, 'manifest.json')))) {
    const path = image.text('Config') ?? '';
    const configuration = Fields.parse(textOf(files, path));
    const digest = /([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1] ?? '';
    for (const reference of image.texts('RepoTags')) {
      images.set(reference, { id: `sha256:${digest}`, ...readImageConfig(configuration.object('config')) });
    }
  }
  return images;
}

function textOf(files: ReadonlyMap<string, Buffer>, path: string): string {
  const file = files.get(path);
  if (file === undefined) throw new Error(`Cannot load the image archive: it has no ${path}`);
  return file.toString();
}
