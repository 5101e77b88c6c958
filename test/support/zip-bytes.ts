import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipPart {
  readonly name: string;
  readonly bytes: Buffer;
  /** General purpose flags; bit 0 = encrypted. */
  readonly flags?: number;
  /** Says so in the directory, whatever is true. */
  readonly size?: number;
  readonly crc?: number;
}

/** A zip archive (APPNOTE 6.3) with deflated members, and with the lies that a part asks for. */
export function zipBytes(parts: readonly ZipPart[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, flags = 0, size = bytes.length, crc = crc32(bytes) } of parts) {
    const packed = deflateRawSync(bytes);
    const rest = Buffer.alloc(26);
    rest.writeUInt16LE(20, 0);
    rest.writeUInt16LE(flags, 2);
    rest.writeUInt16LE(8, 4);
    rest.writeUInt16LE(33, 8);
    rest.writeUInt32LE(crc, 10);
    rest.writeUInt32LE(packed.length, 14);
    rest.writeUInt32LE(size, 18);
    rest.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), rest, entry, Buffer.from(name));
    const file = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), rest, Buffer.from(name), packed]);
    files.push(file);
    offset += file.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, central, Buffer.from('PK\u0005\u0006', 'latin1'), end]);
}
