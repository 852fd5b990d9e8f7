/** Who acts where nobody does. */
export const systemActor = 'drydock'

/** Returns the name under which the agent of a target acts, for itself or as a gateway. */
export function agentActor(target: string): string {
  return `target:${target}`
}

/** Returns the name under which the receiver of a message acts, by the hash of the capability that it was given. */
export function receiverActor(hash: string): string {
  return `receiver:${hash.slice(0, 16)}`
}

/** What the names of others than people are, or might come to be, without regard to case. */
const notOfPeople =
  /^(drydock|system|anyone|(drydock|system|target|agent|gateway|enrolment|profile|receiver):.*)$/

/**
 * Could a person's name be read as the system's or an agent's? The log has one field for whoever acts, so no person is let in whose name can;
 * neither is one with characters that are not seen, or no characters at all, since two such names look the same.
 */
export function passesForAnother(subject: string): boolean {
  const plain = subject.normalize('NFKC').toLowerCase()
  return notOfPeople.test(plain.trim()) || /[\p{C}\u2028\u2029]/u.test(plain) || plain.trim() === ''
}
