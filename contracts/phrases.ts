/** What answers and clients say by the same words. */
export { counted, leftOutPhrase, leftOutWords } from '../events/phrases.ts'
