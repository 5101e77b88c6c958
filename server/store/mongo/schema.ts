import { type Connection, type Model, Schema, type SchemaDefinition } from 'mongoose';
import type { DeliveryAttempt } from '../delivery-port.ts';
import type { StoredVersion } from '../port.ts';

/**
 * Every collection: its fields, which mongoose casts and refuses others of, and its indexes by name. Where several
 * tenants stand in one collection, `tenant` is a field of every document and leads every index.
 */
export interface Documents {
  readonly resource: {
    readonly _id: string;
    readonly sequence: number;
    readonly at: string;
    readonly version: number;
    readonly change: StoredVersion['change'];
    readonly hash: string;
    readonly unit?: string;
    /** `contract/Type` of a live resource; searches look at nothing else. */
    readonly of?: string;
    readonly body?: Uint8Array | { readonly buffer: Uint8Array };
    /** What it is found by (`keys.ts`). */
    readonly keys: readonly string[];
    readonly dates: readonly { readonly param: string; readonly low: number; readonly high: number }[];
    /** Values to sort by (`order.ts`). */
    readonly least?: Readonly<Record<string, unknown>>;
    readonly most?: Readonly<Record<string, unknown>>;
  };
  readonly version: {
    readonly _id: string;
    readonly resource: string;
    readonly version: number;
    readonly sequence: number;
    readonly at: string;
    readonly change: StoredVersion['change'];
    readonly body?: Uint8Array | { readonly buffer: Uint8Array };
    readonly file?: string;
    /** JSON of `Lineage`. */
    readonly lineage?: string;
  };
  /** `sequence` alone is left of a deleted one: no late writer brings it back. The same in `work`, `due`. */
  readonly record: {
    readonly _id: string;
    readonly sequence: number;
    readonly type?: string;
    readonly hash?: string;
    readonly file?: string;
    /** JSON of `Slice[]`. */
    readonly slices?: string;
    /** JSON of `RecordLayers`. */
    readonly layers?: string;
    /** `type/id` of what it refers to. */
    readonly references?: readonly string[];
    /** The numbers of its `LineSum`: bucket, words, wide. */
    readonly lines?: readonly number[];
  };
  readonly work: {
    readonly _id: string;
    readonly sequence: number;
    /** Place of the unit's kind in the order of work. */
    readonly rank?: number;
    readonly file?: string;
  };
  readonly due: { readonly _id: string; readonly sequence: number; readonly day?: string };
  /** What a unit has announced. */
  readonly announcement: { readonly _id: string; readonly sequence: number; readonly body?: string };
  readonly file: {
    readonly _id: string;
    readonly sequence: number;
    readonly sha256: string;
    readonly received: string;
    /** Batch and place in it that first named the file. */
    readonly since: string;
    /** JSON of `FileRow`. */
    readonly document: string;
  };
  readonly exception: {
    readonly _id: string;
    readonly sequence: number;
    readonly file: string;
    readonly line: number;
    readonly state: string;
    readonly severity: string;
    readonly record: string;
    readonly waits?: string;
    readonly unit?: string;
    /** JSON of `ExceptionRow`. */
    readonly document: string;
  };
  readonly event: OutboxDocument & { readonly topic: string; readonly body: string; readonly at: string };
  readonly outbox: OutboxDocument & { readonly row: string };
  /** An event as a subscription counts it; `subscription/number`. */
  readonly numbered: OutboxDocument & {
    readonly subscription: string;
    readonly number: number;
    readonly topic: string;
    readonly focus: string;
    readonly at: string;
    readonly about: string;
  };
  readonly attempt: {
    readonly _id: string;
    readonly subscription: string;
    readonly kind: DeliveryAttempt['kind'];
    readonly first: number;
    readonly last: number;
    readonly at: string;
    readonly status?: number;
    readonly error?: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly ms: number;
  };
  /** What delivery notes; of what is forgotten the order of its write (`sequence`) stays. */
  readonly note: { readonly _id: string; readonly sequence: number; readonly kind?: string; readonly body?: string };
  readonly asked: { readonly _id: string; readonly body: string };
  /** The journal: inserting an entry is the commit of its batch. */
  readonly batch: {
    readonly _id: string;
    readonly sequence: number;
    readonly at: string;
    readonly ms: number;
    readonly done: boolean;
    /** Highest epoch per lease name that has written so far. */
    readonly fences: readonly { readonly name: string; readonly epoch: number }[];
    /** JSON of the ops, until they are applied; where it is long, the name of its pieces in `payload`. */
    readonly ops?: string;
    readonly payload?: string;
    /** No entry follows: the data have moved. */
    readonly closed?: boolean;
  };
  readonly payload: { readonly _id: string; readonly sequence: number; readonly writer: string; readonly text: string };
  /** The journal of what delivery writes, and its pieces: neither waits for the tenant's batches, nor they for it. */
  readonly turn: Documents['batch'];
  readonly piece: Documents['payload'];
  readonly stage: {
    readonly _id: string;
    readonly stage: string;
    /** Orders by rank, then id. */
    readonly group: string;
    readonly start: string;
    readonly line: number;
    readonly number: number;
    readonly type: string;
    readonly action: string;
    /** JSON of `StagedRow`. */
    readonly row: string;
  };
  readonly audit: {
    readonly _id: string;
    readonly writer: string;
    readonly number: number;
    readonly at: string;
    readonly bytes: string;
    readonly hash: string;
    /** `Type/id` of what the row disclosed. */
    readonly disclosed: readonly string[];
  };
  readonly tenant: {
    readonly _id: string;
    /** Tells one life of a tenant id from the next. */
    readonly life: string;
    readonly isolation: string;
    readonly wrapped: string;
    readonly layout: string;
    /** `LIFE/MODEL`: where the data are being moved to. */
    readonly moving?: string;
  };
  readonly document: {
    readonly _id: string;
    readonly sequence: number;
    readonly kind?: string;
    readonly id?: string;
    readonly document?: string;
  };
  readonly lease: {
    readonly _id: string;
    readonly name: string;
    readonly epoch: number;
    readonly owner: string;
    readonly expires: string;
    /** Epoch milliseconds, by the holder's clock. */
    readonly touched: number;
    readonly released: boolean;
  };
  readonly oauth: {
    readonly _id: string;
    /** Tells a row from one that replaced it. */
    readonly life: string;
    readonly model: string;
    readonly id: string;
    readonly payload: string;
    readonly expires?: string;
    readonly grant?: string;
    readonly uid?: string;
    readonly consumed?: string;
  };
  readonly consumption: { readonly _id: string; readonly at: string; readonly expires?: string };
  readonly setting: { readonly _id: string; readonly value: string };
}

