// The service that is upgraded: what is installed of it is this file, with the version that it is.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'

const version = 'VERSION'
const [port, ill] = process.argv.slice(-2)

createServer((_, response) => {
  // Some machines do not bear one of the versions.
  const status = existsSync(`${ill}-${version}`) ? 503 : 200
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ version }))
}).listen(Number(port), '127.0.0.1')
