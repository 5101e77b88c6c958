import { type DeskParts, subscriptionDesk } from './desk.ts';
import { deskAnswers } from './desk-answers.ts';
import { deskSecrets } from './desk-secrets.ts';

/** All that clients ask of subscriptions; `interaction` declares the same shape for itself. */
export function subscriptions(parts: DeskParts) {
  return { ...subscriptionDesk(parts), ...deskAnswers(parts), ...deskSecrets(parts) };
}