interface OutboxDocument {
  readonly _id: string;
  readonly sequence: number;
  readonly place: number;
}

export type CollectionName = keyof Documents;

/** Whose documents a handle reaches, and where they are. */
export interface Scope {
  readonly connection: Connection;
  /** Leads every `_id`, filter and index where several tenants stand in one collection; else undefined. */
  readonly tenant: string | undefined;
  /** Stands before the names of the collections. */
  readonly prefix: string;
  /** Reads see what a majority has: nothing that a failover could take back. Needs a replica set. */
  readonly majorityReads: boolean;
}

type Order = Readonly<Record<string, 1 | -1>>;

interface Definition {
  readonly fields: SchemaDefinition;
  readonly indexes: Readonly<Record<string, Order>>;
}

const text = { type: String };
const needed = { type: String, required: true };
const number = { type: Number };
const numbered = { type: Number, required: true };
const texts = { type: [String], default: undefined };
const numbers = { type: [Number], default: undefined };
const mixed = { type: Schema.Types.Mixed };
const bytes = { type: Buffer };
const sequence = numbered;

/** A journal's entries and the pieces of long ones. */
const journalEntry = {
  fields: {
    ...{ sequence, at: needed, ms: numbered, done: { type: Boolean, required: true }, ops: text, payload: text },
    closed: { type: Boolean },
    fences: { type: [new Schema({ name: needed, epoch: numbered }, { _id: false })], default: [] },
  },
  indexes: { newest: { sequence: -1 }, ms: { ms: 1, sequence: 1 } },
} as const satisfies Definition;
const journalPiece = {
  fields: { sequence, writer: needed, text: needed },
  indexes: { sequence: { sequence: 1, writer: 1, _id: 1 } },
} as const satisfies Definition;

