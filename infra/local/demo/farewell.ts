import { relative } from 'node:path'
import { urlOption } from '../url-option.ts'

/** What is still there when the story is told. */
export interface Left {
  readonly url: string
  readonly data: string
  readonly upgradeId: string
  /** Where the first of the processes answers what its instances run. */
  readonly fleet: string | undefined
}

/**
 * Returns what to look at after the story, as lines that fit a terminal of 80 columns and can be pasted as they are: without comments,
 * which zsh takes for words.
 */
export function farewell({ url, data, upgradeId, fleet }: Left): string[] {
  const near = relative('', data)
  const directory = near === '' || near.startsWith('..') ? data : near
  return [
    'Everything keeps running; Ctrl+C ends it. To look around, in another terminal:',
    '',
    `  UPGRADES=${url}/api/upgrades`,
    `  ID=${upgradeId}`,
    `  DATA=${/[^\w./-]/.test(directory) ? `'${directory.replaceAll("'", String.raw`'\''`)}'` : directory}`,
    `  npm run -s drydock -- status $ID --data "$DATA"${urlOption(url)}`,
    `  npm run -s drydock -- events $ID --data "$DATA"${urlOption(url)}`,
    '  TOKEN=$(npm run -s token -- --data "$DATA" --user operator-1 --role operator)',
    '  get() { curl -sS -H "authorization: Bearer $TOKEN" "$@"; echo; }',
    '  get $UPGRADES/$ID/status',
    '  get $UPGRADES/$ID/events',
    '  get $UPGRADES/$ID/blast-radius',
    '',
    `  ${url}/console         the same in a browser`,
    `  ${url}/openapi.json    every call, without a token`,
    ...(fleet === undefined ? [] : [`  ${fleet}                what the instances of one process run`]),
    '  docs/walk.md                          upgrades, agents and profiles by hand',
  ]
}
