/** The commit that a tag stands for, as `"12-0a1b…"`; undefined: it stands for none. */
function commitOf(tag: string): number | undefined {
  const commit = /^(?:W\/)?"(\d+)-/.exec(tag)?.[1]
  return commit === undefined ? undefined : Number(commit)
}

/** Says whether an answer was made from less of the log than one that was seen before. Views are read side by side, and one may be behind. */
export function isOlder(tag: string, seen: string): boolean {
  const [commit, before] = [commitOf(tag), commitOf(seen)]
  return commit !== undefined && before !== undefined && commit < before
}
