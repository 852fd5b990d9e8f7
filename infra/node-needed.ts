/**
 * Returns what a bundle begins with: on an older Node it says which is needed, and ends, in place of a stack. It keeps to what every Node understands.
 */
export function nodeNeeded(version: number): string {
  return `if (Number(process.versions.node.split('.')[0]) < ${version}) {
  console.error('Drydock needs Node ${version} or newer, this is ' + process.version + ' (' + process.execPath + '). Install it from https://nodejs.org. Nothing was started or changed.');
  process.exit(1);
}`
}
