/** Returns how many bytes of JSON in UTF-8 a value is: what events, commits and bodies are bounded by. */
export function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}
