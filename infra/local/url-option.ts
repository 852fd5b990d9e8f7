import { localUrl } from '../../contracts/routes.ts'

/** Returns the option by which a command finds the API at an address, with a blank before it; empty where it looks there by itself. */
export function urlOption(url: string): string {
  return url === localUrl ? '' : ` --url ${url}`
}
