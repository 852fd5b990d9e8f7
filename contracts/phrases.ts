/** What answers and clients say by the same words. */
export { backPhrase, counted, leftOutPhrase, leftOutWords } from '../events/phrases.ts'
