/** Number of fields of each record type, as a file of today has them (esr.md 1.2). */
const widths: Readonly<Record<string, number>> = { PRA: 44, ASA: 51, POA: 24, ORA: 16, LCA: 22, ETA: 57, LOV: 13 };

/** A row of `type` with fields by their 1-based number; all others blank. */
export function go2Row(type: string, fields: Readonly<Record<number, string>>): string {
  const cells = new Array<string>(widths[type] ?? 2).fill('');
  cells[0] = type;
  for (const [number, text] of Object.entries(fields)) cells[Number(number) - 1] = text;
  return cells.join('~');
}

export const header = 'HDR~GO_277_GDW_GOC_20210409_00001945.DAT~20210409 072050~277~20210408 000000~20210409 000000~01';

/** A whole changes file around `rows`, with a trailer that counts right. */
export function go2File(rows: readonly string[], lineEnd = '\n'): string {
  return [header, ...rows, `TRL~${rows.length + 2}`, ''].join(lineEnd);
}

export const personRow = go2Row('PRA', {
  2: 'A48180',
  3: '20170502',
  5: '102598012',
  6: 'Mr.',
  7: 'Sname',
  8: 'Fname',
  9: 'Mname',
  12: 'Sname-Before',
  13: 'Female',
  14: '19860801',
  15: 'AB012201B',
  16: '289601',
  17: '20040601',
  18: '20200501',
  23: 'British',
  34: 'EMP',
  35: 'Employee',
  36: 'f.sname@example.org',
  39: '20170501',
  40: 'N',
});

export const assignmentRow = go2Row('ASA', {
  2: 'A48180',
  3: '936458',
  4: '20130101',
  5: '47121231',
  6: '20060727',
  7: 'E',
  8: '10602402',
  9: 'ACTIVE_ASSIGN',
  10: 'Active Assignment',
  12: '277 Monthly',
  14: '70001',
  20: 'PT',
  21: 'Permanent',
  22: 'Yes',
  23: '18.75',
  24: 'Week',
  26: '.5',
  28: '52001',
  29: 'ABC4401',
  30: '3559596|Bank Nurse Band 5|N7B|Bank',
  31: 'NHS|XR05|Review Body Band 5',
  34: '31000',
  35: 'Nursing and Midwifery Registered|Staff Nurse',
  45: '20210408 120000',
});

export const registrationRow = go2Row('ETA', {
  2: 'A48180',
  3: '957384',
  4: ' NHS Regs and Memships',
  5: 'NHS Regs and Memships',
  6: 'Nursing and Midwifery Council',
  7: ' 94I0864E',
  8: ' 31/08/2012 00:00:00',
  10: ' 31/08/2013 00:00',
  36: ' Nursing and Midwifery Council',
  37: ' Sub-Part 1 RNLD (Learning Disabilities)',
  50: 'No',
  57: '20110719 232041',
});

/** The stream of `bytes`, cut at the given offsets. */
export async function* inChunks(bytes: Uint8Array, cuts: readonly number[] = []): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(start, cut);
    start = cut;
  }
}