/** Which search shape each index of `resource` serves: decision 0009. */
const tenantDefinitions = {
  resource: {
    fields: {
      ...{ sequence, at: needed, version: numbered, change: needed, hash: { type: String }, unit: text, of: text },
      body: bytes,
      ...{ least: mixed, most: mixed },
      keys: { type: [String], default: [] },
      dates: { type: [new Schema({ param: needed, low: number, high: number }, { _id: false })], default: [] },
    },
    indexes: {
      keys: { of: 1, keys: 1, sequence: 1, _id: 1 },
      updated: { of: 1, sequence: 1, _id: 1 },
      id: { of: 1, _id: 1 },
      dates: { of: 1, 'dates.param': 1, 'dates.low': 1, 'dates.high': 1 },
      unit: { unit: 1 },
    },
  },
  version: {
    fields: {
      ...{ resource: needed, version: numbered, sequence, at: needed, change: needed },
      ...{ body: bytes, file: text, lineage: text },
    },
    indexes: { history: { resource: 1, version: -1 }, file: { file: 1, sequence: 1, _id: 1 } },
  },
  record: {
    fields: {
      sequence,
      type: text,
      hash: text,
      file: text,
      slices: text,
      layers: text,
      references: texts,
      lines: numbers,
    },
    indexes: { type: { type: 1, _id: 1 }, file: { file: 1, _id: 1 }, references: { references: 1 } },
  },
  work: { fields: { sequence, rank: number, file: text }, indexes: { rank: { rank: 1, _id: 1 } } },
  due: { fields: { sequence, day: text }, indexes: { day: { day: 1, _id: 1 } } },
  announcement: { fields: { sequence, body: text }, indexes: {} },
  file: {
    fields: { sequence, sha256: needed, received: needed, since: needed, document: needed },
    indexes: { received: { received: -1, since: -1 }, sha256: { sha256: 1, received: -1, since: -1 } },
  },
  exception: {
    fields: {
      ...{ sequence, file: needed, line: numbered, state: needed, severity: needed, record: needed },
      ...{ waits: text, unit: text, document: needed },
    },
    indexes: {
      file: { file: 1, line: 1, _id: 1 },
      state: { state: 1 },
      record: { record: 1 },
      waits: { waits: 1 },
      unit: { unit: 1 },
    },
  },
  event: {
    fields: { sequence, place: numbered, topic: needed, body: { type: String }, at: needed },
    indexes: { position: { sequence: 1, place: 1 } },
  },
  outbox: {
    fields: { sequence, place: numbered, row: { type: String } },
    indexes: { position: { sequence: 1, place: 1 } },
  },
  numbered: {
    fields: {
      ...{ sequence, place: numbered, subscription: needed, number: numbered, topic: needed },
      ...{ focus: { type: String }, at: needed, about: { type: String } },
    },
    indexes: { number: { subscription: 1, number: 1 }, focus: { focus: 1 } },
  },
  attempt: {
    fields: {
      ...{ subscription: needed, kind: needed, first: numbered, last: numbered, at: needed },
      ...{ status: number, error: text, bytes: numbered, sha256: needed, ms: numbered },
    },
    indexes: { subscription: { subscription: 1, last: 1, first: 1 }, newest: { subscription: 1, at: 1 } },
  },
  note: { fields: { sequence, kind: text, body: text }, indexes: { kind: { kind: 1, _id: 1 } } },
  asked: { fields: { body: { type: String } }, indexes: {} },
  turn: journalEntry,
  piece: journalPiece,
  stage: {
    fields: {
      ...{ stage: needed, group: needed, start: { type: String }, line: numbered, number: numbered },
      ...{ type: needed, action: needed, row: needed },
    },
    indexes: { order: { stage: 1, group: 1, start: 1, line: 1, number: 1 } },
  },
} as const satisfies Record<string, Definition>;

