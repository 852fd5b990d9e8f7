/** What a pack may be at most: whatever one asks for beyond is refused before it is done. Sizes are in bytes. */
export const limits = {
  /** One part, as it was fetched. */
  part: 16 * 1024 * 1024,
  /** The files of one part, unpacked. */
  unpacked: 64 * 1024 * 1024,
  filesOfPart: 2000,
  parts: 10_000,
  /** All parts together: their files unpacked, and how many these are. */
  together: 4 * 1024 * 1024 * 1024,
  files: 100_000,
  /** One line of a stream: a commit has 350 KB at most, and its quotation marks may be escaped. As much has a manifest. */
  line: 2 * 1024 * 1024,
  /** A document of heads: of 5,000 streams with the longest names. */
  document: 12 * 1024 * 1024,
  /** Objects and lists inside of each other. */
  depth: 40,
  /** Objects, lists and members of these in one text of JSON. */
  values: 100_000,
  /** The name of a stream or of a target, in characters. */
  name: 512,
  /** Streams, and commits of all of them. */
  streams: 260_000,
  commits: 1_000_000,
  /** Lines that are no commits: a file of more is none of a pack. */
  noCommits: 50_000,
  /** What stands in the streams of keys, policies and releases, which is kept until it is known how far heads go. */
  context: 32 * 1024 * 1024,
  /** Members of one upgrade, and how often all of them together are admitted for the first time, or so it is told. */
  members: 250_000,
  /** How often they are admitted once more. */
  readmitted: 5_000_000,
  /** Attempts that targets tell of, and ends that an upgrade counts. */
  attempts: 750_000,
  /** What policies ask for at one moment. */
  demands: 20,
  /** Approvals that are looked at, at all beginnings of an upgrade together. */
  approvals: 100_000,
  /** Releases that members of one upgrade go to. */
  releases: 10_000,
  /** The manifest of a release. */
  manifest: 64 * 1024,
  /** Signatures under the releases of one pack. */
  signatures: 10_000,
  /** Certificates of OpenPGP, and signatures by them: each costs more. */
  certified: 1000,
  /** So many findings are told, and as many other things; there may be more. */
  findings: 100,
  /** What is told of a place and in words, in characters. */
  where: 200,
  words: 1000,
} as const
