import { fileOf } from './journey-vector.ts';

/** A GO2 file of one VPD: a person whose last name is the file's sequence number says which file was applied last. */
export function smallFile(vpd: string, sequence: number): { readonly name: string; readonly text: string } {
  const day = (number: number) =>
    `2026${String(Math.floor(number / 28) + 1).padStart(2, '0')}${two((number % 28) + 1)}`;
  return fileOf({
    kind: sequence === 1 ? 'full' : 'changes',
    sequence,
    vpd,
    ...(sequence === 1 ? {} : { from: `${day(sequence - 1)} 000000` }),
    to: `${day(sequence)} 000000`,
    rows: [
      { PRA: { 2: '1001', 3: '20200101', 4: '47121231', 7: `Name${sequence}`, 8: 'Ann', 35: 'Employee' } },
      { ASA: { 2: '1001', 3: '5001', 4: '20200101', 5: '47121231', 8: '70001', 10: 'Active Assignment' } },
    ],
  });
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
