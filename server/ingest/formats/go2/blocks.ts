import { limits } from '../../../core/limits.ts';

/** Whole lines of a file, each but the file's last with its LF; or the beginning of one that is too long. */
export interface Block {
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

const blockBytesMax = limits.lineBytesMax;
const lineFeed = 10;

/**
 * Cuts a stream of bytes into blocks of whole lines, LF ending a line. Memory stays constant: of a line longer than
 * `limits.lineBytesMax` the beginning is kept and the rest skipped, however long it is.
 */
export async function* readBlocks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  let carry: Buffer = Buffer.alloc(0);
  let skipping = false;
  for await (const chunk of bytes) {
    for (let offset = 0; offset < chunk.length; offset += blockBytesMax) {
      const length = Math.min(blockBytesMax, chunk.length - offset);
      const piece = Buffer.from(chunk.buffer, chunk.byteOffset + offset, length);
      let start = 0;
      if (skipping) {
        start = piece.indexOf(lineFeed) + 1;
        if (start === 0) continue;
        skipping = false;
      }
      const end = piece.lastIndexOf(lineFeed) + 1;
      if (end > start) {
        const whole = piece.subarray(start, end);
        yield { bytes: carry.length === 0 ? whole : Buffer.concat([carry, whole]), tooLong: false };
        carry = Buffer.alloc(0);
        start = end;
      }
      if (start < length) carry = Buffer.concat([carry, piece.subarray(start)]);
      if (carry.length > limits.lineBytesMax) {
        yield { bytes: carry.subarray(0, limits.lineBytesMax), tooLong: true };
        carry = Buffer.alloc(0);
        skipping = true;
      }
    }
  }
  if (carry.length > 0) yield { bytes: carry, tooLong: false };
}
