import winston from 'winston';
import type { LogFields, Logger } from '../core/log.ts';

/** JSON lines on standard error: standard output belongs to the commands' own answers. */
export function winstonLogger(level: string): Logger {
  const logger = winston.createLogger({
    level,
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream: process.stderr })],
  });
  const at = (severity: string) => (message: string, fields?: LogFields) => void logger.log(severity, message, fields);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
