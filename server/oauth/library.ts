/** The one door to oidc-provider's code; its types may be imported anywhere in this folder. */
import './runtime-warning.ts';

export { errors, interactionPolicy, Provider } from 'oidc-provider';
