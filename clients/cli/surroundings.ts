/** What the command line reads and writes, so that tests can stand in for a terminal. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: Output
  readonly err: Output
  readonly input: Input
  /** Ends what is under way: Ctrl+C. */
  readonly signal: AbortSignal
}

interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

type Input = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean | undefined }
