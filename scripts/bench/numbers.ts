import { present } from '../../server/core/assert.ts';

export function median(values: readonly number[]): number {
  return present(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)], 'a value');
}

/** Three significant digits: nothing that is measured here is known better. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