/** These stand in the system's database and in every tenant's part. */
const everywhere = {
  batch: journalEntry,
  payload: journalPiece,
  audit: {
    fields: {
      ...{ writer: needed, number: numbered, at: needed, bytes: { type: String }, hash: needed },
      disclosed: { type: [String], default: [] },
    },
    indexes: {
      writer: { writer: 1, number: -1 },
      at: { at: 1, writer: 1, number: 1 },
      disclosed: { disclosed: 1, at: 1 },
    },
  },
} as const satisfies Record<string, Definition>;

const systemDefinitions = {
  tenant: {
    fields: { life: needed, isolation: needed, wrapped: needed, layout: { type: String }, moving: text },
    indexes: {},
  },
  document: {
    fields: { sequence, kind: text, id: text, document: text },
    indexes: { kind: { kind: 1, id: 1 } },
  },
  lease: {
    fields: {
      ...{ name: needed, epoch: numbered, owner: needed, expires: needed, touched: numbered },
      released: { type: Boolean, required: true },
    },
    indexes: { newest: { name: 1, epoch: -1 } },
  },
  oauth: {
    fields: {
      ...{ life: needed, model: needed, id: needed, payload: { type: String } },
      ...{ expires: text, grant: text, uid: text, consumed: text },
    },
    indexes: {
      ...{ uid: { uid: 1, model: 1 }, grant: { grant: 1, model: 1 } },
      ...{ expires: { expires: 1 }, model: { model: 1, id: 1 } },
    },
  },
  consumption: { fields: { at: needed, expires: text }, indexes: { expires: { expires: 1 } } },
  setting: { fields: { value: needed }, indexes: {} },
} as const satisfies Record<string, Definition>;

const definitions: Readonly<Record<CollectionName, Definition>> = {
  ...tenantDefinitions,
  ...everywhere,
  ...systemDefinitions,
};

const common = Object.keys(everywhere) as (keyof typeof everywhere)[];
export const tenantCollections = [...(Object.keys(tenantDefinitions) as (keyof typeof tenantDefinitions)[]), ...common];
export const systemCollections = [...(Object.keys(systemDefinitions) as (keyof typeof systemDefinitions)[]), ...common];

/** Bump with every change of fields or indexes: parts of an older layout are brought up when they are opened. */
export const layoutNumber = 3;

const schemas = new Map<string, Schema>();

function schemaOf(name: CollectionName, led: boolean): Schema {
  const known = schemas.get(`${name}/${led}`);
  if (known !== undefined) return known;
  const { fields, indexes } = definitions[name];
  const schema = new Schema(
    { _id: needed, ...(led ? { tenant: needed } : {}), ...fields },
    // What is not declared is refused; indexes are made when a part is made, never behind a request's back.
    { strict: 'throw', autoIndex: false, autoCreate: false, versionKey: false, minimize: false },
  );
  for (const [index, order] of Object.entries(indexes)) {
    schema.index({ ...(led ? { tenant: 1 } : {}), ...order }, { name: index });
  }
  schemas.set(`${name}/${led}`, schema);
  return schema;
}

export function modelOf({ connection, tenant, prefix }: Scope, name: CollectionName): Model<unknown> {
  const collection = prefix + name;
  const known = connection.models[collection];
  return (known ?? connection.model(collection, schemaOf(name, tenant !== undefined), collection)) as Model<unknown>;
}

/** Makes the collections and indexes of a part that are missing. */
export async function ensureCollections(scope: Scope, names: readonly CollectionName[]): Promise<void> {
  for (const name of names) {
    const model = modelOf(scope, name);
    const indexes = model.schema.indexes().map(([key, { name: index }]) => ({ key, name: String(index) }));
    // Making an index makes its collection.
    if (indexes.length > 0) await model.collection.createIndexes(indexes as never[]);
    else await model.createCollection().catch(ignoreExisting);
  }
}

/** Two processes may make a collection at once. */
function ignoreExisting(error: unknown): void {
  const namespaceExists = 48;
  if (!(error instanceof Error && 'code' in error && error.code === namespaceExists)) throw error;
}
