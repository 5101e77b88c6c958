import { limits } from '../../../core/limits.ts';
import { decodeEsr } from './decode.ts';

/** Whole lines of a file, decoded, each but the file's last with its LF; or the beginning of one that is too long. */
export interface Block {
  readonly text: string;
  readonly tooLong: boolean;
}

const blockBytesMax = limits.lineBytesMax;

/**
 * Cuts a stream of bytes into blocks of whole lines, LF ending a line. Memory stays constant: of a line longer than
 * `limits.lineBytesMax` the beginning is kept and the rest skipped, however long it is.
 */
export async function* readBlocks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  let carry = '';
  let skipping = false;
  for await (const chunk of bytes) {
    for (let offset = 0; offset < chunk.length; offset += blockBytesMax) {
      const length = Math.min(blockBytesMax, chunk.length - offset);
      const piece = Buffer.from(chunk.buffer, chunk.byteOffset + offset, length);
      let start = 0;
      if (skipping) {
        start = piece.indexOf(10) + 1;
        if (start === 0) continue;
        skipping = false;
      }
      const end = piece.lastIndexOf(10) + 1;
      if (end > start) {
        yield { text: carry + decodeEsr(piece.subarray(start, end)), tooLong: false };
        carry = '';
        start = end;
      }
      if (start < length) carry += decodeEsr(piece.subarray(start));
      if (carry.length > limits.lineBytesMax) {
        yield { text: carry.slice(0, limits.lineBytesMax), tooLong: true };
        carry = '';
        skipping = true;
      }
    }
  }
  if (carry !== '') yield { text: carry, tooLong: false };
}
