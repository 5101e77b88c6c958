import { BlockList, isIP } from 'node:net';

/**
 * What an IP address is to somebody who sends to URLs that others name (special-purpose registries of IANA, RFC 6890).
 * `private` may be opened by an operator, `loopback` in development; `closed` (link-local, metadata services, tunnels
 * that hide another address, multicast, documentation, reserved) never.
 */
type AddressKind = 'public' | 'private' | 'loopback' | 'closed';

const loopback = listOf(['127.0.0.0/8', '::1/128']);
/** Metadata services that stand within ranges which are otherwise private or public. */
const metadata = ['100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::/32'];
const closed = listOf([
  ...metadata,
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32'],
  ...['2002::/16', '3fff::/20', '5f00::/16', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]);
const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];
const privates = listOf(privateRanges);

/** The addresses that may be sent to besides public ones. */
export interface AddressPolicy {
  /** CIDR ranges that an operator opened. */
  readonly privateRanges: readonly string[];
  readonly loopback: boolean;
}

/** @param address an IP address as a resolver or a socket names it; anything else may not be sent to */
export function mayReach(address: string, { privateRanges: opened, loopback: local }: AddressPolicy): boolean {
  switch (kindOf(address)) {
    case 'public':
      return true;
    case 'loopback':
      return local;
    case 'private':
      return has(listOf(opened), unmapped(address));
    case 'closed':
      return false;
  }
}

/** Is this a CIDR range (`10.20.0.0/16`) that lies within private address space? */
export function isPrivateRange(text: string): boolean {
  const range = rangeOf(text);
  if (range === undefined) return false;
  return privateRanges.some((outer) => {
    const around = rangeOf(outer);
    return around !== undefined && around.prefix <= range.prefix && has(listOf([outer]), range.address);
  });
}

/**
 * The IP address that a URL's host is, in whatever spelling (`2130706433`, `0x7f.1`, `[::ffff:7f00:1]`: the URL parser
 * has made them one); undefined for a name.
 */
export function literalOf({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

function kindOf(address: string): AddressKind {
  const plain = unmapped(address);
  if (isIP(plain) === 0 || plain.includes('%')) return 'closed';
  if (has(loopback, plain)) return 'loopback';
  if (has(closed, plain)) return 'closed';
  return has(privates, plain) ? 'private' : 'public';
}

/** `::ffff:a.b.c.d` and `::ffff:xxxx:xxxx` are IPv4 addresses (RFC 4291, 2.5.5.2). */
function unmapped(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const bytes = [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255]);
  return bytes.join('.');
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of ranges) {
    const range = rangeOf(text);
    if (range !== undefined) list.addSubnet(range.address, range.prefix, range.family);
  }
  return list;
}

function rangeOf(text: string) {
  const [address = '', digits = '', ...more] = text.split('/');
  const version = isIP(address);
  const prefix = Number(digits);
  const whole = /^\d{1,3}$/.test(digits) && prefix <= (version === 6 ? 128 : 32);
  if (version === 0 || address.includes('%') || !whole || more.length > 0) return undefined;
  return { address, prefix, family: version === 6 ? ('ipv6' as const) : ('ipv4' as const) };
}
