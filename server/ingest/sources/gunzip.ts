import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';

/** Below this size a high ratio is no bomb: files of a few rows compress to almost nothing. */
const ratioFromBytes = 1024 * 1024;

/**
 * The plain bytes of gzip data (RFC 1952), in constant memory. Throws `invalid` where they are damaged or cut off and
 * `too-large` where they grow past `limits.archiveRatioMax` or `limits.unpackedBytesMax`.
 */
export async function* gunzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let taken = 0;
  let given = 0;
  const counted = async function* () {
    for await (const chunk of packed) {
      taken += chunk.length;
      yield chunk;
    }
  };
  const plain = createGunzip();
  // What goes wrong reaches the reader of `plain`, so that the callback has nothing to add.
  pipeline(Readable.from(counted()), plain, () => {});
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      given += chunk.length;
      checkGrowth(taken, given);
      yield chunk;
    }
  } catch (error) {
    const damaged = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    throw damaged ? new AppError('invalid', 'the gzip data are damaged or cut off') : error;
  }
}

/** Throws `too-large` where unpacked bytes are too many, as such or beside the packed ones. */
export function checkGrowth(packedBytes: number, plainBytes: number): void {
  if (plainBytes > limits.unpackedBytesMax) {
    throw new AppError('too-large', `the archive holds more than ${limits.unpackedBytesMax} bytes`);
  }
  if (plainBytes > ratioFromBytes && plainBytes > packedBytes * limits.archiveRatioMax) {
    throw new AppError('too-large', `the archive grows by more than ${limits.archiveRatioMax} times when unpacked`);
  }
}
