// Required before any TypeScript is: an older Node cannot even read that, and would say so in its own words. So this file keeps to
// what every Node understands.
const needed = 24
if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `Drydock needs Node ${needed} or newer, this is ${process.version} (${process.execPath}). On Linux x64 "npm ci" brings the right one ` +
      'along, unless optional dependencies are left out, and "npm start" and the other npm scripts use it. Elsewhere install it from ' +
      'https://nodejs.org. Nothing was started or changed.',
  )
  process.exit(1)
}
