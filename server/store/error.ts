/** What a store refuses; callers rebuild the batch and try again on `conflict`, and give up on the others. */
export type StoreErrorCode =
  /** a version is not the successor of the stored one, or `at` is before the last batch's time */
  | 'conflict'
  /** the writer's lease epoch is no longer the newest */
  | 'fenced'
  /** no such tenant in this store */
  | 'no-tenant'
  /** a key that must be new exists */
  | 'exists'
  /** the tenant's data are being moved to another place */
  | 'moving'
  /** no blob of that name */
  | 'no-blob'
  /** the capability is not there */
  | 'unsupported'
  /** bytes that do not decrypt or do not hash as they should */
  | 'corrupt';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
