import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** One of OWASP's equal choices for scrypt: 32 MiB per attempt, three times. */
const cost = { logN: 15, r: 8, p: 3 } as const;
const keyBytes = 32;
const memoryBytesMax = 64 * 1024 * 1024;

/** `scrypt$logN$r$p$salt$key`, the last two base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return ['scrypt', cost.logN, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** A password that nobody has to think of: 120 bits. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}

/**
 * Is it the password behind `stored`? With `stored` undefined (no such user) the answer is no, after the same work:
 * the time tells nobody which names there are.
 */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, logN, r, p, salt = '', key = ''] = (stored ?? nobody).split('$');
  const known = Buffer.from(key, 'base64url');
  const derived = await derive(password, Buffer.from(salt, 'base64url'), {
    logN: Number(logN),
    r: Number(r),
    p: Number(p),
  });
  return timingSafeEqual(derived, known) && stored !== undefined;
}

const nobody = ['scrypt', cost.logN, cost.r, cost.p, 'AAAAAAAAAAAAAAAAAAAAAA', 'A'.repeat(43)].join('$');

function derive(password: string, salt: Buffer, { logN, r, p }: Record<keyof typeof cost, number>): Promise<Buffer> {
  const options = { N: 2 ** logN, r, p, maxmem: memoryBytesMax };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
