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
  readonly authentication: 'client_secret_basic' | 'private_key_jwt';
  /** The secret, wrapped by the key ring (`client-secret:{id}`); oidc-provider compares the plain text. */
  readonly wrappedSecret?: string;
  readonly jwks?: JSONWebKeySet;
  readonly jwksUri?: string;
  /** Contract versions whose bases it may have tokens for. */
  readonly contracts: readonly string[];
  readonly status: 'active' | 'disabled';
  readonly createdAt: string;
}

/** Where clients are found; the registry implements it. */
export interface Clients {
  find(id: string): Promise<Client | undefined>;
}
