/** What answers and clients say by the same words. */
export { backPhrase, counted, holdPhrase, leftOutPhrase, leftOutWords } from '../events/phrases.ts'
