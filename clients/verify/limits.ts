/** What a pack may be at most: whatever one asks for beyond is refused before it is done. Sizes are in bytes. */
export const limits = {
  /** One part, as it was fetched. */
  part: 16 * 1024 * 1024,
  /** The files of one part, unpacked. */
  unpacked: 64 * 1024 * 1024,
  filesOfPart: 2000,
  parts: 10_000,
  /** One line of a stream: a commit has 350 KB at most, and its quotation marks may be escaped. */
  line: 2 * 1024 * 1024,
  /** Objects and lists inside of each other. */
  depth: 40,
  /** Members of one upgrade, and how often all of them together are admitted for the first time, or so it is told. */
  members: 1_000_000,
  /** Signatures under the releases of one pack. */
  signatures: 10_000,
  /** Certificates of OpenPGP, and signatures by them: each costs more. */
  certified: 1000,
  /** So many findings are told; there may be more. */
  findings: 100,
} as const
