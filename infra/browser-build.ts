import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

// Builds what browsers load into a directory, and prints the places of packages of which something is in it.
const root = fileURLToPath(new URL('..', import.meta.url))
const pages = fileURLToPath(new URL('../clients/console/', import.meta.url))
const inside = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//

const built = (await build({
  root: pages,
  base: '/console/',
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: process.argv[2] ?? '',
    emptyOutDir: true,
    // Data in addresses would need a looser policy for what may be loaded.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [`${pages}index.html`, `${pages}reference.html`] },
  },
})) as Rolldown.RolldownOutput // one build, and nothing is watched

const modules = built.output.flatMap((file) =>
  file.type === 'chunk'
    ? Object.entries(file.modules).filter(([, { renderedLength }]) => renderedLength > 0)
    : [],
)
const places = modules.map(([id]) => inside.exec(relative(root, id))?.[1])
console.log(JSON.stringify([...new Set(places)].filter((place) => place !== undefined).sort()))
