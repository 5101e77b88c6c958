import type { EventRow, Outbox } from '../port.ts';
import type { Connection } from './connection.ts';

export function outbox(data: Connection): Outbox {
  return {
    async events(after, limit) {
      const rows = data.rows<[number, number, string, string, string]>(
        `SELECT e.sequence, e.place, e.topic, e.body, b.at FROM event e JOIN batch b ON b.sequence = e.sequence
          WHERE (e.sequence, e.place) > (?, ?) ORDER BY e.sequence, e.place LIMIT ?`,
        after.sequence,
        after.index,
        limit,
      );
      return rows.map(([sequence, index, topic, body, at]): EventRow => ({ sequence, index, topic, body, at }));
    },

    async audits(limit) {
      const text = 'SELECT sequence, place, row FROM audit_outbox ORDER BY sequence, place LIMIT ?';
      const rows = data.rows<[number, number, string]>(text, limit);
      return rows.map(([sequence, index, row]) => ({ position: { sequence, index }, row }));
    },

    async auditsCarried({ sequence, index }) {
      data.run('DELETE FROM audit_outbox WHERE (sequence, place) <= (?, ?)', sequence, index);
    },
  };
}
