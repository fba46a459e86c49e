import { fileURLToPath } from 'node:url';

/** A file of deploy/observability. */
export const deployed = path => fileURLToPath(new URL(`../../../deploy/observability/${path}`, import.meta.url));
