import type { Settings } from '../config/schema.ts';
import type { DocumentStore } from '../store/port.ts';

/** Where the last server of this data folder could be reached: a registry document. */
const kind = 'server';
const id = 'public-url';

/** Remembers the URL, so that commands beside the server make tokens that are good there. */
export async function rememberPublicUrl(documents: DocumentStore, url: string): Promise<void> {
  if ((await documents.get(kind, id)) !== url) await documents.put(kind, id, url);
}

/** The setting; else what the last server remembered; else what a server started now would say. */
export async function knownPublicUrl(settings: Settings, documents: DocumentStore): Promise<string> {
  return settings.publicUrl ?? (await documents.get(kind, id)) ?? `http://localhost:${settings.port}`;
}
