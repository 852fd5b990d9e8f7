/** Where the command line looks for the API unless it is told otherwise. */
const usual = 'http://127.0.0.1:3100'

/** Returns the option by which a command finds the API at an address, with a blank before it; empty where it looks there by itself. */
export function urlOption(url: string): string {
  return url === usual ? '' : ` --url ${url}`
}
