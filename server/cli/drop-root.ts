import { join } from 'node:path';
import type { Settings } from '../config/schema.ts';

/** Where the tenants' drop folders are (interface.md, Files in). */
export function dropRoot({ data }: Settings): string {
  return join(data, 'drop');
}
