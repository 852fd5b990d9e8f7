import { cut } from '../../events/cut.ts'
import type { Notice } from './notice.ts'

const colours = { info: 'accent', warning: 'warning', critical: 'attention' } as const

/** Text blocks read a little Markdown: its signs are shown as they are. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, (sign) => `\\${sign}`)
}

/** So much of one text is shown. */
const longest = 4_000

/** Returns a notice as a workflow of Teams takes it: a message with one adaptive card. */
export function teamsMessage({ severity, title, lines, facts, link }: Notice, origin: string): object {
  const text = (words: string, more: object = {}) => ({
    ...{ type: 'TextBlock', text: escaped(cut(words, longest)), wrap: true },
    ...more,
  })
  const content = {
    ...{
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.5',
    },
    body: [
      text(title, { weight: 'bolder', size: 'medium', color: colours[severity] }),
      ...lines.map((line) => text(line)),
      ...(facts.length > 0
        ? [
            {
              type: 'FactSet',
              facts: facts.map(([label, value]) => ({
                title: label,
                value: escaped(cut(value, longest)),
              })),
            },
          ]
        : []),
    ],
    actions: [{ type: 'Action.OpenUrl', title: 'Open', url: `${origin}${link}` }],
  }
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  }
}
