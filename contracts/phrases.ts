/** What answers and clients say by the same words. */
export { counted, leftOutPhrase } from '../events/phrases.ts'
