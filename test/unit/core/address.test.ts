import { expect } from 'chai';
import { isPrivateRange, literalOf, mayReach } from '../../../server/core/address.ts';

const publicOnly = { privateRanges: [], loopback: false };

describe('core/address', () => {
  it('reads an address out of every spelling that a URL may have', () => {
    const same = [
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '127.1',
      '0177.0.0.1',
      '0x7f.1',
      '127.0.0.1.',
      '１２７.0.0.1',
    ];
    for (const host of same) expect(literalOf(new URL(`https://${host}/hook`)), host).to.equal('127.0.0.1');
    expect(literalOf(new URL('https://[::ffff:127.0.0.1]/'))).to.equal('::ffff:7f00:1');
    expect(literalOf(new URL('https://[0:0:0:0:0:0:0:1]/'))).to.equal('::1');
    expect(literalOf(new URL('https://hook.example/'))).to.equal(undefined);
  });

  it('reaches no address but public ones unless told otherwise', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8', '172.32.0.1', '100.63.0.1']) {
      expect(mayReach(address, publicOnly), address).to.equal(true);
    }
    const never = [
      ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.0.9', '169.254.169.254', '172.16.0.1'],
      ...['172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.51.100.7'],
      ...['203.0.113.9', '224.0.0.1', '255.255.255.255', '168.63.129.16', '::', '::1', '::7f00:1', '::ffff:10.0.0.1'],
      ...['::ffff:7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1'],
      ...['2002:7f00:1::', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1'],
      ...['ff02::1', '', 'localhost', '127.1'],
    ];
    for (const address of never) expect(mayReach(address, publicOnly), address).to.equal(false);
  });

  it('opens the private ranges that an operator names, and nothing else', () => {
    const opened = { privateRanges: ['10.20.0.0/16', 'fd12:3456::/32', '100.100.0.0/16'], loopback: false };
    for (const address of ['10.20.255.1', '::ffff:10.20.0.1', 'fd12:3456::9']) {
      expect(mayReach(address, opened), address).to.equal(true);
    }
    for (const address of ['10.21.0.1', '192.168.0.1', '127.0.0.1', '169.254.1.1', '100.100.100.200']) {
      expect(mayReach(address, opened), address).to.equal(false);
    }
  });

  it('opens loopback in development alone', () => {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(mayReach(address, { privateRanges: [], loopback: true }), address).to.equal(true);
    }
  });

  it('takes as private ranges nothing that reaches beyond private address space', () => {
    for (const range of ['10.0.0.0/8', '10.20.0.0/16', '192.168.4.0/24', 'fd12::/16', '100.64.0.0/10']) {
      expect(isPrivateRange(range), range).to.equal(true);
    }
    const others = ['10.0.0.0/7', '0.0.0.0/0', '169.254.0.0/16', '127.0.0.0/8', '10.0.0.0', '10.0.0.0/33', 'x', '::/0'];
    for (const range of others) expect(isPrivateRange(range), range).to.equal(false);
  });
});
