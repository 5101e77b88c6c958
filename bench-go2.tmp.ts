import { readdirSync, readFileSync } from 'node:fs';
import { compileColumns } from './server/ingest/formats/go2/columns.ts';
import { readGo2 } from './server/ingest/formats/go2/read.ts';
import { normaliseRows } from './server/ingest/normalise.ts';
const dir = 'mappings/esr/v1/columns/';
const columns = compileColumns(readdirSync(dir).map((f) => ({ file: f, document: JSON.parse(readFileSync(dir + f, 'utf8')) })), { publishBirthDate: false });
const n = 300000, eol = process.argv[2] === 'crlf' ? '\r\n' : '\n';
const rows = ['HDR~GO_277_GDW_GOF_20210409_00001945.DAT~20210409 072050~277~00000000 000000~20210409 000000~01'];
for (let i = 0; i < n; i++) {
  const day = `20${10 + (i % 15)}${String(1 + (i % 12)).padStart(2, '0')}${String(1 + (i % 28)).padStart(2, '0')}`;
  const c = ['ASA', String(1000000 + i), String(5000000 + i), day, '47121231', day, 'E', `${23000000 + i}-2`, 'ACTIVE_ASSIGN', 'Active Assignment', 'X', '277 Monthly', 'Calendar', String(70000 + (i % 300)), 'N', '', '', '', '', 'FT', 'Permanent', 'Yes', '37.5', 'Week', '37.5', '1', 'None', String(80000 + (i % 900)), String(90000 + i), `${3559596 + i}|Staff Nurse Band 5|N6A|Adult Nursing`, 'NHS|XR05|Review Body Band 5', '3', day, '31000', 'Nursing and Midwifery Registered|Staff Nurse', '431 z 0850 Ward|||', '', '', '', '', '', day, '', 'Y', '20250101 120000', '', '', 'N', '', '', ''];
  rows.push(c.join('~'));
}
rows.push(`TRL~${n + 2}`);
const bytes = Buffer.from(rows.join(eol) + eol, 'latin1');
async function* chunks() { for (let i = 0; i < bytes.length; i += 65536) yield bytes.subarray(i, i + 65536); }
for (let r = 0; r < 3; r++) {
  let parse = 0, norm = 0, out = 0, bad = 0; let t = performance.now();
  for await (const b of readGo2(chunks(), { keep: columns.byCode })) {
    const t1 = performance.now(); parse += t1 - t;
    if (b.kind === 'fault') console.log(b);
    if (b.kind === 'rows') { const res = normaliseRows(b.rows, columns); out += res.staged.length; bad += res.staged.filter((x) => x.action === 'bad').length; if (r===0 && out <= 2000) console.log(res.staged[0]); }
    t = performance.now(); norm += t - t1;
  }
  console.log({ out, bad, parse: Math.round(parse), norm: Math.round(norm), rowsPerS: Math.round(n / ((parse + norm) / 1000)), mb: bytes.length >> 20, heap: process.memoryUsage().heapUsed >> 20 });
}
