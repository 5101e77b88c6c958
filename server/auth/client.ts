import type { JSONWebKeySet } from 'jose';

/** A registered OAuth client: of one tenant (SMART backend service), or of the management API. */
export interface Client {
  readonly id: string;
  readonly name: string;
  /** Null = a client of the management API for the whole platform. */
  readonly tenant: string | null;
  /** A client of the management API: its scopes are `admin/…`, its contracts none. */
  readonly admin?: true;
  /** The ceiling: space-separated scopes that it may ask for. */
  readonly scope: string;
  /** `none`: a public client, which logs people in and can keep no secret (PKCE protects its codes). */
  readonly authentication: 'client_secret_basic' | 'private_key_jwt' | 'none';
  /** The secret, wrapped by the key ring (`client-secret:{id}`); oidc-provider compares the plain text. */
  readonly wrappedSecret?: string;
  /** The secret before the last rotation, good until `until` (ISO 8601 UTC). */
  readonly previousSecret?: { readonly wrapped: string; readonly until: string };
  readonly jwks?: JSONWebKeySet;
  readonly jwksUri?: string;
  /** The key set before the last rotation, good until `until`. */
  readonly previousJwks?: { readonly jwks: JSONWebKeySet; readonly until: string };
  /** Contract versions whose bases it may have tokens for. */
  readonly contracts: readonly string[];
  /** Where a person's browser may be sent back to, as exact strings; without any, it logs nobody in. */
  readonly redirectUris?: readonly string[];
  /** `pending`: registered by a vendor, waits for the tenant's approval. */
  readonly status: 'active' | 'disabled' | 'pending';
  /** Its own rate; 0 = as many as come, left out = what its tenant says of each client. */
  readonly requestsPerMinute?: number;
  readonly createdAt: string;
  /** Name of its permission set (`permission-set.ts`); left out: `full`, of a vendor's registration `default`. */
  readonly permissionSet?: string;
  /** It is worth nothing from then on; ISO 8601 UTC. */
  readonly expiresAt?: string;
  /** What a vendor's registration was made with, and the SHA-256 of the token that manages it (RFC 7592). */
  readonly registration?: {
    readonly tokenId: string;
    readonly managementHash: string;
    /** The most that it may change its own scope to. */
    readonly ceiling: string;
  };
}

/** Where clients are found; the registry implements it. */
export interface Clients {
  find(id: string): Promise<Client | undefined>;
}
