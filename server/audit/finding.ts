/** What a verification can find, in the words that it reports. */
export type Tampering =
  /** a row's bytes, hash or time are not what they were */
  | 'changed-row'
  /** a row is not there any more */
  | 'removed-row'
  /** two rows have changed places */
  | 'swapped-rows'
  /** a row is there a second time */
  | 'duplicated-row'
  /** two rows claim one place, or the rows are not those that were signed */
  | 'forked-chain'
  /** the newest rows that a checkpoint signed are gone */
  | 'cut-tail'
  /** the log is an older state of itself: a backup was put back, or rows and their checkpoints were cut */
  | 'older-log'
  /** a checkpoint that our key did not sign */
  | 'forged-checkpoint'
  /** the file cannot be read */
  | 'damaged-file';

export interface Finding {
  readonly tampering: Tampering;
  readonly writer: string;
  /** The first row that is not as it must be. */
  readonly number: number;
  /** A sentence; no personal data. */
  readonly why: string;
}
