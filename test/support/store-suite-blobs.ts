import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { refusal, type StoreContext } from './store-fixture.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

export function describeBlobs(context: StoreContext): void {
  describe('blobs', () => {
    const blobs = (tenant = 'one') => context.tenant(tenant).blobs;
    const sample = (length: number) => Buffer.from(Array.from({ length }, (_, n) => (n * 31 + (n >> 8)) % 256));

    it('gives back what it took, at every size around its chunks, and says size and hash', async () => {
      for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
        const bytes = sample(length);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        expect(await blobs().put('file', pieces(bytes, 7001))).to.deep.equal({ bytes: length, sha256 });
        expect((await collect(blobs().get('file'))).equals(bytes)).to.equal(true);
      }
    });

    it('takes any name, keeps names and tenants apart', async () => {
      const names = ['raw/2026/a.DAT', 'raw/2026', '../../escape', '.', 'Ŵ', 'a'.repeat(400), 'A', 'a'];
      for (const name of names) await blobs().put(name, pieces(Buffer.from(name), 3));
      for (const name of names) expect((await collect(blobs().get(name))).toString()).to.equal(name);
      expect(await blobs('two').has('a')).to.equal(false);
      await blobs('two').put('a', pieces(Buffer.from('theirs'), 3));
      expect((await collect(blobs().get('a'))).toString()).to.equal('a');
    });

    it('replaces, has, deletes', async () => {
      expect(await blobs().has('x')).to.equal(false);
      await blobs().put('x', pieces(Buffer.from('old'), 9));
      await blobs().put('x', pieces(Buffer.from('new'), 9));
      expect((await collect(blobs().get('x'))).toString()).to.equal('new');
      expect(await blobs().has('x')).to.equal(true);
      await blobs().delete('x');
      await blobs().delete('x');
      expect(await blobs().has('x')).to.equal(false);
      expect(await refusal(collect(blobs().get('x')))).to.equal('no-blob');
    });

    it('keeps the older blob where the new one breaks off', async () => {
      await blobs().put('x', pieces(Buffer.from('old'), 9));
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield sample(100_000);
        throw new Error('the line broke');
      }
      expect(await refusal(blobs().put('x', broken()))).to.equal('the line broke');
      expect((await collect(blobs().get('x'))).toString()).to.equal('old');
    });

    it('keeps blobs over a close', async () => {
      await blobs().put('x', pieces(Buffer.from('kept'), 9));
      await context.reopen();
      expect((await collect(blobs().get('x'))).toString()).to.equal('kept');
    });
  });
}
